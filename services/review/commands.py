"""The verb of step 2: revise. A submission and the head's changes in, DataRevised out."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, JsonValue, ValidationError

from events.contracts import DataRetracted, DataRevised, DataSubmitted, Finding, Lane, Reason, Retracted, Revised
from events.ids import manifest_of
from events.inbound import InboundDataset
from events.metadata import Dataset, File, Whole, WholeDataset
from events.submission import Head, Kind, Refused
from events.values import Note
from lane.checking import LOOK_AGAIN, reasons_in
from lane.due import day_of
from lane.lane import Command, CommandBody, Context
from lane.publishable import open_already, period_of, reasons_against
from lane.reasons import reasons_from
from lane.tracing import Step
from lane.versions import version_before
from portals.refusals import told_before
from services.review.policy import MAY_REVISE, MAY_WITHDRAW, RULES


class Revise(CommandBody):
    """`dataset`: only the fields that change (null takes an optional one away); `files`: the whole new list."""

    note: Note = ""
    dataset: dict[str, JsonValue] | None = None
    files: Annotated[tuple[File, ...], Field(min_length=1, max_length=100)] | None = None


class Newest(Whole):
    """What the newest event that tells of dataset and files says of them, and what was found of both."""

    findings: tuple[Finding, ...] = ()
    more_findings: dict[str, int] | None = None


class Withdraw(CommandBody):
    reason: Reason


def revise(head: Head, body: Revise, context: Context) -> DataRevised:
    """Also when checking found nothing to change. Raises `Refused` (invalid) with every reason at once."""
    before = Newest.model_validate_json(orjson.dumps(context.told(head)))
    dataset = _merged(before.dataset, body.dataset or {})
    if dataset.dataset_id != head.dataset_id:
        _may_be_renamed(head, dataset.dataset_id, context)
    files = body.files or before.files
    missing = [
        Reason(code="file_missing", field=f"files.{i}.sha256", note=f"Berkas files.{i} belum diunggah ke penerimaan.")
        for i, file in enumerate(body.files or ())
        if _size(file.sha256, head, before, context) != file.bytes
    ]
    if reasons := [*reasons_against(dataset, files), *missing, *_of_a_period_on_its_way(head, dataset, context)]:
        raise Refused(Kind.INVALID, *reasons, state=head.state, sequence=head.sequence)
    is_as_before = dataset is before.dataset and files is before.files
    found = (is_as_before and _found_before(before)) or _found_now(head, dataset, files, context)
    data = Revised(
        dataset=dataset,
        files=files,
        manifest=head.manifest if is_as_before else manifest(dataset, files),
        note=body.note,
        changed=_changed(before, dataset, files),
        **found,
    )
    return DataRevised.model_validate({**context.envelope(head), "data": data})


def _of_a_period_on_its_way(head: Head, dataset: Dataset, context: Context) -> list[Reason]:
    """What was handed in for one period cannot become a second submission of another one."""
    if dataset.dataset_id != head.dataset_id or (period := period_of(dataset)) == (head.period_start, head.period_end):
        return []  # to a new name only one that nobody used
    return open_already(context.standing(head).others(period, but=str(head.submission_id)))


def _found_before(before: Newest) -> dict[str, Any] | None:
    """Nothing was changed, so what was found of it stands; None where a file could not be looked at then."""
    if any(finding.code in LOOK_AGAIN for finding in before.findings):
        return None
    return {"findings": before.findings, "more_findings": before.more_findings}


def _found_now(head: Head, dataset: Dataset, files: Sequence[File], context: Context) -> dict[str, Any]:
    """Raises `Refused` for what a person cannot judge."""
    shared = context.lane.shared
    published = version_before(context.lane.inbox, context.lane.journal, dataset.dataset_id, head.edition)
    told = shared.checking.findings(
        dataset,
        files,
        today=day_of(context.now),
        read=lambda file: shared.files.read(file.sha256),
        before=published,
        step=Step(Lane.REVIEW, head.submission_id, head.sequence + 1),
    )
    if refused := reasons_in(told):
        raise Refused(Kind.INVALID, *refused, state=head.state, sequence=head.sequence)
    of_the_portal = told_before(shared.settings, head.opd, dataset, files)
    return {
        "findings": (*told.findings, *of_the_portal, *_told_at_the_door(head, dataset, files, context)),
        "more_findings": told.more or None,
    }


def _told_at_the_door(head: Head, dataset: Dataset, files: Sequence[File], context: Context) -> tuple[Finding, ...]:
    """What only intake could see: the OPD's clock; and that the content is another submission's, where it is again what was submitted."""
    first = next((r.event for r in context.lane.journal.history(head.submission_id, upto=1)), None)
    if not isinstance(first, DataSubmitted):
        return ()
    stand = {"time_ahead"} | ({"same_content"} if manifest(dataset, files) == first.data.manifest else set())
    return tuple(finding for finding in first.data.findings if finding.code in stand)


def withdraw(head: Head, body: Withdraw, context: Context) -> DataRetracted:
    """Before anybody approved it: a test, a mistake. Nothing of it was ever public."""
    data = Retracted(manifest=head.manifest, reason=Reason(code=body.reason.code, note=body.reason.note))
    return DataRetracted.model_validate({**context.envelope(head, waits=False), "lane": Lane.REVIEW, "data": data})


def manifest(dataset: Dataset, files: Sequence[File]) -> str:
    return manifest_of(dataset.model_dump(mode="json", exclude_none=True), [f.model_dump(mode="json", exclude_none=True) for f in files])


def _size(sha256: str, head: Head, before: Newest, context: Context) -> int | None:
    """None as well for a file that is neither part of the submission nor brought by the caller's OPD."""
    files = context.lane.shared.files
    if any(file.sha256 == sha256 for file in before.files):
        return files.size(sha256)
    return files.size_for(sha256, context.actor.opd or head.opd)


