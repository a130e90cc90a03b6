"""What waits for the operator: the lanes' stores and Kafka in; open losses, alarms and what the directory's topic lacks out, and their end.

The lanes may run meanwhile; they see the operator's word within seconds.
"""

import asyncio
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from archive.proof import JournalAt
from archive.refill import Lacking, lacking
from archive.scan import LogAt
from bus.accept import Begins, accept, open_of
from bus.client import send
from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from bus.reader import spans_if_there
from desk.notices.kept import Kept
from desk.store import open_beside as open_desk_beside
from events import alarms
from events.admission import place_in
from events.alarms import Alarm, Loss, Word
from events.contracts import DIRECTORY_TOPIC, INBOUND_PATTERN, LOG_TOPIC, Lane
from events.marks import all_marks
from events.recorder import Bookmarks, Store
from events.stores import StoreRefused, address_of, open_beside, open_reader
from lane.inbox import open_reading_engine
from lane.known import Known
from lane.settings import DESK


@dataclass(frozen=True)
class Waiting:
    """`directory`: entries that a lane's store knows and Kafka no longer has; `undecided`: those of which two stores say different things,
    so that nobody can tell here which is newer. `lacking`: of the log, where it has an open loss.

    `gone`: topics of open OPDs from which intake took records and that are not there any more: what their systems send arrives nowhere.
    `away`: lanes that have no store here; theirs are on other machines.
    """

    losses: Sequence[tuple[str, Loss]] = ()
    alarms: Sequence[tuple[str, Alarm]] = ()
    directory: Mapping[str, bytes] = field(default_factory=dict)
    undecided: Sequence[str] = ()
    lacking: Lacking | None = None
    gone: Sequence[str] = ()
    away: Sequence[str] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.losses or self.alarms or self.directory or self.undecided or self.gone)

    def topics(self) -> list[str]:
        return sorted({place_in(loss.source)[1] for _, loss in self.losses})


def place_of(alarm: Alarm) -> str:
    """As the operator names it: topic/partition@offset."""
    _, topic, partition, _ = place_in(alarm.source)
    return f"{topic}/{partition}@{alarm.position - 1}"


