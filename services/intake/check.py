"""What submitting this would lead to, without submitting it: an OPD's form in, every reason and finding out. Nothing goes on the log."""

from dataclasses import replace

from checks.catalogue import Report, summary
from events.contracts import Reason
from events.ids import manifest_of, submission_id_of
from events.submission import Head
from lane.checking import reasons_in
from services.intake.commands import Declined, Desk, Origin, against, found_beside, found_in, known, read_form
from services.intake.contents import content_of
from services.intake.policy import comes_from

NOTHING: Report = summary([])


def check(raw: bytes, origin: Origin, desk: Desk, revises: Head | None = None) -> tuple[tuple[Reason, ...], Report]:
    """`revises`: the submission that it would change; its own files may stay, and it does not stand in its own way.

    Files are looked at only when the form itself can be read and its files are there. Raises FilesUnavailable.
    """
    inbound = read_form(raw)
    if isinstance(inbound, Declined):
        return inbound.reasons, NOTHING
    if reason := comes_from(inbound, origin.opd):
        return (reason,), NOTHING
    own = revises.submission_id if revises else submission_id_of(inbound.opd, inbound.event_id)
    if revises is None and (received := desk.find(own)) and isinstance(before := known(own, received, inbound, origin), Declined):
        return before.reasons, NOTHING
    contents = [content_of(file) for file in inbound.files]
    reasons = against(inbound, contents, desk, str(own))
    if any((reason.field or "").startswith("files.") for reason in reasons):
        return reasons, NOTHING
    told = found_in(inbound, contents, desk)
    said = inbound.said()
    beside = found_beside(inbound, desk, manifest_of(said["dataset"], said["files"]))
    all_found = summary([*told.findings, *(finding for finding in beside if revises is None or finding.code != "same_content")])
    more = {code: told.more.get(code, 0) + all_found.more.get(code, 0) for code in {*told.more, *all_found.more}}
    return (*reasons, *reasons_in(told)), replace(all_found, more=more)
