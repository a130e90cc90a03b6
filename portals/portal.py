"""The portal as the publisher sees it: the desired state of a dataset goes in, what differs or what was done comes out.

Two portals keep the same promises, a folder of static pages and CKAN; `tests/portals/test_portals.py` holds both to them.
Everything here blocks; asynchronous callers run it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, Protocol
from uuid import UUID

from events.contracts import Published
from lane.files import Files
from portals.desired import Desired

Step = Callable[[str], None]
"""Told the name of a step (see `STEPS`) just before it begins; may be told the same step several times."""

STEPS: Final[Mapping[str, str]] = {
    "look": "melihat apa yang sudah ada di portal",
    "withdraw": "menurunkan data dari portal",
    "organization": "menyiapkan halaman OPD",
    "describe": "menulis keterangan data",
    "upload": "mengunggah berkas",
    "read_back": "mengunduh kembali dan mencocokkan SHA-256",
    "show": "menampilkan kepada masyarakat",
    "public_look": "melihat sebagai masyarakat, tanpa token",
}


class Code(StrEnum):
    """Why the portal did not do it."""

    UNREACHABLE = "unreachable"
    NOT_AUTHORIZED = "not_authorized"
    NAME_TAKEN = "name_taken"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    GONE = "gone"
    CLOSED = "closed"
    MISCONFIGURED = "misconfigured"
    SERVER_ERROR = "server_error"
    BUSY = "busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    READBACK_DIFFERS = "readback_differs"
    NOT_PUBLIC = "not_public"
    STORAGE = "storage"


PERMANENT: Final = frozenset({Code.NAME_TAKEN, Code.TOO_LARGE, Code.INVALID, Code.GONE, Code.CLOSED})
"""Trying again changes nothing: somebody has to mend the portal, or the submission is handed back."""


class PortalProblem(Exception):
    """The portal did not do what was asked. Asking again is always safe, because every call looks before it writes."""

    def __init__(self, code: Code, message: str, *, retry_after: float | None = None) -> None:
        """`message`: Indonesian, for people, says what to do. `retry_after`: seconds the portal asked us to wait."""
        super().__init__(f"{code}: {message}")
        self.code: Final = code
        self.message: Final = message
        self.retry_after: Final = retry_after

    @property
    def permanent(self) -> bool:
        return self.code in PERMANENT


What = Literal[
    "deleted",
    "not_public",
    "writable",
    "other_version",
    "file_differs",
    "file_missing",
    "file_added",
    "metadata",
    "page",
    "not_withdrawn",
    "unknown",
    "unreadable",
]

WORDS: Final[dict[What, str]] = {
    "deleted": "edisi ini tidak ada di portal",
    "not_public": "data tidak tampil untuk masyarakat",
    "writable": "siapa pun di mesin portal dapat mengubahnya",
    "other_version": "yang tampil bukan edisi terbaru",
    "file_differs": "isi berkas berbeda dari yang disetujui",
    "file_missing": "berkas tidak ada di portal",
    "file_added": "ada berkas yang tidak pernah disetujui",
    "metadata": "keterangan diubah",
    "page": "halaman diubah",
    "not_withdrawn": "data yang sudah ditarik masih ada",
    "unknown": "ada di portal, tetapi tidak ada di log",
    "unreadable": "tidak dapat dilihat",
}


@dataclass(frozen=True)
class Difference:
    """One thing that the portal shows otherwise. `field`: a path, a file's name or a field of the metadata, "" for the whole.

    `dataset_id`: "" for what belongs to no dataset. `expected` and `found` as text, "" for nothing.
    """

    dataset_id: str
    submission_id: UUID | None
    what: What
    field: str = ""
    expected: str = ""
    found: str = ""

    def __post_init__(self) -> None:
        """A file's name may be any bytes, and goes into JSON and stores as text."""
        for name in ("dataset_id", "field", "expected", "found"):
            object.__setattr__(self, name, getattr(self, name).encode(errors="backslashreplace").decode())

    def __str__(self) -> str:
        """One line that a terminal shows as it is, whoever wrote what was found."""
        where = f" ({self.field})" if self.field else ""
        values = f": {_short(self.found)} → {_short(self.expected)}" if self.expected or self.found else ""
        return printable(f"{self.dataset_id or 'portal'}: {WORDS[self.what]}{where}{values}")


@dataclass(frozen=True)
class Stranger:
    """A dataset that the portal has and Jejak did not put there. `id`: the portal's own; `opd`, `dataset_id`: what it could become."""

    id: str
    name: str
    title: str
    organization: str
    opd: str | None
    dataset_id: str | None
    files: int
    state: str


class Portal(Protocol):
    """Where the public finds the data. Safe to call from several threads for different datasets, and to repeat at any time.

    Of one dataset, and of the pages over all, there is only one caller at a time, of all threads and processes.
    Every method may raise PortalProblem, and leaves nothing open.
    """

    @property
    def kind(self) -> Literal["folder", "ckan"]:
        """Its name on the log."""
        ...

    def check(self, *, largest_file: int) -> list[str]:
        """What is wrong with the configuration, each in an Indonesian sentence; [] is good. `largest_file`: bytes we accept."""
        ...

    def differences(self, desired: Desired) -> list[Difference]:
        """Look and compare: everything that is otherwise than desired, every byte of every file read."""
        ...

    def apply(self, desired: Desired, files: Files, *, about: UUID | None, step: Step) -> Published | None:
        """Look, compare, and do only what is missing, what must come down first.

        `about`: the submission that this is for. Its files are read back, once as the public does, and where it is shown is
        returned. None: the files of all editions are read back. FileProblem and FilesUnavailable of the file store pass through.
        """
        ...

    def names(self) -> Iterable[str]:
        """The dataset_id of everything that Jejak ever put there, whatever the log says now."""
        ...

    def overview(self, changed: Iterable[Desired]) -> None:
        """Bring the pages over all datasets up to date; `changed` since the last call, at the first call all there are."""
        ...

    def overview_differences(self, everything: Iterable[Desired]) -> list[Difference]:
        """As `differences`, for the pages over all datasets and for whatever belongs to no dataset."""
        ...

    def make_room(self) -> list[Difference]:
        """Take away what stands in place of the portal's own folders, and tell it: an operator's `repair` only, for more may hang on it."""
        ...

    def strangers(self, name: str | None = None) -> Iterator[Stranger]:
        """Datasets that Jejak did not put there, for `jejak portal adopt`: all, or the one of this name."""
        ...


def printable(text: str) -> str:
    """In one line, with nothing in it that a terminal would obey."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def _short(text: str) -> str:
    return "–" if not text else text if len(text) <= 120 else f"{text[:117]}…"