def lanes_here(address: str, lanes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Those that have a store here, the desk too, and those that have none. Raises StoreRefused when none has one."""
    here, away, refused = [], [], None
    for lane in lanes:
        try:
            _need(address, lane)
            here.append(lane)
        except StoreRefused as error:
            away.append(lane)
            refused = error
    if not here and refused:
        raise refused
    return here, away


def look(address: str, lanes: Sequence[str], kafka: Kafka) -> Waiting:
    """Raises StoreRefused, LogUnreachable, KafkaError, TimeoutError; database errors (`PersistenceError`) pass through."""
    here, away = lanes_here(address, lanes)
    losses = [(lane, loss) for lane, store in _bookmarks(address, here) for loss in open_of(store)]
    found = [(lane, alarm) for lane, store in _stores(address, here) for alarm in alarms.alarms(store)]
    on_log = any(place_in(loss.source)[1] == LOG_TOPIC for _, loss in losses)
    rest = lacking(journals_of(address, here), LogAt(kafka)) if on_log else None
    said = _not_on_kafka(address, here, kafka)
    agreed = {key: min(values) for key, values in said.items() if len(values) == 1}
    return Waiting(losses, found, agreed, sorted(said.keys() - agreed.keys()), rest, _gone(address, here, kafka), away)


def journals_of(address: str, lanes: Sequence[str]) -> list[JournalAt]:
    return [JournalAt(lane, address, lane) for lane in lanes if lane != DESK]


def end_losses(address: str, lanes: Sequence[str], topic: str, begins: Begins, word: Word) -> list[tuple[str, Loss]]:
    """Those of a topic, in every lane; returns what was ended."""
    marked = _bookmarks(address, lanes, opening=open_beside)
    return [(lane, loss) for lane, store in marked for loss in accept(store, topic, begins, word)]


def end_alarms(address: str, lanes: Sequence[str], places: Collection[str], word: Word) -> list[tuple[str, Alarm]]:
    """Those of these records, in every lane that set them aside; returns what was ended."""
    ended: list[tuple[str, Alarm]] = []
    for lane, store in _stores(address, lanes, opening=open_beside):
        while found := [alarm for alarm in alarms.alarms(store) if place_of(alarm) in places]:  # some at once
            for alarm in found:
                alarms.end_alarm(store, alarm.number, word)
            ended += [(lane, alarm) for alarm in found]
    return ended


async def put_back(kafka: Kafka, entries: Mapping[str, bytes]) -> None:
    """Entries of the directory, as a store kept them. Raises KafkaError, TimeoutError."""
    await send(kafka, [(DIRECTORY_TOPIC, key.encode(), value) for key, value in sorted(entries.items())])


def _gone(address: str, lanes: Sequence[str], kafka: Kafka) -> list[str]:
    """No lane misses such a topic by itself: an OPD may have none. Who was read once, and is still open, had one."""
    directory = Directory(kafka, Progress("directory"))
    directory.know({key: max(values, key=len) for key, values in known_here(address, lanes).items()})
    read = {
        place_in(mark.source)[1]
        for _, store in _stores(address, [lane for lane in lanes if lane == Lane.INTAKE])
        for mark in all_marks(store)
    }
    wanted = {topic for topic in read if (kode := re.match(INBOUND_PATTERN, topic)) and directory.is_open(kode[1])}
    return sorted(wanted - asyncio.run(_topics(kafka))) if wanted else []


async def _topics(kafka: Kafka) -> set[str]:
    async with kafka.admin() as admin:
        return set(await admin.list_topics())


def _not_on_kafka(address: str, lanes: Sequence[str], kafka: Kafka) -> dict[str, set[bytes]]:
    """What the lanes that know an entry say of it."""
    known = known_here(address, lanes)
    there = asyncio.run(_on_kafka(kafka)) if known else frozenset()
    return {key: values for key, values in known.items() if key not in there}


def known_here(address: str, lanes: Sequence[str]) -> dict[str, set[bytes]]:
    """Each entry of the directory, with what the lanes' stores say of it. Raises OSError when one cannot be read."""
    known: dict[str, set[bytes]] = {}
    for lane in [lane for lane in lanes if lane != DESK]:
        engine = open_reading_engine(address, lane)
        try:
            for key, value in Known(engine).read():
                known.setdefault(key, set()).add(value)
        finally:
            engine.dispose()
    return known


async def _on_kafka(kafka: Kafka) -> frozenset[str]:
    """Also what was taken away there by a record; nothing when there is no such topic."""
    if not await spans_if_there(kafka, DIRECTORY_TOPIC):
        return frozenset()
    directory = Directory(kafka, Progress("directory"))
    await directory.read_once()
    return directory.shown()


def _need(address: str, lane: str) -> None:
    """Raises StoreRefused where it has no store here."""
    if lane == DESK:
        open_desk_beside(address_of(address, DESK)).dispose()
    else:
        open_reader(address, lane).close()


def _bookmarks(
    address: str, lanes: Sequence[str], *, opening: Callable[[str, str], Store] = open_reader
) -> Iterator[tuple[str, Bookmarks]]:
    """Of all that read topics."""
    yield from _stores(address, lanes, opening=opening)
    if DESK in lanes:
        engine = open_desk_beside(address_of(address, DESK))
        try:
            yield DESK, Kept(engine)
        finally:
            engine.dispose()


def _stores(address: str, lanes: Sequence[str], *, opening: Callable[[str, str], Store] = open_reader) -> Iterator[tuple[str, Store]]:
    for lane in [lane for lane in lanes if lane != DESK]:
        store = opening(address, lane)
        try:
            yield lane, store
        finally:
            store.close()
