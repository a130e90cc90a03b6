"""One lane in a process of its own, built by Jejak's own composition root, with its officials at work.

`python -m benchmarks.lane_process LANE bulk|portal`; settings from the environment as for `jejak lane`. `bulk`: the publisher writes
DataPublished through its own command without uploading. `portal`: it publishes as always.
"""

import asyncio
import sys
import time
from dataclasses import dataclass, field
from os import environ
from typing import Final

import orjson

from benchmarks.officials import OFFICIALS, told
from benchmarks.workers import answer, lines
from jejak.events.bus import forever, woken
from jejak.events.journal import EVENTS, Row
from jejak.local.app import LANES
from jejak.local.prepare import configure_logs, settle_heap
from jejak.services.lane import Lane, open_shared, wake_on
from jejak.services.settings import read_settings

PILE: Final = 500
LOOK_S: Final = 0.01


@dataclass
class Bench:
    """What the bench sees of a lane."""

    lane: Lane
    decided: int = 0
    stamps: list[tuple[str, float]] = field(default_factory=list)

    async def decide(self) -> None:
        """Officials at work: whatever reached the lane since they last looked is decided as one pile."""
        event_type, act = OFFICIALS[self.lane.name]
        journal, wake = self.lane.journal, wake_on(self.lane.journal.on_commit)
        await self.lane.until_ready()
        after = 0
        while True:
            entries = await asyncio.to_thread(journal.read, after, PILE, (Row.COPY,))
            if waiting := told(entries, event_type):
                self.decided += await asyncio.to_thread(act, self.lane, waiting)
            if entries:
                after = entries[-1].id
            if len(entries) < PILE:
                await woken(wake, 1.0)

    async def until_followed(self, rows: int) -> float:
        following = next(progress for progress, _ in self.lane.work if progress.name == "worklist")
        while following.counts["applied"] < rows:
            await asyncio.sleep(LOOK_S)
        return time.monotonic()

    def counts(self) -> dict[str, int]:
        """What the journal holds, row by row, and what was not as it should be."""
        found: dict[str, int] = dict.fromkeys(map(str, Row), 0)
        after = 0
        while entries := self.lane.journal.read(after, 5_000, tuple(Row)):
            for entry in entries:
                found[entry.row] += 1
            after = entries[-1].id
        odd = {word: n for p in self.lane.progress for word, n in p.counts.items() if word in {"fork", "gap", "broken_chain", "unreadable", "failed"}}
        return found | odd | {"events": sum(found[row] for row in EVENTS)}


async def run(name: str, mode: str) -> None:
    settings = read_settings(environ)
    configure_logs(settings.log_level)
    shared = open_shared(settings)
    directory = asyncio.create_task(forever(shared.directory.progress, shared.directory.run))
    lane = LANES[name][0](shared)
    if mode == "bulk":
        lane.work = [(progress, work) for progress, work in lane.work if progress.name != "publishing"]
    bench = Bench(lane)
    settle_heap()
    lane.start()
    officials = asyncio.create_task(bench.decide()) if name in OFFICIALS and mode == "bulk" else None
    await lane.until_ready()
    heard = await lines()
    answer({"ready": name})
    while line := await heard.readline():
        if officials is not None and officials.done():
            officials.result()
        match orjson.loads(line):
            case {"expect": int(rows)}:
                answer({"done": await bench.until_followed(rows)})
            case {"count": _}:
                answer(await asyncio.to_thread(bench.counts))
    if officials is not None:
        officials.cancel()
    await lane.stop()
    directory.cancel()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1], sys.argv[2]))
