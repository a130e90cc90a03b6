"""The directory: OPDs, tokens and names of datasets, records on one compacted topic that every lane follows in memory.

In: records `opd/<kode>`, `token/<id>` (revoked), `issued/<id>` (made), `name/<dataset_id>` (handed over) and `adopted/<dataset_id>`; out:
who exists, who acts for whom, whose token no longer counts and which dataset was on the portal before Jejak, within seconds everywhere.
Lanes also keep what they saw (`keep_in`): a topic that was lost or made anew takes nothing back, only a record does.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol, TypeVar

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from bus.client import send
from bus.directory_topic import Entry, Following, MadeAnew
from bus.kafka import CALL_S, Kafka, log, stopped
from bus.look_back import KafkaLookBack
from bus.loops import STALLED_S, WATCH_S, Progress, ended, pause, within
from bus.standing import Stalled
from events.contracts import DIRECTORY_TOPIC

V = TypeVar("V")
BRIEFLY_S: Final = 0.2
STANDS: Final = ("opds", "revoked", "adopted", "adopted_for", "issued", "names", "_known")


class Kept(Protocol):
    """Where a lane keeps the directory's records beside its journal. Both raise OSError when the store cannot be used."""

    def read(self) -> Sequence[tuple[str, bytes]]: ...

    def write(self, entries: Iterable[Entry], /) -> None: ...


