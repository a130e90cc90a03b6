"""The verb of step 2: revise. A submission and the head's changes in, DataRevised out."""

import json
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue, ValidationError

from checks.metadata import findings
from events.contracts import DataRevised, Dataset, File, InboundDataset, Note, Reason, Revised, manifest_of
from events.submission import Head, Kind, Refused, Submission, next_ids
from lane.lane import Command, CommandBody, Context
from lane.publishable import reasons_against
from lane.reasons import reasons_of
from services.review.policy import MAY_REVISE, RULES


class Revise(CommandBody):
    """`dataset`: only the fields that change (null takes an optional one away); `files`: the whole new list."""

    note: Note = ""
    dataset: dict[str, JsonValue] | None = None
    files: Annotated[tuple[File, ...], Field(min_length=1, max_length=100)] | None = None


def revise(head: Head, body: Revise, context: Context) -> DataRevised:
    """Also when checking found nothing to change. Raises `Refused` (invalid) with every reason at once."""
    submission = context.content(head)
    dataset = _merged(submission.dataset, body.dataset or {})
    files = body.files or submission.files
    missing = [
        Reason(code="file_missing", field=f"files.{i}.sha256", note=f"Berkas {file.name} belum diunggah ke penerimaan.")
        for i, file in enumerate(body.files or ())
        if _size(file.sha256, submission, context) != file.bytes
    ]
    if reasons := [*reasons_against(dataset, files), *missing]:
        raise Refused(Kind.INVALID, *reasons, state=head.state, sequence=head.sequence)
    data = Revised(
        dataset=dataset,
        files=files,
        manifest=manifest(dataset, files),
        findings=findings(dataset, files, today=context.now.date()),
        note=body.note,
        changed=_changed(submission, dataset, files),
    )
    return DataRevised.model_validate({**next_ids(head), "occurred_at": context.now, "actor": context.actor, "data": data})


def manifest(dataset: Dataset, files: tuple[File, ...]) -> str:
    return manifest_of(dataset.model_dump(mode="json", exclude_none=True), [f.model_dump(mode="json", exclude_none=True) for f in files])


def _size(sha256: str, submission: Submission, context: Context) -> int | None:
    """None as well for a file that is neither part of the submission nor brought by the caller's OPD."""
    files = context.lane.shared.files
    if any(file.sha256 == sha256 for file in submission.files):
        return files.size(sha256)
    return files.size_for(sha256, context.actor.opd or submission.opd)


def _merged(dataset: Dataset, changes: dict[str, JsonValue]) -> Dataset:
    if changes.get("dataset_id", dataset.dataset_id) != dataset.dataset_id:
        raise Refused(
            Kind.INVALID,
            Reason(code="fixed", field="dataset.dataset_id", note="dataset.dataset_id tidak dapat diubah; serahkan sebagai data baru."),
        )
    if not changes:
        return dataset
    merged = dataset.model_dump(mode="json", exclude_none=True) | changes
    try:
        checked = InboundDataset.model_validate_json(json.dumps({k: v for k, v in merged.items() if v is not None}))
    except ValidationError as error:
        raise Refused(Kind.INVALID, *reasons_of(error, within="dataset")) from None
    return Dataset.model_validate_json(checked.model_dump_json(exclude_none=True))


def _changed(submission: Submission, dataset: Dataset, files: tuple[File, ...]) -> tuple[str, ...]:
    if dataset is submission.dataset and files is submission.files:
        return ()
    before, after = submission.dataset.model_dump(), dataset.model_dump()
    fields = [f"dataset.{name}" for name in after if after[name] != before[name]]
    return (*fields, "files") if files != submission.files else tuple(fields)


COMMANDS: Final[dict[str, Command[Any]]] = {
    "revise": Command(Revise, MAY_REVISE, "DataRevised", RULES, revise),
}
