"""The operator's word on a loss: a reader's store and the cluster in; every open loss of a topic ended, and where its reading goes on.

What Kafka holds now is read from its beginning, as the next generation of its source: what is in the journal already is dropped by its key.
Its last record is marked, so that a second loss is found too by a lane that has read nothing of it yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from bus.kafka import Kafka, KafkaError
from bus.look_back import records_before
from bus.reader import cluster_id, spans_if_there
from events import alarms, marks
from events.admission import Record, mark_of, place_in, source_of
from events.alarms import WITH_ITS_TOPIC, Loss, Word
from events.recorder import Bookmarks

log = structlog.get_logger("jejak.bus")


@dataclass(frozen=True)
class Begins:
    """Where the partitions of some topics begin on a cluster now, and the last record of each (topic, partition) that has one."""

    cluster: str
    topics: Mapping[str, Mapping[int, int]]
    last: Mapping[tuple[str, int], Record] = field(default_factory=dict)

    def at(self, topic: str, partition: int) -> int:
        """0 for what is not there: it will begin there."""
        return self.topics.get(topic, {}).get(partition, 0)


async def begins_of(kafka: Kafka, topics: Sequence[str]) -> Begins:
    """Raises LogUnreachable. A last record that cannot be read is none."""
    found = {topic: await spans_if_there(kafka, topic) for topic in topics}
    begins = {topic: {partition: first for partition, (first, _) in spans.items()} for topic, spans in found.items()}
    ends = {(topic, partition): end for topic, spans in found.items() for partition, (_, end) in spans.items()}
    return Begins(await cluster_id(kafka), begins, await _last(kafka, ends))


async def _last(kafka: Kafka, ends: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], Record]:
    try:
        found = await records_before(kafka, ends) if ends else {}
    except (KafkaError, OSError, TimeoutError) as error:  # it guards against a second loss; the operator's word stands without it
        log.warning("last_records_not_read", error=repr(error))
        return {}
    return {place: record for place, (record, _, _) in found.items() if record}


def open_of(store: Bookmarks, topic: str | None = None) -> list[Loss]:
    """The open losses of a topic, or of all: also those found on another cluster, which a new one does not end."""
    return [loss for loss in alarms.open_losses(alarms.losses(store)) if topic in (None, place_in(loss.source)[1])]


def accept(store: Bookmarks, topic: str, begins: Begins, word: Word) -> list[Loss]:
    """Returns what was ended. The lane may run: it reads on within seconds. Database errors (`PersistenceError`) pass through.

    All of the topic goes on as another generation: what happened to one partition happened to the others, noticed yet or not.
    """
    if not open_of(store, topic):
        return []
    places = ((place_in(mark.source), mark.taken + 1) for mark in marks.all_marks(store))
    read = {at[2]: position for at, position in places if at[:2] == (begins.cluster, topic)}
    for partition in sorted({*begins.topics.get(topic, {}), *read}):
        at, found = begins.at(topic, partition), word.at.isoformat(timespec="seconds")
        loss = Loss(0, source_of(begins.cluster, topic, partition), WITH_ITS_TOPIC, read.get(partition, at), at, at, found)
        alarms.write_loss(store, loss)
    ended, stands = open_of(store, topic), alarms.generations(alarms.losses(store))
    for loss in ended:
        cluster, _, partition, _ = place_in(loss.source)
        goes_on = source_of(cluster, topic, partition, stands.get(loss.source, 0) + 1)
        here = cluster == begins.cluster
        if here and (last := begins.last.get((topic, partition))):
            marks.expect(store, mark_of(last)._replace(source=goes_on))
        alarms.end_loss(store, loss, word, goes_on=goes_on, at=begins.at(topic, partition) if here else 0)
    return ended
