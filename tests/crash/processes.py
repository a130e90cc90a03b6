"""One process of a lane in memory: the real journal, bus and commands over a disk and a log of tests/crash/memory.py."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID

import orjson

import services.decision.commands as decision
import services.publisher.commands as publisher
import services.review.commands as review
from bus.directory import Directory
from bus.loops import Progress
from bus.relay import Relay
from bus.sources import InboundConsumer, LogConsumer
from events.contracts import LOG_TOPIC, Due, Published
from events.journal import Journal
from lane.checking import Checking
from lane.inbox import Inbox
from lane.lane import CommandBody, Lane
from lane.settings import Settings
from services.intake.inbound import TOPICS, judge, refuse
from tests.crash.load import CHECKLIST, REASON
from tests.crash.memory import CLUSTER, Disk, Log, Reader
from tests.crash.plans import OPDS

COMMANDS: Final[dict[str, Any]] = {
    "intake": {},
    "review": review.COMMANDS,
    "decision": decision.COMMANDS,
    "publisher": publisher.COMMANDS,
    "archive": {},
}


def due_rule(moment: datetime) -> Due:
    return Due(at=moment + timedelta(minutes=60), minutes=60, calendar="wall")


@dataclass
class Process:
    """A process of a lane: what is gone when it crashes. `held`: records delivered to it and not yet taken."""

    lane: Lane
    readers: list[Reader]
    relay: Relay
    held: list[list[Any]]


def started(name: str, disk: Disk, log: Log, checking: Checking, *, is_shared: bool) -> Process:
    """The real parts of a lane on this disk and log; nothing runs by itself."""
    journal = Journal(disk, name)
    inbox = Inbox(name, disk.engine())
    inbox.prepare()
    files = checking.files
    directory = Directory(cast("Any", None), Progress("directory"))
    directory.progress.ready, directory.opds = True, {opd: {"name": opd} for opd in OPDS}
    shared = SimpleNamespace(
        directory=directory,
        files=files,
        due_rule=due_rule,
        checking=checking,
        settings=Settings(portal="folder:x"),
    )
    lane = Lane(name, cast("Any", shared), journal, inbox, commands=COMMANDS[name])
    group = name if is_shared else None
    parts = {"kafka": cast("Any", None), "journal": journal, "group": group, "_cluster": CLUSTER}
    pattern = re.compile(f"^{re.escape(LOG_TOPIC)}$")
    lane.consumers = [LogConsumer(topics=pattern, take=journal.replicate, progress=Progress("log"), **parts)]
    if name == "intake":
        judged = partial(
            judge,
            journal=journal,
            inbox=inbox,
            files=files,
            due=lane.shared.due_rule,
            checking=checking,
            settings=lane.shared.settings,
            directory=directory,
        )
        take = lambda records: journal.answer(records, judged)  # noqa: E731
        lane.consumers.append(InboundConsumer(topics=TOPICS, take=take, progress=Progress("inbound"), refuse=refuse, **parts))
    relay = Relay(cast("Any", None), journal, Progress("relay"), asyncio.Event())
    readers = [Reader(log) for _ in lane.consumers]
    for consumer, reader in zip(lane.consumers, readers, strict=True):
        consumer._look_back = reader
    return Process(lane, readers, relay, [[] for _ in lane.consumers])


def body_of(lane: Lane, verb: str, submission: UUID, expected: int) -> CommandBody:
    """What an official says with this verb."""
    if verb == "publish":
        found = lane.find(submission)
        published = Published(manifest=found.manifest, portal="folder", url="/portal", dataset=found.dataset_id, files=())
        return publisher.Publish(expected_sequence=expected, published=published)
    by_verb: dict[str, dict[str, Any]] = {
        "revise": {"note": f"Revisi atas langkah {expected}."},
        "verify": {"checklist": CHECKLIST, "note": "Temuan sudah dibaca."},
        "approve": {"consideration": "Layak."},
        "reject": {"reasons": [REASON]},
    }
    said = orjson.dumps({"expected_sequence": expected, **by_verb[verb]})
    return cast("CommandBody", COMMANDS[lane.name][verb].body.model_validate_json(said))
