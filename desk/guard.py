"""What every answer and every request of the desk goes through: own origin only, not too much, headers that allow nothing else.

An unsafe method comes from the desk's own pages: `Sec-Fetch-Site` says so, and `Origin` is the address that was called. Tokens in forms
are not needed beside that, and could be planted with a cookie.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from desk.door import SAFE
from desk.forms import FORM_BYTES, close_files
from web.limits import TooMuch, counted
from web.pages import HEADERS

OTHER_SITE: Final = 403
TOO_MUCH: Final = 413
READ_PAST: Final = 64 * 1024 * 1024
"""So much more is read of what is refused: a browser that is still sending would see a broken line, and no page."""
EXTRA: Final = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
UPLOADS: Final = "/pengajuan/"
STATIC: Final = "/aset/"


@dataclass(frozen=True)
class Guard:
    """ASGI middleware around the desk's pages. `upload_bytes`: of a form with files; `refused`: the page that says no, by its number."""

    app: ASGIApp
    origin: str | None
    upload_bytes: int
    refused: Callable[[Request, int], Response]

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
            await self._refuse(OTHER_SITE, scope, receive, with_headers)
            return
        said, limit = headers.get("content-length", "0"), self._limit(scope, headers)
        if not said.isdigit() or int(said) > limit:
            await self._refuse(TOO_MUCH, scope, receive, with_headers)
            return
        try:
            await self.app(scope, counted(receive, limit), with_headers)
        except TooMuch:
            if not answered:
                await self._refuse(TOO_MUCH, scope, receive, with_headers)
        finally:
            if typed := scope.get("state", {}).get("typed"):
                await close_files(typed)

    def _limit(self, scope: Scope, headers: Headers) -> int:
        takes_files = scope["path"].startswith(UPLOADS) and headers.get("content-type", "").startswith("multipart/")
        return self.upload_bytes if takes_files else FORM_BYTES

    async def _refuse(self, status: int, scope: Scope, receive: Receive, send: Send) -> None:
        left = READ_PAST
        while left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            if not message.get("more_body"):
                break
        response = self.refused(Request(scope), status)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)


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
