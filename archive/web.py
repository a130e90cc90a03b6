"""The archive over HTTP: submissions, their trail, its proof and packages. Everybody with a token may read; people of an OPD their own."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from archive import reports
from archive.package import FilesMissing, package
from archive.proof import check
from archive.sources import JournalSource, only
from archive.trail import EVERYTHING, Trail, Until, read_until, story
from events.contracts import Reason
from events.submission import Kind, Refused, State
from lane.callers import LaneOf, caller_of, not_of_another, only_own
from lane.errors import json_of
from lane.shown import item_json, submission_json
from web.tokens import Caller, Role

JOURNAL: Final = "journal archive"


def archive_routes(lane: LaneOf) -> APIRouter:
    """The calls of docs/for-auditors.md, and the list of submissions."""
    router = APIRouter(prefix="/archive", tags=["archive"])
    reader = Depends(caller_of(lane, frozenset(Role)))

    @router.get("/api/submissions")
    def submissions(
        caller: Annotated[Caller, reader],
        state: State | None = None,
        opd: str | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """A page of submissions, oldest arrived first."""
        own = only_own(caller)
        if own and opd not in (None, own):
            raise _of_another_opd()
        try:
            page = lane().inbox.page(state=state, opd=own or opd, after=after, limit=limit)
        except ValueError:
            raise _wrong("after", "after harus nilai next dari halaman sebelumnya.") from None
        now = datetime.now(UTC)
        return json_of({"items": [item_json(item, lane(), now) for item in page.items], "next": page.next})

    @router.get("/api/submissions/{submission_id}")
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, reader]) -> Response:
        """State, holder, metadata, files, findings and history."""
        not_of_another(lane().find(submission_id), caller)
        return json_of(submission_json(lane(), submission_id, ()))

    @router.get("/api/submissions/{submission_id}/trail")
    def trail(submission_id: uuid.UUID, caller: Annotated[Caller, reader], as_of: str | None = None) -> Response:
        """The story, all or as of a moment or an event's number."""
        return json_of(_trail(lane, submission_id, caller, as_of).as_json())

    @router.get("/api/submissions/{submission_id}/verify")
    def verify(submission_id: uuid.UUID, caller: Annotated[Caller, reader]) -> Response:
        """The chain recomputed from the archive's journal. A submission that cannot even be read is still checked, for auditors."""
        if only_own(caller):
            _trail(lane, submission_id, caller, None)
        report = check({JOURNAL: JournalSource(lane().journal.store)}, only(submission_id), lane().shared.directory.heirs())
        if not report.submissions:
            raise _not_found()
        return json_of({"submission_id": str(submission_id)} | reports.as_json(report))

    _add_package(router, lane, caller_of(lane, frozenset(Role)))
    return router


def _add_package(router: APIRouter, lane: LaneOf, reader: Callable[..., Caller]) -> None:
    @router.get("/api/submissions/{submission_id}/package")
    def download(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(reader)]) -> Response:
        """Events, files and story as a BagIt package (zip)."""
        told = _trail(lane, submission_id, caller, None)
        try:
            chunks = package(told, lane().shared.files, now=datetime.now(UTC))
        except FilesMissing as missing:
            raise Refused(Kind.CONFLICT, Reason(code="files_missing", field="files", note=str(missing))) from None
        headers = {"Content-Disposition": f'attachment; filename="{submission_id}.zip"'}
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)


def _trail(lane: LaneOf, submission_id: uuid.UUID, caller: Caller, as_of: str | None) -> Trail:
    try:
        until: Until = read_until(as_of) if as_of else EVERYTHING
    except ValueError:
        raise _wrong("as_of", "as_of harus waktu, misalnya 2026-11-23T09:00:00+07:00, atau nomor peristiwa.") from None
    if own := only_own(caller):
        head = lane().journal.head(submission_id)
        if head is None or head.opd != own:  # before anything is read of it: not even a damaged one is told of
            raise _not_found()
    try:
        told = story(lane().journal.history(submission_id), lane().shared.due, until)
    except ValidationError:
        raise Refused(Kind.CONFLICT, Reason(code="damaged", note="Jurnal memuat peristiwa yang tidak sah; lihat /verify.")) from None
    if told is None:
        raise _not_found()
    return told


def _not_found() -> Refused:
    return Refused(Kind.NOT_FOUND, Reason(code="not_found", field="submission_id", note="Data dengan nomor itu tidak ada pada saat itu."))


def _of_another_opd() -> Refused:
    return Refused(Kind.FORBIDDEN, Reason(code="other_opd", field="opd", note="Data ini milik OPD lain."))


def _wrong(field: str, note: str) -> Refused:
    return Refused(Kind.INVALID, Reason(code="wrong_value", field=field, note=note))
