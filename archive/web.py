"""The archive over HTTP: submissions, their trail, its proof and packages. Everybody with a token may read; people of an OPD their own."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import ValidationError

from archive import falling_due, reports
from archive.package import FilesMissing, package
from archive.proof import check
from archive.search import Search, Wanted
from archive.sources import JournalSource, only
from archive.steps import Statistics, month_of
from archive.tokens import tokens_of
from archive.trail import EVERYTHING, Trail, Until, read_until, story
from bus.directory import Directory
from events.contracts import Lane as Holder
from events.contracts import Reason
from events.submission import Kind, Refused, State
from lane.callers import Asks, LaneOf, caller_of, not_of_another, opds_for, own_opds
from lane.case_files import add_case_files
from lane.due import day_of
from lane.errors import json_of, not_a_cursor
from lane.set_aside import add_dead_letters
from lane.shown import items_json, submission_json
from web.tokens import Caller, Role

JOURNAL: Final = "journal archive"


def archive_routes(lane: LaneOf) -> APIRouter:
    """The calls of docs/for-auditors.md, and the list of submissions."""
    router = APIRouter(prefix="/archive", tags=["archive"])
    reader = Depends(caller_of(lane, frozenset(Role)))

    @router.get("/api/submissions")
    def submissions(
        caller: Annotated[Caller, reader],
        q: Asks = "",
        state: State | None = None,
        holder: Holder | None = None,
        opd: Asks | None = None,
        dataset_id: Asks | None = None,
        order: Literal["oldest", "newest"] = "oldest",
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """A page of submissions in the order in which they were submitted. `q`: a number, or words of title, dataset or OPD."""
        here = lane()
        wanted = Wanted(q, state, holder, opds_for(caller, opd, here.shared.directory), dataset_id)
        try:
            page = Search(here.inbox.engine, here.shared.directory).page(wanted, newest_first=order == "newest", after=after, limit=limit)
        except ValueError:
            raise not_a_cursor() from None
        return json_of({"items": items_json(page.items, here), "next": page.next})

    @router.get("/api/opds")
    def opds(caller: Annotated[Caller, reader]) -> Response:
        """The OPDs of the directory, by name; those that were closed or became another are not `open`. `heir`: who acts for it now."""
        directory = lane().shared.directory
        known = sorted((directory.name_of(opd), opd) for opd in list(directory.opds))
        return json_of(
            {"items": [{"kode": opd, "name": name, "open": directory.is_open(opd), "heir": _heir(directory, opd)} for name, opd in known]}
        )

    @router.get("/api/tokens")
    def tokens(caller: Annotated[Caller, Depends(caller_of(lane, frozenset({Role.ADMIN_OPENDATA})))]) -> Response:
        """The tokens that were recorded when they were made, the newest first: whose, until when, whether good. Never a token."""
        return json_of({"items": tokens_of(lane().shared.directory, datetime.now(UTC))})

    @router.get("/api/submissions/{submission_id}")
    def submission(submission_id: uuid.UUID, caller: Annotated[Caller, reader]) -> Response:
        """State, holder, metadata, files, findings and history."""
        not_of_another(lane().find(submission_id), caller, lane().shared.directory)
        return json_of(submission_json(lane(), submission_id, ()))

    @router.get("/api/submissions/{submission_id}/trail")
    def trail(submission_id: uuid.UUID, caller: Annotated[Caller, reader], as_of: str | None = None) -> Response:
        """The story, all or as of a moment or an event's number."""
        return json_of(_trail(lane, submission_id, caller, as_of).as_json())

    @router.get("/api/submissions/{submission_id}/verify")
    def verify(submission_id: uuid.UUID, caller: Annotated[Caller, reader]) -> Response:
        """The chain recomputed from the archive's journal. A submission that cannot even be read is still checked, for auditors."""
        if own_opds(caller, lane().shared.directory) is not None:
            _trail(lane, submission_id, caller, None)
        report = check({JOURNAL: JournalSource(lane().journal.store)}, only(submission_id), lane().shared.directory.heirs())
        if not report.submissions:
            raise _not_found()
        return json_of({"submission_id": str(submission_id)} | reports.as_json(report))

    add_case_files(router, lane, caller_of(lane, frozenset(Role)))
    add_dead_letters(router, lane)
    _add_numbers(router, lane, caller_of(lane, frozenset(Role)))
    _add_package(router, lane, caller_of(lane, frozenset(Role)))
    return router


def _add_numbers(router: APIRouter, lane: LaneOf, reader: Callable[..., Caller]) -> None:
    @router.get("/api/due")
    def due(
        caller: Annotated[Caller, Depends(reader)],
        within_days: Annotated[int | None, Query(ge=0, le=36_500)] = None,
        opd: Asks | None = None,
        after: str | None = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> Response:
        """Published datasets whose next period falls due by their frequency, soonest first."""
        here = lane()
        opds, today = opds_for(caller, opd, here.shared.directory), day_of(datetime.now(UTC))
        try:
            found = falling_due.page(here.inbox.engine, today=today, within_days=within_days, opds=opds, after=after, limit=limit)
        except ValueError:
            raise not_a_cursor() from None
        return json_of({"items": found.items, "next": found.next})

    @router.get("/api/statistics")
    def statistics(month: Annotated[str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] = None) -> Response:
        """The SOP's numbers of this month or another one, for everybody: no token is asked for."""
        now, told = datetime.now(UTC), lane().parts["statistics"]
        assert isinstance(told, Statistics)  # noqa: S101 (put there by app.py)
        response = json_of(told.of(month or month_of(now), now))
        response.headers["Cache-Control"] = "public, max-age=30"
        return response


def _heir(directory: Directory, opd: str) -> str | None:
    heir = directory.heir_of(opd)
    return heir if heir != opd else None


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
    if (own := own_opds(caller, lane().shared.directory)) is not None:
        head = lane().journal.head(submission_id)
        if head is None or head.opd not in own:  # before anything is read of it: not even a damaged one is told of
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


def _wrong(field: str, note: str) -> Refused:
    return Refused(Kind.INVALID, Reason(code="wrong_value", field=field, note=note))
