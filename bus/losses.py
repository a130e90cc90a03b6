"""Does Kafka still hold what was read? A reader's positions and marks in; the partitions that stay unread, and why, out.

A loss is found by the end (Kafka holds less than was read), by the beginning (what was still to be read is gone, or of the log anything)
or by a record that was taken (another one stands there: the topic was made anew, or cut and grown). What looks lost for a while is written
down, and only the operator ends it.
"""

import asyncio
import itertools
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

import structlog
from aiokafka import ConsumerRecord, TopicPartition

from bus.kafka import CALL_S
from bus.look_back import LookBack
from bus.loops import within
from events import alarms, marks
from events.admission import Record, is_marked, mark_of, place_in, source_of
from events.alarms import BEGINNING_GONE, GONE, OTHER_RECORD, SHORTER, Loss
from events.recorder import Bookmarks, Mark

log = structlog.get_logger("jejak.bus")

CONFIRM_S: Final = 2.0
"""What looks lost is not read meanwhile, and is a loss when it looks so for as long as this."""
BEHIND_S: Final = 15.0
"""The same where there only seems to be less: a broker that has just come up, or was just elected, may know less for a moment."""
FOUND: Final = (SHORTER, BEGINNING_GONE, OTHER_RECORD)
"""What looking at a partition finds."""
IDLE_A_LOOK: Final = 4
"""A topic may be made anew and grow to the very same length: that shows with its next record, at a restart, or when its turn has come."""


class _Seen(NamedTuple):
    """Where a generation of a source stands in the journal and on Kafka.

    `began`: where its generation began; `marks`: the records that must stand there still, `taken` the last of them that was taken;
    `unproved`: some of them were not found there yet.
    """

    generation: int
    position: int
    begins: int
    ends: int
    began: int
    taken: Mark | None
    marks: Collection[Mark]
    unproved: bool


class _Suspect(NamedTuple):
    """The operator may say a word while Kafka is asked: of the generation that was ended nothing more is written."""

    loss: Loss
    generation: int


class Offsets(Protocol):
    """What is asked of the consumer."""

    async def beginning_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Collection[TopicPartition]) -> Mapping[TopicPartition, int]: ...


