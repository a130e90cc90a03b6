"""The verbs of step 3: verify, approve, reject. A submission and the superior's judgement in, one event out.

The manifest hash a decision binds to is filled in here, from the submission the caller saw (`expected_sequence`).
"""

from typing import Annotated, Any, Final

from pydantic import Field

from events.contracts import Approved, Checklist, DataApproved, DataRejected, DataVerified, Reason, Rejected, Verified
from events.submission import Head, Kind, Refused
from events.values import LongText, Note
from lane.lane import Command, CommandBody, Context
from services.decision.policy import MAY_DECIDE, RULES, all_five_hold, has_no_error_findings, place_is_free, warnings_are_acknowledged


class Verify(CommandBody):
    checklist: Checklist
    note: Note = ""


class Approve(CommandBody):
    consideration: LongText


class Reject(CommandBody):
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, max_length=100)]


def verify(head: Head, body: Verify, context: Context) -> DataVerified:
    if reasons := [
        *all_five_hold(body.checklist),
        *_what_checks_found(head, body, context),
        *place_is_free(context.now_of(head), context.standing(head)),
    ]:
        raise Refused(Kind.INVALID, *reasons, state=head.state, sequence=head.sequence)
    data = Verified(manifest=head.manifest, checklist=body.checklist, note=body.note)
    return DataVerified.model_validate({**context.envelope(head), "data": data})


def _what_checks_found(head: Head, body: Verify, context: Context) -> list[Reason]:
    """Errors must be mended; what else is to be looked at must be answered for."""
    errors = has_no_error_findings(context.content(head)) if head.errors else []
    return [*errors, *warnings_are_acknowledged(head, body.note)]


def approve(head: Head, body: Approve, context: Context) -> DataApproved:
    if reasons := place_is_free(
        context.now_of(head), context.standing(head)
    ):  # names and open submissions may have changed since it was verified
        raise Refused(Kind.INVALID, *reasons, state=head.state, sequence=head.sequence)
    data = Approved(manifest=head.manifest, consideration=body.consideration)
    return DataApproved.model_validate({**context.envelope(head), "data": data})


def reject(head: Head, body: Reject, context: Context) -> DataRejected:
    """Back to the agency's PPID head, with reasons."""
    data = Rejected(manifest=head.manifest, reasons=body.reasons)
    return DataRejected.model_validate({**context.envelope(head), "data": data})


COMMANDS: Final[dict[str, Command[Any]]] = {
    "verify": Command(Verify, MAY_DECIDE, "DataVerified", RULES, verify),
    "approve": Command(Approve, MAY_DECIDE, "DataApproved", RULES, approve),
    "reject": Command(Reject, MAY_DECIDE, "DataRejected", (), reject),
}
