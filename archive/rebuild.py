"""What was lost is made again: a journal from Kafka alone, or Kafka's log from a journal. Bytes stay as they are.

Both can be stopped and started again. How far a rebuild came is in the journal, how far a log was written is seen on the log.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eventsourcing.persistence import Tracking

from archive.proof import JournalAt
from archive.refill import Lacking, refill
from archive.scan import LogAt
from archive.workers import Progress, rare_garbage, silent
from bus.consumer import record_of
from bus.reader import Span, cluster_id, read_topic, spans, writer
from events import alarms, migration
from events.admission import Outcome, Record, source_of
from events.alarms import BEGINNING_GONE, Loss, Word
from events.journal import EVENTS, Journal
from events.lawful import NOBODY_MOVED, Heirs
from events.recorder import Store
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
    generations: Mapping[int, int]
    progress: Progress
    taken: Counter[str]

    async def run(self, log: LogAt, wanted: dict[int, Span]) -> None:
        batch: list[Record] = []
        committing: asyncio.Task[list[Outcome]] | None = None
        async for messages in read_topic(log.kafka, log.topic, wanted):
            batch += [record_of(message, self.cluster, self.generations[message.partition]) for message in messages]
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


def rebuild(
    address: str, lane: str, log: LogAt, *, heirs: Heirs = NOBODY_MOVED, accepted: Word | None = None, progress: Progress = silent
) -> Counter[str]:
    """Make a lane's journal from Kafka. Returns how many records were applied, dropped as duplicates, or set aside, and as what.

    `accepted`: the operator's word that the log may lack its beginning; the journal keeps it. Raises RebuildRefused when it lacks it
    without a word, or the store holds anything but an unfinished rebuild from the same cluster; StoreRefused, LogUnreachable.
    """
    cluster = asyncio.run(cluster_id(log.kafka))
    wanted = asyncio.run(spans(log.kafka, log.topic))
    journal = Journal(open_store(address, lane), lane, lambda: heirs)
    try:
        mark = f"rebuild:{cluster}/{log.topic}"
        _begin(journal, mark)
        _without_beginning(journal.store, cluster, log.topic, wanted, accepted)
        stands = alarms.generations(alarms.losses(journal.store))
        generations = {partition: stands.get(source_of(cluster, log.topic, partition), 0) for partition in wanted}
        positions = {p: journal.position(source_of(cluster, log.topic, p, generation)) for p, generation in generations.items()}
        rest = {partition: (max(first, positions[partition]), after) for partition, (first, after) in wanted.items()}
        rebuilding = _Rebuilding(journal, cluster, generations, progress, Counter())
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


def republish(address: str, lane: str, log: LogAt, *, progress: Progress = silent) -> Lacking:
    """Write a journal's events to the log and return what was written. The lane must not run (SQLite).

    To an empty log as they came; to one that holds something, from another time or half written, what it lacks (`archive.refill`): what
    is there tells how far it came, nothing else is remembered. Raises StoreRefused, LogUnreachable.
    """
    if any(first < after for first, after in asyncio.run(spans(log.kafka, log.topic)).values()):
        return refill([JournalAt(lane, address, lane)], log, progress=progress)
    journal = Journal(open_store(address, lane), lane)
    try:
        return Lacking(events=asyncio.run(_republished(journal, log, progress)))
    finally:
        journal.store.close()


async def _republished(journal: Journal, log: LogAt, progress: Progress) -> int:
    done, sent, upto = 0, 0, journal.last_id()
    async with writer(log.kafka, log.topic) as write:
        while entries := journal.read(done, ROWS_A_SEND, EVENTS, upto=upto):
            await write(entries)
            done = entries[-1].id
            sent += len(entries)
            progress(sent)
    return sent


def _without_beginning(store: Store, cluster: str, topic: str, wanted: Mapping[int, Span], accepted: Word | None) -> None:
    """A log that is kept for ever begins at 0. Where it does not, the operator's word is kept with the loss that it ends."""
    may_begin = alarms.begins_on_log(store, topic)
    gone = {partition: span for partition, span in sorted(wanted.items()) if span[0] > may_begin.get(partition, 0)}
    if gone and not accepted:
        raise RebuildRefused(
            f"Awal log sudah tidak ada di Kafka (partisi {', '.join(map(str, gone))}); jurnal yang dibangun darinya tidak utuh. "
            "Tulis kembali dahulu dari jurnal lain: jejak bus refill. Sesudah itu, atau bila tidak ada jurnal lain: --accept-beginning"
        )
    if not accepted:
        return
    for partition, (first, after) in gone.items():
        loss = Loss(0, source_of(cluster, topic, partition), BEGINNING_GONE, 0, first, after, accepted.at.isoformat(timespec="seconds"))
        alarms.write_loss(store, loss)
        generation = 1 + alarms.generations(alarms.losses(store)).get(loss.source, 0)
        [found] = [known for known in alarms.open_losses(alarms.losses(store)) if known.source == loss.source]
        alarms.end_loss(store, found, accepted, goes_on=source_of(cluster, topic, partition, generation), at=first)


def _begin(journal: Journal, mark: str) -> None:
    found = journal.store.max_tracking_id(mark)
    if found == UNFINISHED:
        return
    if found == FINISHED or journal.last_id():
        raise RebuildRefused(
            f"Jurnal {journal.lane} sudah berisi {journal.last_id()} baris; membangun ulang hanya ke penyimpanan yang kosong."
        )
    journal.store.insert_tracking(Tracking(mark, UNFINISHED))
