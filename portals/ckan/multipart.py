"""A form with one file as it goes over the wire (RFC 7578): text fields and chunks in, a body of known length out, never in memory."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping

from urllib3.fields import RequestField


class Multipart:
    """The body of one upload. `requests` asks for its length and then iterates once."""

    def __init__(self, fields: Mapping[str, str], *, field: str, name: str, content: Iterable[bytes], size: int) -> None:
        """`size`: bytes that `content` will yield. `field` and `name`: of the file."""
        boundary = secrets.token_hex(16)
        self.content_type = f"multipart/form-data; boundary={boundary}"
        parts = [_head(key, boundary) + value.encode() + b"\r\n" for key, value in fields.items()]
        self._before = b"".join(parts) + _head(field, boundary, name=name)
        self._after = f"\r\n--{boundary}--\r\n".encode()
        self._content = content
        self._length = len(self._before) + size + len(self._after)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        yield self._before
        yield from self._content
        yield self._after


def _head(field: str, boundary: str, *, name: str | None = None) -> bytes:
    part = RequestField(name=field, data=b"", filename=name)
    part.make_multipart(content_type="application/octet-stream" if name else None)
    return f"--{boundary}\r\n{part.render_headers()}".encode()
