"""What a person typed: a request in, fields out, kept so that nothing is lost whatever happens next."""

from dataclasses import dataclass
from typing import Final

from fastapi import Request
from starlette.datastructures import UploadFile

FIELDS: Final = 10_000
FILES: Final = 20
LONGEST: Final = 100_000


@dataclass(frozen=True)
class Typed:
    """Fields in the order of the page, and files; texts have line ends as `\\n`."""

    fields: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, UploadFile], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field, without white space around it."""
        return next((value.strip() for key, value in reversed(self.fields) if key == name), default)

    def all(self, name: str) -> list[str]:
        return [value.strip() for key, value in self.fields if key == name]

    def number(self, name: str) -> int:
        """0 when it is none."""
        text = self.get(name)
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.fields)


NOTHING: Final = Typed(())


async def read_form(request: Request) -> Typed:
    """Also left in `request.state.typed`, for the page that is shown when a lane is away. Files are closed with the request."""
    form = await request.form(max_files=FILES, max_fields=FIELDS)
    fields = [(name, value[:LONGEST].replace("\r\n", "\n")) for name, value in form.multi_items() if isinstance(value, str)]
    files = [(name, value) for name, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
    typed = Typed(tuple(fields), tuple(files))
    request.state.typed = typed
    return typed