@dataclass
class LossWatch:
    """`keeps_all`: of this topic also what was read may not go. `knows`: was this record taken, before there were marks?

    Database errors (`PersistenceError`) and Kafka's pass through.
    """

    store: Bookmarks
    cluster: str
    keeps_all: bool
    knows: Callable[[Record], bool] = lambda _: True
    _generations: Mapping[str, int] = field(default_factory=dict)
    _open: Mapping[str, Loss] = field(default_factory=dict)
    _since: dict[tuple[TopicPartition, str], float] = field(default_factory=dict)
    """What looks lost, how, and since when."""
    _turn: int = 0

    def source(self, tp: TopicPartition) -> str:
        return source_of(self.cluster, tp.topic, tp.partition, self.generation(tp))

    def generation(self, tp: TopicPartition) -> int:
        return self._generations.get(source_of(self.cluster, tp.topic, tp.partition), 0)

    def refresh(self) -> None:
        """What the store says now: other processes find losses too, and the operator ends them. Blocking."""
        found = alarms.losses(self.store)
        self._generations = alarms.generations(found)
        self._open = {loss.source: loss for loss in alarms.open_losses(found)}

    def unread(self, partitions: Iterable[TopicPartition]) -> frozenset[TopicPartition]:
        """Those of topics of which any partition has an open loss, on whichever cluster it was found."""
        lost = {place_in(source)[1] for source in self._open}
        return frozenset(tp for tp in partitions if tp.topic in lost)

    def words(self, topics: re.Pattern[str]) -> str | None:
        """Of the topics whose names match: the code `lost` and a sentence, for health."""
        here = [(place_in(loss.source), loss) for loss in self._open.values()]
        lost = [(topic, partition, loss) for (_, topic, partition, _), loss in here if topics.match(topic)]
        if not lost:
            return None
        topic, partition, first = lost[0]
        more = f", and {len(lost) - 1} more" if len(lost) > 1 else ""
        what = f"{topic}/{partition} was read up to {first.position}, Kafka held {first.begins} to {first.ends} ({first.code})"
        return f"lost: {what}{more}; see jejak bus status"

    def missing(self, topics: re.Pattern[str], there: Collection[TopicPartition]) -> None:
        """Partitions of these topics that were read and are not there any more, for a while, are a loss. Blocking."""
        marked = self._marked(topics).items()
        gone = {tp: self._suspect(tp, GONE, place_in(mark.source)[3], mark.taken + 1, 0, 0) for tp, mark in marked if tp not in there}
        self._forget(there, [GONE])
        self._judge(gone)

    def _marked(self, topics: re.Pattern[str]) -> dict[TopicPartition, Mark]:
        """The last record of every partition that is read now, or a record expected of it, there or not, without open losses."""
        found: dict[TopicPartition, Mark] = {}
        for mark in (*marks.all_expected(self.store), *marks.all_marks(self.store)):
            cluster, topic, partition, generation = place_in(mark.source)
            tp = TopicPartition(topic, partition)
            if cluster == self.cluster and topics.match(topic) and generation == self.generation(tp) and not self.unread([tp]):
                found[tp] = mark
        return found

    def _judge(self, suspects: Mapping[TopicPartition, _Suspect]) -> None:
        """What has looked lost for long enough is written down. Blocking."""
        now = time.monotonic()
        for tp, suspect in suspects.items():
            code = suspect.loss.code
            patience = BEHIND_S if code in (SHORTER, GONE) else CONFIRM_S
            if now - self._since.setdefault((tp, code), now) >= patience:
                self._forget([tp], FOUND)
                self._write(tp, *suspect)
        self.refresh()

    def _forget(self, partitions: Iterable[TopicPartition], codes: Iterable[str]) -> None:
        for key in itertools.product(partitions, codes):
            self._since.pop(key, None)

    def _suspect(self, tp: TopicPartition, code: str, generation: int, position: int, begins: int, ends: int) -> _Suspect:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return _Suspect(Loss(0, source_of(self.cluster, tp.topic, tp.partition), code, position, begins, ends, now), generation)

    def _write(self, tp: TopicPartition, loss: Loss, generation: int) -> None:
        if alarms.write_loss(self.store, loss, generation=generation):
            log.error("records_lost", code=loss.code, topic=tp.topic, partition=tp.partition, position=loss.position, ends=loss.ends)

    async def examine(self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]) -> frozenset[TopicPartition]:
        """Those that look lost, and are not written down yet: nothing of them may be read before they were examined again."""
        if not partitions:
            return frozenset()
        suspects = await self._faults(consumer, look_back, partitions)
        self._forget(set(partitions) - suspects.keys(), FOUND)
        await asyncio.to_thread(self._judge, suspects)
        return frozenset(suspects.keys() - self.unread(suspects))

    async def prove(self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]) -> frozenset[TopicPartition]:
        """Examine those from which something was taken since they were examined last, and a few of the others in turn."""
        sources = [self.source(tp) for tp in partitions]
        marked = await asyncio.to_thread(marks.marks, self.store, sources)
        ends = await asyncio.to_thread(marks.ends, self.store, sources)
        both = {tp: marked[source] for tp in partitions if (source := self.source(tp)) in marked}
        moved = {tp for tp, (taken, proved) in both.items() if taken != proved} | {tp for tp in partitions if self.source(tp) in ends}
        in_turn = sorted(both.keys() - moved)
        self._turn += IDLE_A_LOOK
        start = self._turn % len(in_turn) if in_turn else 0
        return await self.examine(consumer, look_back, [*moved, *in_turn[start : start + IDLE_A_LOOK]])

    async def _faults(
        self, consumer: Offsets, look_back: LookBack, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, _Suspect]:
        """Marks that are found again are proved."""
        seen = await self._seen(consumer, partitions)
        codes = {tp: code for tp, at in seen.items() if (code := self._code(at))}
        rest = {tp: at for tp, at in seen.items() if tp not in codes}
        found = await look_back.records_at({tp: _wanted(at) for tp, at in rest.items()})
        others = {tp for tp, at in rest.items() if any(not _is_there(mark, found[tp]) for mark in at.marks if mark.taken >= at.begins)}
        unmarked = {tp: found[tp].get(at.position - 1) for tp, at in rest.items() if at.taken is None}
        others |= await asyncio.to_thread(self._not_known, unmarked)
        good = {at.taken.source: at.taken for tp, at in rest.items() if tp not in others and at.taken and at.unproved}
        await asyncio.to_thread(marks.prove, self.store, good)
        codes |= dict.fromkeys(others, OTHER_RECORD)
        return {tp: self._suspect(tp, code, *seen[tp][:4]) for tp, code in codes.items()}

    async def _seen(self, consumer: Offsets, partitions: Collection[TopicPartition]) -> dict[TopicPartition, _Seen]:
        """The journal is asked before Kafka: what others read meanwhile is then no fault. Nor is a loss that was ended just now."""
        await asyncio.to_thread(self.refresh)
        sources = {tp: self.source(tp) for tp in partitions}
        positions = await asyncio.to_thread(self.store.positions, list(sources.values()))
        began = await asyncio.to_thread(marks.began, self.store, list(sources.values()))
        marked = await asyncio.to_thread(marks.marks, self.store, list(sources.values()))
        between = await asyncio.to_thread(marks.ends, self.store, list(sources.values()))
        begins = await within(CALL_S, consumer.beginning_offsets(partitions))
        ends = await within(CALL_S, consumer.end_offsets(partitions))
        found: dict[TopicPartition, _Seen] = {}
        for tp, source in sources.items():
            known = [*marked.get(source, ()), *between.get(source, ())]
            position, unproved = positions.get(source, 0), source in between or len(set(known)) > 1
            taken = max((mark for mark in known if mark.taken < position), key=lambda mark: mark.taken, default=None)
            generation = place_in(source)[3]
            found[tp] = _Seen(generation, position, begins[tp], ends[tp], began.get(source, 0), taken, known, unproved)
        return found

    def _code(self, at: _Seen) -> str | None:
        """What can be told without reading a record again."""
        if at.position > at.ends or any(mark.taken >= at.ends for mark in at.marks):
            return SHORTER
        if at.begins > (at.began if self.keeps_all else at.position):
            return BEGINNING_GONE
        return None

    def _not_known(self, before: "Mapping[TopicPartition, ConsumerRecord[bytes, bytes] | None]") -> set[TopicPartition]:
        """A store of before there were marks gets its mark from the record before the position, where the journal knows it. Blocking."""
        others: set[TopicPartition] = set()
        for tp, message in before.items():
            if message is None:
                continue
            _, _, _, generation = place_in(self.source(tp))
            record = Record(tp.topic, tp.partition, message.offset, message.key, message.value, self.cluster, generation, message.timestamp)
            if self.knows(record):
                marks.first_mark(self.store, mark_of(record))
            else:
                others.add(tp)
        return others


def _wanted(at: _Seen) -> set[int]:
    """The places of the marks, or else of the record before the position."""
    places = {mark.taken for mark in at.marks} or {at.position - 1}
    return {place for place in places if place >= at.begins}


def _is_there(mark: Mark, found: "Mapping[int, ConsumerRecord[bytes, bytes]]") -> bool:
    message = found.get(mark.taken)
    return message is not None and is_marked(mark, message.key, message.value, message.timestamp)
