"""One process of a lane in memory: the real journal, bus and commands over a disk and a log of tests/crash/memory.py."""

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast
from uuid import UUID

import orjson

import services.decision.commands as decision
import services.publisher.commands as publisher
import services.review.commands as review
from bus.consumer import Consumer
from bus.loops import Progress
from bus.relay import Relay
from events.contracts import LOG_TOPIC, Published
from events.journal import Journal
from lane.checking import Checking
from lane.files import open_files
from lane.lane import CommandBody, Lane
from lane.worklist import Worklist, open_engine
from services.intake.inbound import TOPICS, judge, refuse
from tests.crash.load import CHECKLIST, REASON
from tests.crash.memory import CLUSTER, Disk, Log, Reader

COMMANDS: Final[dict[str, Any]] = {
    "intake": {},
    "review": review.COMMANDS,
    "decision": decision.COMMANDS,
    "publisher": publisher.COMMANDS,
    "archive": {},
}


@dataclass
class Process:
    """A process of a lane: what is gone when it crashes. `held`: records delivered to it and not yet taken."""

    lane: Lane
    readers: list[Reader]
    relay: Relay
    held: list[list[Any]]


def started(name: str, disk: Disk, log: Log, directory: Path, *, is_shared: bool) -> Process:
    """The real parts of a lane on this disk and log; nothing runs by itself."""
    journal = Journal(disk, name)
    (directory / name).mkdir(exist_ok=True)
    worklist = Worklist(journal, open_engine(f"sqlite:{directory / name}", name))
    worklist.prepare()
    files = open_files(f"file:{directory / 'files'}")
    shared = SimpleNamespace(directory=SimpleNamespace(progress=SimpleNamespace(ready=True)), files=files)
    lane = Lane(name, cast("Any", shared), journal, worklist, COMMANDS[name])
    group = name if is_shared else None
    make = partial(Consumer, kafka=cast("Any", None), journal=journal, group=group, _cluster=CLUSTER)
    pattern = re.compile(f"^{re.escape(LOG_TOPIC)}$")
    lane.consumers = [make(topics=pattern, take=journal.replicate, progress=Progress("log"))]
    if name == "intake":
        judged = partial(judge, journal=journal, files=files, checking=Checking(files))
        take = lambda records: journal.take(records, judged)  # noqa: E731
        lane.consumers.append(make(topics=TOPICS, take=take, progress=Progress("inbound"), refuse=refuse))
    relay = Relay(cast("Any", None), journal, Progress("relay"), asyncio.Event())
    return Process(lane, [Reader(log) for _ in lane.consumers], relay, [[] for _ in lane.consumers])


def body_of(lane: Lane, verb: str, submission: UUID, expected: int) -> CommandBody:
    """What an official says with this verb."""
    if verb == "publish":
        found = lane.find(submission)
        published = Published(manifest=found.manifest, portal="folder", url="/portal", dataset=found.dataset.dataset_id, files=())
        return publisher.Publish(expected_sequence=expected, published=published)
    by_verb: dict[str, dict[str, Any]] = {
        "revise": {"note": f"Revisi atas langkah {expected}."},
        "verify": {"checklist": CHECKLIST, "note": "Temuan sudah dibaca."},
        "approve": {"consideration": "Layak."},
        "reject": {"reasons": [REASON]},
    }
    said = orjson.dumps({"expected_sequence": expected, **by_verb[verb]})
    return cast("CommandBody", COMMANDS[lane.name][verb].body.model_validate_json(said))