def _merged(dataset: WholeDataset, changes: dict[str, JsonValue]) -> WholeDataset:
    """What changes is held to what this version knows; what stays is left as it is."""
    if not changes:
        return dataset
    merged = dataset.model_dump(mode="json", exclude_none=True) | changes
    told = json.dumps({name: value for name, value in merged.items() if value is not None or name not in InboundDataset.model_fields})
    if reasons := _against(told, changes):
        raise Refused(Kind.INVALID, *reasons)
    return WholeDataset.model_validate_json(told)


def _may_be_renamed(head: Head, dataset_id: str, context: Context) -> None:
    """Until something was published under the old name, unless that name is another OPD's, and to a name that nobody used yet.

    Raises `Refused`.
    """
    inbox, field = context.lane.inbox, "dataset.dataset_id"
    if context.standing(head).owner == context.now_of(head).opd and inbox.was_published(head.dataset_id):
        note = "dataset.dataset_id tidak dapat diubah lagi: data ini sudah pernah terbit dengan nama itu; serahkan sebagai data baru."
        raise Refused(Kind.INVALID, Reason(code="fixed", field=field, note=note), state=head.state, sequence=head.sequence)
    owner = context.lane.shared.directory.owner_now(dataset_id, published=None)
    if owner not in (None, context.now_of(head).opd):
        note = f"Nama data {dataset_id} sudah dipakai OPD lain; pakai nama lain, atau minta pengelola menyerahkan nama itu."
        raise Refused(Kind.INVALID, Reason(code="name_taken", field=field, note=note), state=head.state, sequence=head.sequence)
    if inbox.standings([dataset_id]):
        note = f"Nama data {dataset_id} sudah dipakai; tarik pengajuan ini, lalu serahkan sebagai edisi berikutnya dari data itu."
        raise Refused(Kind.INVALID, Reason(code="name_taken", field=field, note=note), state=head.state, sequence=head.sequence)


def _against(told: str, changes: Mapping[str, JsonValue]) -> tuple[Reason, ...]:
    try:
        InboundDataset.model_validate_json(told)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        return reasons_from([{**f} for f in faults if f["type"] != "extra_forbidden" or f["loc"][0] in changes], within="dataset")
    return ()


def _changed(before: Whole, dataset: WholeDataset, files: Sequence[File]) -> tuple[str, ...]:
    if dataset is before.dataset and files is before.files:
        return ()
    was, now = (d.model_dump(mode="json", exclude_none=True) for d in (before.dataset, dataset))
    fields = [f"dataset.{name}" for name in {**now, **was} if now.get(name) != was.get(name)]
    kept = [file.model_dump() for file in files] == [file.model_dump() for file in before.files]
    return tuple(fields) if kept else (*fields, "files")


COMMANDS: Final[dict[str, Command[Any]]] = {
    "revise": Command(Revise, MAY_REVISE, "DataRevised", RULES, revise),
    "withdraw": Command(Withdraw, MAY_WITHDRAW, "DataRetracted", RULES, withdraw),
}
