"""The portal as the publisher sees it: an approved publication goes in, where it is shown and the hashes read back come out.

Two portals keep the same promises, a folder of static pages and CKAN; `tests/portals/test_portals.py` holds both to them.
Everything here blocks; asynchronous callers run it in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, Protocol
from uuid import UUID

from events.contracts import Dataset, File, Published, Reason
from lane.files import Files

Step = Callable[[str], None]
"""Told the name of a step (see `STEPS`) just before it begins; may be told the same step several times."""

STEPS: Final[Mapping[str, str]] = {
    "look": "melihat apa yang sudah ada di portal",
    "organization": "menyiapkan halaman OPD",
    "describe": "menulis keterangan data",
    "upload": "mengunggah berkas",
    "read_back": "mengunduh kembali dan mencocokkan SHA-256",
    "show": "menampilkan kepada masyarakat",
    "withdraw": "menurunkan data dari portal",
}


class Code(StrEnum):
    """Why the portal did not do it. All of them can be retried; some only help after a person has acted."""

    UNREACHABLE = "unreachable"
    NOT_AUTHORIZED = "not_authorized"
    NAME_TAKEN = "name_taken"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    SERVER_ERROR = "server_error"
    BUSY = "busy"
    CHANGED_MEANWHILE = "changed_meanwhile"
    READBACK_DIFFERS = "readback_differs"
    RETRACTED = "retracted"
    STORAGE = "storage"


class PortalProblem(Exception):
    """The portal did not do what was asked; always retryable, because every call looks before it writes."""

    def __init__(self, code: Code, message: str, *, retry_after: float | None = None) -> None:
        """`message`: Indonesian, for people, says what to do. `retry_after`: seconds the portal asked us to wait."""
        super().__init__(f"{code}: {message}")
        self.code: Final = code
        self.message: Final = message
        self.retry_after: Final = retry_after


@dataclass(frozen=True)
class Publication:
    """One approved submission, with all that the portal shows of it. `sequence`: of its DataApproved."""

    submission_id: UUID
    sequence: int
    opd: str
    opd_name: str
    dataset: Dataset
    files: tuple[File, ...]
    manifest: str
    approved_at: datetime

    @property
    def order(self) -> tuple[datetime, str]:
        """Which of two versions of a dataset is the later one: the later approval; the id only breaks ties."""
        return self.approved_at, str(self.submission_id)


@dataclass(frozen=True)
class ShownFile:
    """A file as the portal hands it out now; `sha256` (hex) is None when it could not be downloaded."""

    name: str
    sha256: str | None


@dataclass(frozen=True)
class Shown:
    """What the portal shows of a dataset now: the version that is listed, its files read back, its metadata as told.

    `public` is False for what only the portal's editors see, and for a tombstone. `earlier`: submissions whose files are kept as
    earlier versions. `metadata` has the keys of `Portal.expects` ("" may be left out), and may have others.
    """

    submission_id: UUID | None
    sequence: int | None
    public: bool
    files: tuple[ShownFile, ...]
    earlier: tuple[UUID, ...]
    metadata: Mapping[str, str]
    url: str


class Portal(Protocol):
    """Where the public finds the data. Safe to call from several threads for different datasets, and to repeat at any time."""

    @property
    def kind(self) -> Literal["folder", "ckan"]:
        """Its name on the log."""
        ...

    def check(self, *, largest_file: int) -> list[str]:
        """What is wrong with the configuration, each in an Indonesian sentence; [] is good. `largest_file`: bytes we accept."""
        ...

    def publish(self, publication: Publication, files: Files, *, step: Step) -> Published:
        """Make the portal show this publication; it looks first and does only what is missing.

        Returns the hashes as read back from the portal. A publication older than the one listed becomes an earlier version.
        Raises PortalProblem; FileProblem and FilesUnavailable of the file store pass through.
        """
        ...

    def retract(self, publication: Publication, *, reason: Reason, step: Step) -> None:
        """Take it down: out of the catalogue, its files withdrawn. Does nothing when it is down. Raises PortalProblem."""
        ...

    def shown(self, dataset_id: str) -> Shown | None:
        """What the portal shows now, each listed file downloaded and hashed; None when it knows no such dataset.

        Raises PortalProblem.
        """
        ...

    def expects(self, publication: Publication) -> Mapping[str, str]:
        """The metadata that `shown` should find for this publication, field by field as text."""
        ...

    def close(self) -> None:
        """Finish what is still being written (the folder's catalogue) and let connections go; may be called twice."""
        ...
