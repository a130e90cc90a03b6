"""The files of a submission over HTTP: what stands in one, and its bytes as an attachment, streamed."""

import uuid
from collections.abc import Callable
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from fastapi.responses import StreamingResponse

from checks.catalogue import summary
from checks.run import as_json
from events.contracts import Reason
from events.metadata import File
from events.submission import Kind, Refused, Submission, fold
from lane.callers import LaneOf, not_of_another
from lane.checking import NOT_KEPT
from lane.errors import json_of
from lane.files import FileProblem
from lane.lane import Lane
from lane.look import Open
from lane.versions import followed_by, version_before
from web.tokens import Caller


def add_case_files(router: APIRouter, lane: LaneOf, reader: Callable[..., Caller]) -> None:
    @router.get("/api/submissions/{submission_id}/files/{sha256}")
    def download(submission_id: uuid.UUID, sha256: str, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """A file that the submission has, or had before a revision. Never shown in place, whatever it says it is."""
        here = lane()
        not_of_another(here.find(submission_id), caller, here.shared.directory)
        file = _file_of(here, submission_id, sha256)
        headers = {
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
            "Content-Length": str(file.bytes),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        }
        try:
            chunks = here.shared.files.read(sha256)
        except FileProblem as problem:
            raise Refused(Kind.CONFLICT, Reason(code="file_missing", field="sha256", note=problem.message)) from None
        return StreamingResponse(chunks, media_type="application/octet-stream", headers=headers)

    @router.get("/api/submissions/{submission_id}/files/{sha256}/profile")
    def profile(submission_id: uuid.UUID, sha256: str, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """What stands in a file's tables, with personal columns masked, and what the checks found of it."""
        here = lane()
        not_of_another(here.find(submission_id), caller, here.shared.directory)
        return json_of(_profile(here, submission_id, sha256))


def _file_of(lane: Lane, submission_id: uuid.UUID, sha256: str) -> File:
    """The newest of the submission's files with these bytes. Raises `Refused`: it never had one."""
    for recorded in reversed(lane.journal.history(submission_id)):
        for file in getattr(recorded.event.data, "files", ()):
            if isinstance(file, File) and file.sha256 == sha256:
                return file
    raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="sha256", note="Berkas itu tidak ada pada data ini."))


def _profile(lane: Lane, submission_id: uuid.UUID, sha256: str) -> dict[str, object]:
    """The tables' profiles, the findings of that file and the scores. Raises `Refused`: there is none."""
    found = fold(lane.journal.history(submission_id))
    assert found is not None  # noqa: S101 (a head has a history: they are written together)
    files = {f"files.{at}": file for at, file in enumerate(found.files) if file.sha256 == sha256}
    told = summary([finding for finding in found.findings if finding.field in files])
    may_be_seen = files and not any(finding.code in NOT_KEPT for finding in told.findings)
    tables = lane.shared.checking.profiles(next(iter(files.values())), found.dataset, _reader(lane)) if may_be_seen else None
    if tables is None:
        raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="sha256", note="Profil berkas itu tidak ada."))
    return {"tables": tables, **as_json(told), "changes": _changes(lane, found, sha256)}


def _changes(lane: Lane, found: Submission, sha256: str) -> dict[str, object] | None:
    """What is other than in the version that was published before; None when there is none, or it has no such file."""
    before = version_before(lane.inbox, lane.journal, found.head.dataset_id, found.head.edition)
    follows = followed_by(found.files, before.files) if before else {}
    at = next((at for at in follows if found.files[at].sha256 == sha256), None)
    if before is None or at is None:
        return None
    shared, old = lane.shared, follows[at]
    told = shared.checking.changes(found.files[at], old, found.dataset, _reader(lane))
    against = {"submission_id": before.submission_id, "edition": before.edition, "file": old.name, "sha256": old.sha256}
    return {"against": against, "tables": told["changes"]}


def _reader(lane: Lane) -> Open:
    return lambda file: lane.shared.files.read(file.sha256)
