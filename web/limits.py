"""How much a caller may send before anybody looks who it is: a wrapper around the application that stops reading in time.

File uploads have their own limit and are streamed; everything else is small.
"""

import re
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMMAND_BYTES: Final = 4 * 1024 * 1024
SUBMISSION_BYTES: Final = 16 * 1024 * 1024
PASSED_OVER_BYTES: Final = 32 * 1024 * 1024
_STREAMED: Final = re.compile(r"^/intake/api/files/")
_SUBMISSIONS: Final = re.compile(r"^/intake/api/(submissions|check|dead-letters/[0-9]+/retry)$")
_ANSWER: Final = orjson.dumps({"errors": [{"code": "too_large", "field": None, "message": "Kiriman terlalu besar."}]})


class TooMuch(Exception):
    """The body grew past its limit."""


def counted(receive: Receive, left: int) -> Receive:
    """The same body, but TooMuch once it has more than so many bytes."""

    async def on() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooMuch
        return message

    return on


@dataclass(frozen=True)
class BodyLimit:
    """ASGI middleware: 413 as soon as a body is, or says it is, too long."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _STREAMED.match(scope["path"]):
            await self.app(scope, receive, send)
            return
        limit = SUBMISSION_BYTES if _SUBMISSIONS.match(scope["path"]) else COMMAND_BYTES
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if not said.isdigit() or int(said) > limit:
            await _refuse(receive, send)
            return
        answered = False

        async def noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self.app(scope, counted(receive, limit), noted)
        except TooMuch:
            if not answered:
                await _refuse(receive, send)


async def _refuse(receive: Receive, send: Send) -> None:
    """The answer goes out before anything of the body is read. A connection closed on bytes that nobody read is reset, and the caller
    never sees why: so what comes is passed over until the caller stops; more than this is not waited for.
    """
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER, "more_body": True})
    passed_over, more = 0, True
    while more and passed_over < PASSED_OVER_BYTES:
        message = await receive()
        passed_over += len(message.get("body", b""))
        more = bool(message.get("more_body"))
    await send({"type": "http.response.body", "body": b""})
