"""The verbs of step 3: verify, approve, reject. A submission and the superior's judgement in, one event out.

The manifest hash a decision binds to is filled in here, from the submission the caller saw (`expected_sequence`).
"""

from typing import Annotated, Any, Final

from pydantic import Field

from events.contracts import (
    Approved,
    Checklist,
    DataApproved,
    DataRejected,
    DataVerified,
    LongText,
    Note,
    Reason,
    Rejected,
    Verified,
)
from events.submission import Kind, Refused, Submission, next_ids
from lane.lane import Command, CommandBody, Context
from services.decision.policy import MAY_DECIDE, RULES, all_five_hold, dataset_is_its_own, has_no_error_findings, warnings_are_acknowledged


class Verify(CommandBody):
    checklist: Checklist
    note: Note = ""


class Approve(CommandBody):
    consideration: LongText


class Reject(CommandBody):
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, max_length=100)]


def verify(submission: Submission, body: Verify, context: Context) -> DataVerified:
    holder = context.taken_by(submission)
    if reasons := [
        *all_five_hold(body.checklist),
        *has_no_error_findings(submission),
        *warnings_are_acknowledged(submission, body.note),
        *dataset_is_its_own(submission, holder),
    ]:
        raise Refused(Kind.INVALID, *reasons, state=submission.state, sequence=submission.sequence)
    data = Verified(manifest=submission.manifest, checklist=body.checklist, note=body.note)
    return DataVerified.model_validate({**next_ids(submission), "occurred_at": context.now, "actor": context.actor, "data": data})


def approve(submission: Submission, body: Approve, context: Context) -> DataApproved:
    data = Approved(manifest=submission.manifest, consideration=body.consideration)
    return DataApproved.model_validate({**next_ids(submission), "occurred_at": context.now, "actor": context.actor, "data": data})


def reject(submission: Submission, body: Reject, context: Context) -> DataRejected:
    """Back to the agency's PPID head, with reasons."""
    data = Rejected(manifest=submission.manifest, reasons=body.reasons)
    return DataRejected.model_validate({**next_ids(submission), "occurred_at": context.now, "actor": context.actor, "data": data})


COMMANDS: Final[dict[str, Command[Any]]] = {
    "verify": Command(Verify, MAY_DECIDE, "DataVerified", RULES, verify),
    "approve": Command(Approve, MAY_DECIDE, "DataApproved", RULES, approve),
    "reject": Command(Reject, MAY_DECIDE, "DataRejected", RULES, reject),
}
