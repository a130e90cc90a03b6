"""Files by SHA-256: bytes and their hash come in, a file that never changes is kept; every read is checked against it.

Here is the promise, and what its two stores share (`file_stores.py`): the spool and the checked read. Everything blocks; asynchronous
callers run it in a thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Protocol, Self

import obstore
from obstore.exceptions import BaseError as S3Error

Code = Literal["too_large", "wrong_hash", "missing", "corrupt"]

MESSAGES: Final[dict[Code, str]] = {
    "too_large": "Berkas melebihi ukuran terbesar yang diterima.",
    "wrong_hash": "Isi berkas tidak sesuai dengan SHA-256 yang disebutkan.",
    "missing": "Berkas tidak ada di penyimpanan.",
    "corrupt": "Isi berkas di penyimpanan telah berubah dan tidak lagi sesuai dengan SHA-256-nya.",
}
CHUNK: Final = 1 << 20
SPOOL_PREFIX: Final = "jejak-spool-"


class FileProblem(Exception):
    """The file itself is at fault and trying again will not help; `message` is for people."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{code}: {MESSAGES[code]}")
        self.code: Final = code
        self.message: Final = MESSAGES[code]


class FilesUnavailable(OSError):
    """The store is at fault (disk full, S3 down, no permission): wait and try again. `str()` is for operators."""

    message: Final = "Penyimpanan berkas sedang tidak dapat dipakai; coba lagi nanti."


class Files(Protocol):
    """Where files are kept; see the module's docstring."""

    def spool(self, *, limit: int) -> Spool:
        """A place to write one incoming file of at most `limit` bytes; use it in a `with`."""
        ...

    def size(self, sha256: str) -> int | None:
        """Bytes of the file; None when it is not there. Raises FilesUnavailable."""
        ...

    def brought(self, sha256: str, opd: str) -> None:
        """Write down, durably, that this OPD brought the file's bytes; several may. Raises FilesUnavailable."""
        ...

    def size_for(self, sha256: str, opd: str) -> int | None:
        """As `size`; None as well when this OPD did not bring the file: who only knows its hash learns nothing."""
        ...

    def read(self, sha256: str) -> Iterator[bytes]:
        """The file in chunks of 1 MiB. "missing" is raised by the call itself; "corrupt" instead of the last chunk.

        Who has read to the end has read the right bytes. Raises FileProblem, FilesUnavailable.
        """
        ...

    def check(self) -> None:
        """Can files be written now? For readiness and `jejak doctor`. Raises FilesUnavailable."""
        ...

    def listed(self) -> Iterator[tuple[str, list[str]]]:
        """Every file's hash, with the OPDs that brought it. For back-ups: it takes as long as there are files. Raises FilesUnavailable."""
        ...

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        """Keep what was found out about a file beside it, under a name; it can be made again at any time. Raises FilesUnavailable."""
        ...

    def beside(self, sha256: str, name: str) -> bytes | None:
        """What is kept beside a file under this name; None when nothing is. Raises FilesUnavailable."""
        ...


class Spool:
    """One incoming file, on local disk until it is kept; leaving the `with` removes what was not kept."""

    def __init__(self, folder: Path, *, limit: int, place: Callable[[Path, str], None]) -> None:
        self._limit = limit
        self._place = place
        self._hash = hashlib.sha256()
        self._bytes = 0
        with or_unavailable():
            # Closed and removed by __exit__; keeping it renames it, so it cannot be deleted by its own close.
            self._file = tempfile.NamedTemporaryFile(dir=folder, prefix=SPOOL_PREFIX, delete=False)  # noqa: SIM115
        self._path = Path(self._file.name)

    def write(self, chunk: bytes) -> None:
        """Add bytes. Raises FileProblem "too_large" before a byte past the limit is written; FilesUnavailable."""
        self._bytes += len(chunk)
        if self._bytes > self._limit:
            raise FileProblem("too_large")
        self._hash.update(chunk)
        with or_unavailable():
            self._file.write(chunk)

    def keep(self, sha256: str) -> int:
        """Keep the file under its hash and return its bytes; it is durable when this returns.

        A file that is already there is written again in one atomic step: the same bytes, or the cure of a corrupt copy.
        Raises FileProblem "wrong_hash" ("too_large" when a write was refused before), FilesUnavailable.
        """
        if self._bytes > self._limit:
            raise FileProblem("too_large")
        if self._hash.hexdigest() != sha256:
            raise FileProblem("wrong_hash")
        with or_unavailable():
            self._file.flush()
            self._place(self._path, sha256)
        return self._bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Nothing here may hide the error on its way: a full disk fails again when the rest of the buffer is flushed.
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):
            self._file.close()


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes | obstore.Bytes: ...
    def close(self) -> None: ...


def checked(sha256: str, open_reader: Callable[[], _Reader]) -> Iterator[bytes]:
    """The reader's chunks, each held back until the next one is there, the last one until the hash is known."""
    digest = hashlib.sha256()
    held = b""
    with or_unavailable():
        reader = open_reader()
    with contextlib.closing(reader):
        while True:
            with or_unavailable():
                chunk = bytes(reader.read(CHUNK))
            if not chunk:
                break
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if digest.hexdigest() != sha256:
        raise FileProblem("corrupt")
    if held:
        yield held


@contextlib.contextmanager
def or_unavailable() -> Iterator[None]:
    try:
        yield
    except (OSError, S3Error) as error:
        # obstore appends pages of debug output below the first line.
        raise FilesUnavailable(str(error).partition("\n")[0]) from error


def is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None
