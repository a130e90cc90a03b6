"""Does Kafka still hold what was read? A journal's positions and marks in; the partitions that stay unread, and why, out.

A loss is found by the end (Kafka holds less than was read), by the beginning (what was still to be read is gone) or by the record before
the position (it is another one: the topic was made anew, or cut and grown). It is written down, and only the operator ends it.
"""

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import structlog
from aiokafka import TopicPartition

from bus.kafka import CALL_S
from bus.look_back import LookBack
from bus.loops import within
from events import alarms
from events.admission import hash_of_record, place_in, source_of
from events.alarms import BEGINNING_GONE, GONE, OTHER_RECORD, SHORTER, Loss
from events.journal import Journal
from events.recorder import Mark

log = structlog.get_logger("jejak.bus")

CONFIRM_S: Final = 2.0
"""A broker that has just come up may know less for a moment: what looks lost is looked at once more."""
IDLE_A_LOOK: Final = 4
"""A topic may be made anew and grow to the very same length: that shows with its next record, at a restart, or when its turn has come."""


class _Seen(NamedTuple):
    """Where a source stands in the journal and on Kafka. `taken`, `proved`: as in `alarms.marks`."""

    position: int
    begins: int
    ends: int
    taken: Mark | None
    proved: Mark | None


class Offsets(Protocol):
    """What is asked of the consumer."""

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]: ...


