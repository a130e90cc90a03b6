"""One lane in a process of its own, built by Jejak's own composition root, with its officials at work.

`python -m benchmarks.lane_process LANE bulk|portal`; settings from the environment as for `jejak lane`. `bulk`: piles are decided as
they reach the journal, and the publisher writes DataPublished through its own command without uploading. `portal`: review decides
what its inbox shows, and the publisher publishes as always.
"""

import asyncio
import sys
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from os import environ
from typing import Final

import orjson

from benchmarks.officials import OFFICIALS, Arrived, Stamps, revise_all
from benchmarks.workers import answer, lines
from bus.headers import read_any_header
from bus.loops import ended, forever, wake_on, woken
from events.admission import APPLIED, Outcome, Record
from events.contracts import Lane as Holder
from events.journal import EVENTS
from events.recorder import Batch, LetterKind, Row
from jejak.app import LANES
from jejak.prepare import configure_logs, settle_heap
from lane.asked import Asked
from lane.lane import Lane, open_shared
from lane.settings import read_settings

PILE: Final = 500
MANY: Final = 5_000
ODD: Final = frozenset({"fork", "gap", "broken_chain", "unreadable", "failed", "wrong_key", "out_of_turn", "refused"})


@dataclass
class Bench:
    """What the bench sees of a lane, and the officials' loops."""

    lane: Lane
    stamps: Stamps = field(default_factory=list)
    followed: int = 0
    arrived: deque[Arrived] = field(default_factory=deque)
    shown: deque[tuple[str, str]] = field(default_factory=deque)
    came: asyncio.Event = field(init=False)
    taken_in: asyncio.Event = field(init=False)

    async def decide(self) -> None:
        """Whatever reached the lane since the officials last looked is decided as one pile."""
        _, act = OFFICIALS[self.lane.name]
        await self.lane.until_ready()
        while True:
            if pile := [self.arrived.popleft() for _ in range(min(PILE, len(self.arrived)))]:
                self.stamps += await asyncio.to_thread(act, self.lane, pile)
            else:
                await woken(self.came, 1.0)

    async def look_at_inbox(self) -> None:
        """Somebody who looks at the inbox whenever it changes: what it shows is stamped, and left to the heads."""
        wake, seen = wake_on(self.lane.journal.on_commit), set[str]()
        await self.lane.until_ready()
        while True:
            page = await asyncio.to_thread(self.lane.inbox.page, Asked(holder=Holder.REVIEW), limit=500)
            now = time.monotonic()
            fresh = [(item.opd, str(item.submission_id)) for item in page.items if str(item.submission_id) not in seen]
            self.stamps += [(submission_id, now) for _, submission_id in fresh]
            seen |= {submission_id for _, submission_id in fresh}
            self.shown.extend(fresh)
            self.came.set()
            await woken(wake, 1.0)

    async def revise_inbox(self) -> None:
        """The heads of review, each for the own agency, at what the inbox showed."""
        while True:
            by_opd: dict[str, list[str]] = defaultdict(list)
            while self.shown:
                opd, submission_id = self.shown.popleft()
                by_opd[opd].append(submission_id)
            if by_opd:
                await asyncio.to_thread(revise_all, self.lane, by_opd)
            else:
                await woken(self.came, 1.0)

    async def watch_published(self) -> None:
        """Stamps each DataPublished once it is durable."""
        journal, wake = self.lane.journal, wake_on(self.lane.journal.on_commit)
        after = await asyncio.to_thread(journal.last_id)
        while True:
            entries = await asyncio.to_thread(journal.read, after, PILE, (Row.OWN,))
            now = time.monotonic()
            self.stamps += [(str(entry.stream), now) for entry in entries]
            after = entries[-1].id if entries else after
            if not entries:
                await woken(wake, 1.0)

    def __post_init__(self) -> None:
        callbacks: list[Callable[[], None]] = []
        self.came, self.taken_in = wake_on(callbacks), wake_on(callbacks)
        write = self.lane.journal.store.write

        def counted(batch: Batch) -> None:
            write(batch)
            self.followed += len(batch.events)
            callbacks[1]()

        replicate, event_type = self.lane.journal.replicate, OFFICIALS.get(self.lane.name, (None, None))[0]

        def watched(records: Sequence[Record]) -> list[Outcome]:
            outcomes = replicate(records)
            taken = zip(records, outcomes, strict=True) if outcomes else ()
            self.arrived += [arrived for r, told in taken if told.counted == APPLIED and (arrived := _arrived(r.raw or b"", event_type))]
            callbacks[0]()
            return outcomes

        self.lane.journal.store.write = counted  # type: ignore[method-assign]
        self.lane.consumers[0].take = watched

    async def until_followed(self, rows: int) -> float:
        """When the journal had so many events more, and their heads."""
        while self.followed < rows:
            await woken(self.taken_in, 1.0)
        return time.monotonic()

    def counts(self) -> dict[str, int]:
        """What the journal holds, row by row, and what was not as it should be."""
        found: dict[str, int] = dict.fromkeys((*map(str, Row), *map(str, LetterKind)), 0)
        after = 0
        while entries := self.lane.journal.read(after, MANY):
            for entry in entries:
                found[entry.row] += 1
            after = entries[-1].id
        after = 0
        while letters := self.lane.journal.letters(after, MANY):
            for number, letter in letters:
                found[letter.kind] += 1
                after = number
        odd = {word: n for progress in self.lane.progress for word, n in progress.counts.items() if word in ODD}
        return found | odd | {"events": sum(found[row] for row in EVENTS)}


def _arrived(raw: bytes, event_type: str | None) -> Arrived | None:
    """An event of this type, as the officials hear of it."""
    if not event_type or f'"type":"{event_type}"'.encode() not in raw:
        return None
    said = orjson.loads(raw)
    return Arrived(said["submission_id"], said["actor"].get("opd"))


def loops(bench: Bench, mode: str) -> list[asyncio.Task[None]]:
    match bench.lane.name, mode:
        case "review", "portal":
            return [asyncio.create_task(bench.look_at_inbox()), asyncio.create_task(bench.revise_inbox())]
        case "publisher", "portal":
            return [asyncio.create_task(bench.watch_published())]
        case name, _ if name in OFFICIALS:
            return [asyncio.create_task(bench.decide())]
        case _:
            return []


async def run(name: str, mode: str) -> None:
    settings = read_settings(environ)
    configure_logs(settings.log_level)
    shared = open_shared(settings)
    directory = asyncio.create_task(forever(shared.directory.progress, shared.directory.run))
    lane = LANES[name][0](shared)
    if mode == "bulk":
        lane.work = [(progress, work) for progress, work in lane.work if progress.name in {"relay", "portal_check"}]
    bench = Bench(lane)
    settle_heap()
    lane.start()
    officials = loops(bench, mode)
    await lane.until_ready()
    heard = await lines()
    answer({"ready": name})
    while line := await heard.readline():
        for loop in officials:
            if loop.done():
                loop.result()
        match orjson.loads(line):
            case {"expect": int(rows)}:
                answer({"done": await bench.until_followed(rows)})
            case {"count": _}:
                answer(await asyncio.to_thread(bench.counts))
            case {"stamps": _}:
                answer({"stamps": bench.stamps})
                bench.stamps = []
    await asyncio.gather(ended([*officials, directory]), lane.stop())


if __name__ == "__main__":
    read_any_header()
    asyncio.run(run(sys.argv[1], sys.argv[2]))
