"""Composition root of the lane intake: the common parts, and a consumer of the OPDs' topics that starts once the lane is ready."""

from functools import partial

from bus.consumer import Consumer
from bus.loops import Progress
from lane.lane import Lane, Shared, build_lane
from services.intake.inbound import TOPICS, judge, refuse
from services.intake.recovery import recover
from services.intake.web import routes

__all__ = ["build", "routes"]


def build(shared: Shared) -> Lane:
    lane = build_lane("intake", shared, commands={})
    log_consumer = lane.consumers[0]
    judged = partial(judge, journal=lane.journal, files=shared.files, directory=shared.directory)
    lane.consumers.append(
        Consumer(
            kafka=shared.kafka,
            journal=lane.journal,
            topics=TOPICS,
            progress=Progress("inbound"),
            refuse=refuse,
            take=lambda records: lane.journal.answer(records, judged),
            group=log_consumer.group and f"{log_consumer.group}.inbound",
            may_start=partial(_ready_to_take, lane),
        )
    )
    return lane


async def _ready_to_take(lane: Lane) -> None:
    await lane.until_ready()
    await recover(lane.shared.kafka, lane.journal)