@dataclass
class LossWatch:
    """`keeps_all`: of this topic also what was read may not go. Database errors (`PersistenceError`) and Kafka's pass through."""

    journal: Journal
    cluster: str
    keeps_all: bool
    _generations: Mapping[str, int] = field(default_factory=dict)
    _open: Mapping[str, Loss] = field(default_factory=dict)
    _missed: frozenset[TopicPartition] = frozenset()
    _turn: int = 0

    def source(self, tp: TopicPartition) -> str:
        return source_of(self.cluster, tp.topic, tp.partition, self.generation(tp))

    def generation(self, tp: TopicPartition) -> int:
        return self._generations.get(source_of(self.cluster, tp.topic, tp.partition), 0)

    def refresh(self) -> None:
        """What the store says now: other processes find losses too, and the operator ends them. Blocking."""
        found = alarms.losses(self.journal.store)
        self._generations = alarms.generations(found)
        self._open = {loss.source: loss for loss in alarms.open_losses(found)}

    def unread(self, partitions: Iterable[TopicPartition]) -> frozenset[TopicPartition]:
        """Those of topics of which any partition has an open loss."""
        lost = {topic for cluster, topic, *_ in map(place_in, self._open) if cluster == self.cluster}
        return frozenset(tp for tp in partitions if tp.topic in lost)

    def words(self, topics: re.Pattern[str]) -> str | None:
        """Of the topics whose names match: the code `lost` and a sentence, for health."""
        here = [(place_in(loss.source), loss) for loss in self._open.values()]
        lost = [
            (topic, partition, loss) for (cluster, topic, partition, _), loss in here if cluster == self.cluster and topics.match(topic)
        ]
        if not lost:
            return None
        topic, partition, first = lost[0]
        more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        what = f"{topic}/{partition} was read up to {first.position}, Kafka held {first.begins} to {first.ends} ({first.code})"
        return f"lost: {what}{more}; see jejak bus status"

    def missing(self, topics: re.Pattern[str], there: Collection[TopicPartition]) -> None:
        """Partitions of these topics that were read and are not there any more, twice in a row, are a loss. Blocking."""
        known = {tp: mark for tp, mark in self._marked(topics).items() if tp not in there}
        for tp in known.keys() & self._missed:
            self._write(tp, Loss(0, source_of(self.cluster, tp.topic, tp.partition), GONE, known[tp].taken + 1, 0, 0, _now()))
        if known.keys() & self._missed:
            self.refresh()
        self._missed = frozenset(known)

    def _marked(self, topics: re.Pattern[str]) -> dict[TopicPartition, Mark]:
        """The last record of every partition that is read now, there or not, without open losses."""
        found: dict[TopicPartition, Mark] = {}
        for mark in alarms.all_marks(self.journal.store):
            cluster, topic, partition, generation = place_in(mark.source)
            tp = TopicPartition(topic, partition)
            if cluster == self.cluster and topics.match(topic) and generation == self.generation(tp) and not self.unread([tp]):
                found[tp] = mark
        return found

    def _write(self, tp: TopicPartition, loss: Loss) -> None:
        if alarms.write_loss(self.journal.store, loss):
            log.error("records_lost", code=loss.code, topic=tp.topic, partition=tp.partition, position=loss.position, ends=loss.ends)

    async def examine(self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]) -> None:
        """What is wrong twice in a row is a loss, and written down."""
        if not partitions:
            return
        if not (suspects := await self._faults(consumer, look_back, partitions)):
            return
        await asyncio.sleep(CONFIRM_S)
        for tp, loss in (await self._faults(consumer, look_back, list(suspects))).items():
            await asyncio.to_thread(self._write, tp, loss)
        await asyncio.to_thread(self.refresh)

    async def prove(self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]) -> None:
        """Examine those from which something was taken since they were examined last, and a few of the others in turn."""
        marked = await asyncio.to_thread(alarms.marks, self.journal.store, [self.source(tp) for tp in partitions])
        both = {tp: marked[source] for tp in partitions if (source := self.source(tp)) in marked}
        moved = {tp for tp, (taken, proved) in both.items() if taken != proved}
        in_turn = sorted(both.keys() - moved)
        self._turn += IDLE_A_LOOK
        start = self._turn % len(in_turn) if in_turn else 0
        await self.examine(consumer, look_back, [*moved, *in_turn[start : start + IDLE_A_LOOK]])

    async def _faults(self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]) -> dict[TopicPartition, Loss]:
        """Marks that are found again are proved."""
        seen = await self._seen(consumer, partitions) if partitions else {}
        codes = {tp: code for tp, at in seen.items() if (code := self._code(at))}
        marked = {tp: at for tp, at in seen.items() if tp not in codes and at.taken and at.proved}
        codes |= dict.fromkeys(await _others(look_back, marked), OTHER_RECORD)
        good = {at.taken.source: at.taken for tp, at in marked.items() if tp not in codes and at.taken and at.taken != at.proved}
        await asyncio.to_thread(alarms.prove, self.journal.store, good)
        return {
            tp: Loss(0, source_of(self.cluster, tp.topic, tp.partition), code, seen[tp].position, seen[tp].begins, seen[tp].ends, _now())
            for tp, code in codes.items()
        }

    async def _seen(self, consumer: Offsets, partitions: Collection[TopicPartition]) -> dict[TopicPartition, _Seen]:
        """The journal is asked before Kafka: what others read meanwhile is then no fault. Nor is a loss that was ended just now."""
        await asyncio.to_thread(self.refresh)
        sources = {tp: self.source(tp) for tp in partitions}
        positions = await asyncio.to_thread(self.journal.store.positions, list(sources.values()))
        marked = await asyncio.to_thread(alarms.marks, self.journal.store, list(sources.values()))
        begins = await within(CALL_S, consumer.beginning_offsets(partitions))
        ends = await within(CALL_S, consumer.end_offsets(partitions))
        return {
            tp: _Seen(positions.get(source, 0), begins[tp], ends[tp], *marked.get(source, (None, None))) for tp, source in sources.items()
        }

    def _code(self, at: _Seen) -> str | None:
        """What can be told without reading a record again."""
        if at.position > at.ends or (at.taken and at.taken.taken >= at.ends):
            return SHORTER
        if at.begins > at.position or (self.keeps_all and at.taken and at.begins > at.taken.taken):
            return BEGINNING_GONE
        return None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


async def _others(look_back: LookBack, marked: Mapping[TopicPartition, _Seen]) -> set[TopicPartition]:
    """Where another record stands, or none, at the place of the last one taken or of the last one proved."""
    others: set[TopicPartition] = set()
    for which in ("proved", "taken"):
        marks: dict[TopicPartition, Mark] = {tp: getattr(at, which) for tp, at in marked.items()}
        wanted = {
            tp: mark for tp, mark in marks.items() if mark.taken >= marked[tp].begins and (which == "proved" or mark != marked[tp].proved)
        }
        found = await look_back.records_at({tp: mark.taken for tp, mark in wanted.items()}) if wanted else {}
        others |= {tp for tp, mark in wanted.items() if tp not in found or hash_of_record(found[tp].key, found[tp].value) != mark.hash}
    return others
