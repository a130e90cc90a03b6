"""The verbs of step 4: publish (the service's own), retract (an admin's). A submission and what the portal did in, one event out."""

from typing import Any, Final

from events.contracts import DataPublished, DataRetracted, Published, Reason, Retracted
from events.submission import Submission, next_ids
from lane.lane import Command, CommandBody, Context
from services.publisher.policy import MAY_PUBLISH, RULES


class Publish(CommandBody):
    """What the portal answered, hashes read back included."""

    published: Published


class Retract(CommandBody):
    """`relist`: show the edition before it again; otherwise the dataset is closed until a new edition comes."""

    reason: Reason
    relist: bool = False


class Withdrawn(CommandBody):
    """What goes on the log; the portal is made to follow."""

    data: Retracted


def publish(submission: Submission, body: Publish, context: Context) -> DataPublished:
    return DataPublished.model_validate(
        {**next_ids(submission), "occurred_at": context.now, "actor": context.actor, "data": body.published}
    )


def retract(submission: Submission, body: Withdrawn, context: Context) -> DataRetracted:
    return DataRetracted.model_validate({**next_ids(submission), "occurred_at": context.now, "actor": context.actor, "data": body.data})


COMMANDS: Final[dict[str, Command[Any]]] = {
    "publish": Command(Publish, MAY_PUBLISH, "DataPublished", RULES, publish),
    "retract": Command(Withdrawn, MAY_PUBLISH, "DataRetracted", RULES, retract),
}
