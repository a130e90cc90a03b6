"""What was lost is made again: a journal from Kafka alone, or Kafka's log from a journal. Bytes stay as they are.

Both can be stopped and started again: how far they came is in the journal, and they refuse what is not their own unfinished work.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

from eventsourcing.persistence import Tracking

from archive.scan import LogAt
from archive.workers import Progress, rare_garbage, silent
from bus.consumer import record_of
from bus.reader import Span, cluster_id, read_topic, spans, writer
from events import migration
from events.admission import Outcome, Record, source_of
from events.journal import EVENTS, Journal
from events.lawful import NOBODY_MOVED, Heirs
from events.stores import open_store

RECORDS_A_COMMIT: Final = 2_000
ROWS_A_SEND: Final = 2_000
UNFINISHED: Final = 1
FINISHED: Final = 2


class RebuildRefused(RuntimeError):
    """It would be written over something else; one sentence for people."""


@dataclass
class _Rebuilding:
    """The journal being made; commits run beside the reading."""

    journal: Journal
    cluster: str
    progress: Progress
    taken: Counter[str]

    async def run(self, log: LogAt, wanted: dict[int, Span]) -> None:
        batch: list[Record] = []
        committing: asyncio.Task[list[Outcome]] | None = None
        async for messages in read_topic(log.kafka, log.topic, wanted):
            batch += [record_of(message, self.cluster) for message in messages]
            if len(batch) >= RECORDS_A_COMMIT:
                await self._counted(committing)
                committing = asyncio.create_task(asyncio.to_thread(self.journal.replicate, batch))
                batch = []
        await self._counted(committing)
        if batch:
            await self._counted(asyncio.create_task(asyncio.to_thread(self.journal.replicate, batch)))

    async def _counted(self, committing: "asyncio.Task[list[Outcome]] | None") -> None:
        if committing:
            self.taken.update(outcome.counted for outcome in await committing)
            self.progress(self.taken.total())


def rebuild(address: str, lane: str, log: LogAt, *, heirs: Heirs = NOBODY_MOVED, progress: Progress = silent) -> Counter[str]:
    """Make a lane's journal from Kafka. Returns how many records were applied, dropped as duplicates, or set aside, and as what.

    Raises RebuildRefused when the store holds anything but an unfinished rebuild from the same cluster; StoreRefused, LogUnreachable.
    """
    cluster = asyncio.run(cluster_id(log.kafka))
    wanted = asyncio.run(spans(log.kafka, log.topic))
    journal = Journal(open_store(address, lane), lane, lambda: heirs)
    try:
        mark = f"rebuild:{cluster}/{log.topic}"
        _begin(journal, mark)
        positions = {partition: journal.position(source_of(cluster, log.topic, partition)) for partition in wanted}
        rest = {partition: (max(first, positions[partition]), after) for partition, (first, after) in wanted.items()}
        rebuilding = _Rebuilding(journal, cluster, progress, Counter())
        with rare_garbage():
            asyncio.run(rebuilding.run(log, rest))
        journal.store.insert_tracking(Tracking(mark, FINISHED))
    finally:
        journal.store.close()
    return rebuilding.taken


def rebuild_heads(address: str, lane: str, *, progress: Progress = silent) -> int:
    """Make the heads of a lane's journal from its events; returns how many. Raises StoreRefused, also while the lane runs (SQLite)."""
    store = open_store(address, lane)
    try:
        return migration.rebuild_heads(store, progress)
    finally:
        store.close()


def republish(address: str, lane: str, log: LogAt, *, progress: Progress = silent) -> int:
    """Write a journal's events to an empty log, each submission's in order, and return how many. The lane must not run (SQLite).

    Raises RebuildRefused when the log already holds records that this journal did not write; StoreRefused, LogUnreachable.
    """
    cluster = asyncio.run(cluster_id(log.kafka))
    held = sum(after for _, after in asyncio.run(spans(log.kafka, log.topic)).values())
    journal = Journal(open_store(address, lane), lane)
    try:
        mark = f"republish:{cluster}/{log.topic}"
        if journal.store.max_tracking_id(mark) is None:
            if held:
                raise RebuildRefused(f"Topik {log.topic} sudah berisi {held} rekaman; log hanya ditulis ulang ke topik yang kosong.")
            journal.store.insert_tracking(Tracking(mark, UNFINISHED))
        return asyncio.run(_republished(journal, log, mark, progress))
    finally:
        journal.store.close()


async def _republished(journal: Journal, log: LogAt, follower: str, progress: Progress) -> int:
    done, sent, upto = journal.cursor(follower), 0, journal.last_id()
    async with writer(log.kafka, log.topic) as write:
        while entries := journal.read(done, ROWS_A_SEND, EVENTS, upto=upto):
            await write(entries)
            done = entries[-1].id
            journal.advance(follower, done)
            sent += len(entries)
            progress(sent)
    return sent


def _begin(journal: Journal, mark: str) -> None:
    found = journal.store.max_tracking_id(mark)
    if found == UNFINISHED:
        return
    if found == FINISHED or journal.last_id():
        raise RebuildRefused(
            f"Jurnal {journal.lane} sudah berisi {journal.last_id()} baris; membangun ulang hanya ke penyimpanan yang kosong."
        )
    journal.store.insert_tracking(Tracking(mark, UNFINISHED))
