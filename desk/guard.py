"""What every answer and every request of the desk goes through: own origin only, not too much, headers that allow nothing else.

An unsafe method comes from the desk's own pages: `Sec-Fetch-Site` says so, and `Origin` is the address that was called. Tokens in forms
are not needed beside that, and could be planted with a cookie.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.pages import HEADERS

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_BYTES: Final = 4 * 1024 * 1024
OTHER_SITE: Final = "Permintaan ini tidak datang dari halaman Jejak. Buka kembali halamannya lalu coba lagi."
TOO_MUCH: Final = "Kiriman terlalu besar. Batas ukuran berkas tertulis di samping tempat memilih berkas."
EXTRA: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
UPLOADS: Final = "/pengajuan/"
STATIC: Final = "/aset/"


class TooMuch(Exception):
    """The body grew past its limit."""


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around the desk's pages."""

    app: ASGIApp
    origin: str | None
    upload_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, answered = Headers(scope=scope), False

        async def with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        if scope["method"] not in SAFE and not _from_own_pages(headers, self.origin):
            await PlainTextResponse(OTHER_SITE, 403)(scope, receive, with_headers)
            return
        takes_files = scope["path"].startswith(UPLOADS) and headers.get("content-type", "").startswith("multipart/")
        limit = self.upload_bytes if takes_files else FORM_BYTES
        said = headers.get("content-length", "0")
        if not said.isdigit() or int(said) > limit:
            await _refuse(scope, receive, with_headers)
            return
        left = limit

        async def counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise TooMuch
            return message

        try:
            await self.app(scope, counted, with_headers)
        except TooMuch:
            if not answered:
                await _refuse(scope, receive, with_headers)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(TOO_MUCH, 413, {"Connection": "close"})(scope, receive, send)


def _from_own_pages(headers: Headers, origin: str | None) -> bool:
    site, came_from = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and came_from is None:
        return False
    if site is not None and site != "same-origin":
        return False
    if came_from is None:
        return True
    own = urlsplit(origin).netloc if origin else headers.get("host", "")
    return urlsplit(came_from).netloc.lower() == own.lower() != ""


def add_headers(headers: MutableHeaders, path: str) -> None:
    """What every answer carries; pages are kept nowhere, styles may be."""
    for name, value in (HEADERS | EXTRA).items():
        headers.setdefault(name, value)
    if not path.startswith(STATIC):
        headers.setdefault("Cache-Control", "no-store")
