"""Composition root of the lane intake: the common parts, and a consumer of the OPDs' topics that starts once the lane is ready."""

from functools import partial

from bus.channels import DEAD_LETTERS, INBOUND, LOG, RECEIPTS, Declarations
from bus.loops import Progress
from bus.sources import InboundConsumer
from lane.build import build_lane
from lane.lane import Lane, Shared
from services.intake.ahead import begin
from services.intake.inbound import TOPICS, judge, refuse
from services.intake.names import Names
from services.intake.recovery import recover
from services.intake.web import routes

__all__ = ["build", "declare", "routes"]


def build(shared: Shared) -> Lane:
    lane = build_lane("intake", shared, commands={})
    log_consumer = lane.consumers[0]
    judged = partial(
        judge,
        journal=lane.journal,
        inbox=lane.inbox,
        files=shared.files,
        due=shared.due_rule,
        checking=shared.checking,
        settings=shared.settings,
        directory=shared.directory,
    )
    lane.consumers.append(
        InboundConsumer(
            kafka=shared.kafka,
            journal=lane.journal,
            topics=TOPICS,
            progress=Progress("inbound"),
            refuse=refuse,
            take=lambda records: lane.journal.answer(records, judged),
            group=log_consumer.group and f"{log_consumer.group}.inbound",
            may_start=partial(_ready_to_take, lane),
            ahead=partial(
                begin, checking=shared.checking, files=shared.files, names=partial(Names, lane.journal, lane.inbox, shared.directory)
            ),
        )
    )
    return lane


async def _ready_to_take(lane: Lane) -> None:
    await lane.until_ready()
    await recover(lane.shared.kafka, lane.journal)


def declare(told: Declarations) -> None:
    """What this lane reads and writes."""
    told.reads(LOG, by="intake", group="jejak.intake", why="Every lane copies the whole log.")
    told.reads(INBOUND, by="intake", group="jejak.intake.inbound", why="An OPD submits a dataset.")
    told.writes(RECEIPTS, by="intake", why="Every inbound record is answered.")
    told.writes(LOG, "DataSubmitted", by="intake", why="A submission begins.")
    told.writes(DEAD_LETTERS, by="intake", why="What cannot be read or breaks the rules of the log is set aside.")
