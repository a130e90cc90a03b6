"""A publisher that runs beside a portal which fails when it is told to, for the tests of step 4; and how they look at it."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from services.publisher.web import publishing_of, watching_of
from tests.bus.cluster import running
from tests.events.given import FILE, approved, revision_of, story, submission_of, verified
from tests.lane.shelves import keep, sha
from tests.portals.folder_reader import read_dataset
from tests.services.desk import ADMIN, CONTENT, Desk, desk_of
from tests.services.portal_that_fails import FailingPortal

REASON = {"code": "personal_data", "field": "files.0", "note": "Ada NIK di kolom keterangan."}


@asynccontextmanager
async def publishing_desk(tmp_path: Path, *, store: str | None = None) -> AsyncIterator[Desk]:
    async with desk_of("publisher", tmp_path, store=store or f"sqlite:{tmp_path}/") as made, publishing(made, tmp_path):
        yield made


@asynccontextmanager
async def publishing(made: Desk, tmp_path: Path) -> AsyncIterator[None]:
    """This publisher runs, with a portal that fails when it is told to."""
    loop = publishing_of(made.lane)
    loop.portal = watching_of(made.lane).portal = FailingPortal(tmp_path / "portal")
    keep(made.shared.files, CONTENT)
    async with running(loop.run):
        yield


def portal_of(desk: Desk) -> FailingPortal:
    found = publishing_of(desk.lane).portal
    assert isinstance(found, FailingPortal)
    return found


def approve(desk: Desk, **changes: Any) -> uuid.UUID:
    """An approved submission with a file that is there."""
    files = [FILE | {"sha256": sha(CONTENT), "bytes": len(CONTENT)}]
    edition = changes.pop("edition", None)
    begun = story(submission_of(edition=edition), revision_of(files=files, **changes), verified, approved.on(datetime.now(UTC)))
    return desk.given(*begun)


def listed(tmp_path: Path, dataset_id: str = "daftar-desa") -> dict[str, Any] | None:
    """What anybody finds on the portal; a tombstone is nothing."""
    record = read_dataset(tmp_path / "portal", dataset_id)
    return None if record is None or "retracted" in record else record


def is_down(tmp_path: Path, dataset_id: str = "daftar-desa") -> bool:
    """Asked while it is being taken down: what is public goes before the page that named it."""
    try:
        return listed(tmp_path, dataset_id) is None
    except FileNotFoundError:
        return False


def retrying(desk: Desk) -> int:
    return publishing_of(desk.lane).attempts.count("retrying")


def is_published(desk: Desk, submission_id: uuid.UUID) -> bool:
    return desk.written(submission_id)[-1] == "DataPublished"


async def state_of(desk: Desk, submission_id: uuid.UUID) -> dict[str, Any]:
    publication: dict[str, Any] = (await desk.get(f"submissions/{submission_id}", ADMIN)).json()["publication"]
    return publication
