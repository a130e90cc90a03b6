"""What a person typed: a request in, fields out, kept so that nothing is lost whatever happens next.

A file that is larger than one may be, or one too many, is read past: the rest of the form is whole, and says which file was left out.
"""

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.datastructures import Headers, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser

FIELDS: Final = 10_000
FILES: Final = 20
"""Files of one form; more are handed in with a second one."""
FORM_BYTES: Final = 4 * 1024 * 1024
"""Of all that is typed in one form. Intake takes events of less than a quarter of it."""
MADE_FOR: Final = "sebagai"
"""The field by which every form says for whom it was drawn (`desk.marks`)."""


SWITCH: Final = "bahasa"
"""The field by which a form is only to be shown again, in this language."""


@dataclass(frozen=True)
class Typed:
    """Fields in the order of the page, and files; texts have line ends as `\\n`. `left_out`: names of files that were not taken in."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, UploadFile], ...] = ()
    left_out: tuple[str, ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field, without white space around it."""
        return next((value.strip() for key, value in reversed(self.fields) if key == name), default)

    def raw(self, name: str) -> str:
        """The same as it was typed, white space included."""
        return next((value for key, value in reversed(self.fields) if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.fields if key == name]

    def number(self, name: str) -> int:
        """0 when it is none."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


NOTHING: Final = Typed(())


async def read_form(request: Request, *, each: int | None = None) -> Typed:
    """Also left in `request.state.typed`, for the page that is shown when it cannot be done. `desk.guard` closes the files.

    `each`: bytes that one file may have; the desk's setting without it. Raises HTTPException (400, 413).
    """
    known: Typed | None = getattr(request.state, "typed", None)
    if known is not None:
        return known
    if each is None:
        each = request.app.state.desk.settings.upload_mb * 1024 * 1024
    items, left_out = await _items(request, each)
    fields = [(name, value.replace("\r\n", "\n")) for name, value in items if isinstance(value, str)]
    files = [(name, value) for name, value in items if isinstance(value, UploadFile) and value.filename]
    request.state.typed = typed = Typed(tuple(fields), tuple(files), tuple(left_out))
    return typed


async def _items(request: Request, each: int) -> tuple[list[tuple[str, str | UploadFile]], list[str]]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_fields=FIELDS, max_part_size=FORM_BYTES)
        return form.multi_items(), []
    async with aclosing(request.stream()) as stream:
        parser = _Limited(request.headers, stream, each)
        try:
            form = await parser.parse()
        except MultiPartException as error:
            raise HTTPException(400, error.message) from None
    for _, file in parser.left_out:
        await file.close()
    return form.multi_items(), [name for name, _ in parser.left_out]


async def close_files(typed: Typed) -> None:
    for _, file in typed.files:
        await file.close()


class _Limited(MultiPartParser):
    """Each file up to `each` bytes."""

    def __init__(self, headers: Headers, stream: AsyncGenerator[bytes, None], each: int) -> None:
        super().__init__(headers, stream, max_files=math.inf, max_fields=FIELDS, max_part_size=FORM_BYTES)
        self.left_out: list[tuple[str, UploadFile]] = []
        self._each, self._of_part, self._of_texts, self._taken = each, 0, 0, 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._of_part = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._of_part += end - start
        if self._current_part.file is None:
            self._of_texts += end - start
            if self._of_texts > FORM_BYTES:
                raise HTTPException(413)
        elif self._is_too_much():
            return
        super().on_part_data(data, start, end)

    def on_part_end(self) -> None:
        file = self._current_part.file
        if file is not None and file.filename and self._is_too_much():
            self.left_out.append((file.filename, file))
            return
        self._taken += file is not None
        super().on_part_end()

    def _is_too_much(self) -> bool:
        return self._of_part > self._each or self._taken >= FILES