@dataclass
class Directory:
    """Not complete until `progress.ready`. Records that cannot be read are counted and passed over: the newest good one stands.

    The topic may be lost and made anew at any time: then it is read from its beginning, and what it no longer says stands. Until it was
    read to its end, all stands as it was: lanes judge by it meanwhile.
    """

    kafka: Kafka
    progress: Progress
    opds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    adopted: dict[str, str] = field(default_factory=dict)
    """dataset_id → the portal's own id of a dataset that it had before Jejak."""
    adopted_for: dict[str, str] = field(default_factory=dict)
    """dataset_id → what its record says it was adopted for: an OPD, or an organization of CKAN in records of earlier releases."""
    issued: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _shown: set[str] = field(default_factory=set)
    """Keys of the records that Kafka has shown, also those that took an entry away."""
    _kept: list[Kept] = field(default_factory=list)
    _known: dict[str, bytes] = field(default_factory=dict)

    @property
    def lost(self) -> set[str]:
        """Entries that a store knows and Kafka no longer has; health shows how many."""
        return self._known.keys() - self._shown

    def shown(self) -> frozenset[str]:
        """The keys of all entries that Kafka has, or took away."""
        return frozenset(self._shown)

    def name_of(self, opd: str) -> str:
        return str(self.opds.get(opd, {}).get("name") or opd)

    def is_revoked(self, token_id: str) -> bool:
        return token_id in self.revoked

    def is_open(self, opd: str | None) -> bool:
        """It is in the directory and neither closed nor become another."""
        record = self.opds.get(opd or "")
        return record is not None and not record.get("closed_at") and not record.get("moved_to")

    def waits_for_heir(self, opd: str) -> bool:
        """It was closed, and nobody acts for it."""
        record = self.opds.get(opd)
        return record is not None and bool(record.get("closed_at")) and not record.get("moved_to")

    def heir_of(self, opd: str) -> str:
        """The OPD that acts for it now; itself when it never moved, or when its moves lead round in a circle."""
        seen, now = {opd}, opd
        while isinstance(then := self.opds.get(now, {}).get("moved_to"), str):
            if then in seen:
                return opd
            seen.add(then)
            now = then
        return now

    def heirs(self) -> dict[str, str]:
        """Every OPD that moved → the OPD that acts for it now."""
        return {opd: self.heir_of(opd) for opd, record in list(self.opds.items()) if record.get("moved_to")}

    def owner_of(self, dataset_id: str) -> str | None:
        """The OPD that acts for the one to which this name was handed over; None when it never was."""
        handed_to = self.names.get(dataset_id)
        return self.heir_of(handed_to) if handed_to else None

    def owner_now(self, dataset_id: str, *, published: str | None, submitted: str | None = None) -> str | None:
        """Whose a name is: of whom it was handed to, else of who published under it, else of the OPD that an old dataset was adopted for
        under that name, else of who submitted under it; of each the OPD that acts for it now. None: it is free.
        """
        adopted_for = self.adopted_for.get(dataset_id)
        first = published or (adopted_for if adopted_for in self.opds else None) or submitted
        return self.owner_of(dataset_id) or (self.heir_of(first) if first else None)

    async def until_ready(self) -> None:
        while not self.progress.ready:  # noqa: ASYNC110 (another task makes it so)
            await asyncio.sleep(0.05)

    def keep_in(self, kept: Kept) -> None:
        """Know what this store knows, and write there what arrives from now on. Before `run`. Raises OSError."""
        self.know(dict(kept.read()))
        self._kept.append(kept)

    def know(self, entries: Mapping[str, bytes | None]) -> None:
        """They stand until Kafka says something else of them. Before anything is read."""
        for key, value in entries.items():
            self._apply(key, value)

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError, Stalled, MadeAnew) as error:
                failures += 1
                self.progress.blocked = f"{type(error).__name__}: {error}"
                log.warning("directory_rebuilt", error=repr(error))
                await asyncio.sleep(pause(failures))

    async def read_once(self) -> None:
        """As it stands now, for a command. Raises KafkaError, OSError, TimeoutError: nothing is known then."""
        following = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(2 * CALL_S):
                while not self.progress.ready and not following.done():  # noqa: ASYNC110 (the task makes it so)
                    await asyncio.sleep(0.05)
                if following.done():
                    following.result()  # it ends only by what went wrong
        finally:
            await ended([following])

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            **self.kafka.options(),
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        partition, look_back = TopicPartition(DIRECTORY_TOPIC, 0), KafkaLookBack(self.kafka)
        consumer.assign([partition])
        following = Following(consumer, look_back, partition)
        try:
            await within(CALL_S, consumer.start())
            consumer.seek(partition, 0)
            while True:
                messages = await following.read(WATCH_S if following.caught_up else BRIEFLY_S)
                entries = [entry for message in messages if (entry := self._read(message.key, message.value))]
                if following.caught_up:
                    self._take(entries)
                    await asyncio.to_thread(self._keep, entries)
                else:
                    following.aside.update(entries)
                await self._judge(following)
        finally:
            await stopped(consumer.stop())
            await look_back.close()

    async def _judge(self, following: Following) -> None:
        before, self.progress.lag = self.progress.lag, await following.lag()
        if self.progress.lag == 0 and not following.caught_up:
            self._take_at_once(following.aside)
            # What was taken away, and all that is known: each lane's store knows what another one knew.
            await asyncio.to_thread(self._keep, [*following.aside.items(), *self._known.items()])
            following.caught_up = self.progress.ready = True
        if following.caught_up:
            self._tell_lost()
        if self.progress.lag == 0 or self.progress.lag != before:
            self.progress.moved()
        elif time.monotonic() - max(self.progress.moved_at, following.began_at) > STALLED_S:
            raise Stalled("the directory does not arrive")

    def _read(self, key: bytes | None, value: bytes | None) -> Entry | None:
        """What one record of the topic says; None for bytes that are no JSON."""
        try:
            orjson.loads(value or b"null")
        except orjson.JSONDecodeError:
            self.progress.counts["unreadable"] += 1
            return None
        self.progress.counts["applied"] += 1
        return (key or b"").decode("utf-8", "replace"), value

    def _take(self, entries: Iterable[Entry]) -> None:
        for key, value in entries:
            self._apply(key, value)
            self._shown.add(key)

    def _take_at_once(self, entries: Mapping[str, bytes | None]) -> None:
        """All that the topic holds: told to a copy, which then takes the place of what other threads saw until now."""
        new = replace(self, **{name: vars(self)[name].copy() for name in STANDS})
        new.know(entries)
        vars(self).update({name: vars(new)[name] for name in STANDS}, _shown=set(entries))

    def _apply(self, key: str, value: bytes | None) -> None:
        """Bytes that are no JSON change nothing."""
        kind, _, name = key.partition("/")
        try:
            record = orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            return
        self._known.pop(key, None)
        if value:
            self._known[key] = value
        said: Mapping[str, Any] | None = record if isinstance(record, dict) else None
        match kind:
            case "opd":
                _put(self.opds, name, said)
            case "adopted":
                _put(self.adopted, name, _text(said.get("id")) if said else None)
                _put(self.adopted_for, name, _text(said.get("opd")) if said else None)
            case "issued":
                _put(self.issued, name, said)
            case "name":
                _put(self.names, name, _text(said.get("opd")) if said else None)
            case "token" if record is None:
                self.revoked.discard(name)
            case "token":
                self.revoked.add(name)

    def _keep(self, entries: Sequence[Entry]) -> None:
        for kept in self._kept if entries else ():
            kept.write(entries)

    def _tell_lost(self) -> None:
        """Health shows that Kafka holds less than a store; the number is what the metrics see."""
        lost = len(self.lost)
        if lost and not self.progress.left_alone:
            log.error("directory_lost", entries=lost)
        self.progress.left_alone = f"directory_lost: {lost} entries that a store knows are not on Kafka; they stand" if lost else None


def _put(entries: dict[str, V], name: str, value: V | None) -> None:
    if value is None:
        entries.pop(name, None)
    else:
        entries[name] = value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


async def put_record(kafka: Kafka, key: str, value: Mapping[str, Any] | None) -> None:
    """Write one record of the directory, durable on return (an operator's command). None takes back what the one before said."""
    await send(kafka, [(DIRECTORY_TOPIC, key.encode(), orjson.dumps(value))])
