"""The verbs of step 4: publish (the service's own), retract (an admin's). A submission and what the portal did in, one event out."""

from typing import Annotated, Any, Final

from pydantic import Field

from events.contracts import DataPublished, DataRejected, DataRetracted, Lane, Published, Reason, Rejected, Retracted
from events.submission import Head
from lane.lane import Command, CommandBody, Context
from portals.kinds import kind_of
from services.publisher.policy import MAY_HAND_BACK, MAY_PUBLISH, RULES


class Publish(CommandBody):
    """What the portal answered, hashes read back included."""

    published: Published


class Retract(CommandBody):
    """`relist`: show the edition before it again; otherwise the dataset is closed until a new edition comes."""

    reason: Reason
    relist: Annotated[bool, Field(strict=True)] = False


class HandBack(CommandBody):
    reasons: Annotated[tuple[Reason, ...], Field(min_length=1, max_length=100)]


def publish(head: Head, body: Publish, context: Context) -> DataPublished:
    return DataPublished.model_validate({**context.envelope(head, waits=False), "data": body.published})


def retract(head: Head, body: Retract, context: Context) -> DataRetracted:
    """Take a dataset down. It is written down at once, whatever the portal does now; the portal is made to follow."""
    history = context.lane.journal.history(head.submission_id)
    published = next((r.event.data for r in history if isinstance(r.event, DataPublished)), None)
    portal = published.portal if published else kind_of(context.lane.shared.settings.portal)
    url = published.url if published else ""
    data = Retracted(manifest=head.manifest, portal=portal, url=url, reason=body.reason, relist=body.relist or None)
    return DataRetracted.model_validate({**context.envelope(head, waits=False), "data": data})


def hand_back(head: Head, body: HandBack, context: Context) -> DataRejected:
    """From approved back to the agency: the portal refuses for good, or the superior recalls the approval in time."""
    data = Rejected(manifest=head.manifest, reasons=body.reasons)
    return DataRejected.model_validate({**context.envelope(head), "lane": Lane.PUBLISHER, "data": data})


COMMANDS: Final[dict[str, Command[Any]]] = {
    "publish": Command(Publish, MAY_PUBLISH, "DataPublished", RULES, publish),
    "reject": Command(HandBack, MAY_HAND_BACK, "DataRejected", RULES, hand_back),
    "retract": Command(Retract, MAY_PUBLISH, "DataRetracted", RULES, retract),
}
