"""A lane's journal: its copy of the log, byte for byte, and what it adds. Events in, chained events out.

Everything that must leave the lane (own events, receipts, dead letters) is a row here too, so that one transaction holds a
record's effect, its position in Kafka and what has to be sent because of it. Database errors (`PersistenceError`) pass through.
"""

import base64
import contextlib
import hashlib
import itertools
import secrets
import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import orjson
from eventsourcing.persistence import IntegrityError, Tracking

from events.contracts import EVENT, EVENT_BYTES_LIMIT, Event, Reason, read_event
from events.folds import Folds, hash_of
from events.recent import Headline, Recent, headline_of
from events.stores import Store
from events.submission import BATON, STATE_AFTER, Kind, Refused, Submission, fold

T = TypeVar("T")

CHAINS_KEPT: Final = 20_000
HEX_DIGITS: Final = 32
ATTEMPTS: Final = 8
FIRST: Final = (54, b'","sequence":1,')
"""Where and how our own writers spell the first event of a submission. Only a hint: such a submission is rarely known already."""
OVERTAKEN: Final = f"another writer came first, {ATTEMPTS} times"
STREAMS_A_SELECT: Final = 500
_STREAMS: Final = uuid.uuid5(uuid.NAMESPACE_URL, "jejak:streams")


class Row(StrEnum):
    """What a row of the journal is. OWN was written here and the relay sends it; COPY came from Kafka."""

    OWN = "own"
    COPY = "copy"
    RECEIPT = "receipt"
    DEAD_LETTER = "dead-letter"


ROWS: Final = {str(row): row for row in Row}
APPLIED: Final = "applied"
PEACEFUL: Final = frozenset({APPLIED, "duplicate"})
EVENTS: Final = (Row.OWN, Row.COPY)
OUTGOING: Final = (Row.OWN, Row.RECEIPT, Row.DEAD_LETTER)


class Record(NamedTuple):
    """One Kafka record, unread: anything may be in it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    raw: bytes | None
    cluster: str = ""

    @property
    def source(self) -> str:
        return source_of(self.cluster, self.topic, self.partition)


@dataclass(frozen=True)
class Recorded:
    """An event as it lies in the journal."""

    event: Event
    raw: bytes

    @property
    def hash(self) -> str:
        return hash_of(self.raw)


class Entry(NamedTuple):
    """A row as a follower reads it; `id` rises in commit order."""

    id: int
    row: Row
    stream: uuid.UUID
    raw: bytes


Written = tuple[Row, uuid.UUID, int, bytes]
"""What a row is, its stream, its version there, its bytes."""


class Outcome(NamedTuple):
    """What becomes of one record: rows to write, and the word it is counted under."""

    counted: str
    rows: tuple[Written, ...] = ()


RETURNED: Final = Outcome("duplicate")


class Chain(NamedTuple):
    """Hashes (32 bytes each) of a submission's events so far, and the last event's type."""

    hashes: bytes = b""
    last: str | None = None

    @property
    def sequence(self) -> int:
        return len(self.hashes) // 32

    def grown(self, raw: bytes, event_type: str) -> "Chain":
        return Chain(self.hashes + hashlib.sha256(raw).digest(), event_type)


Chains = dict[int, Chain]
"""By submission id as a number, which is compared much faster than a UUID."""


@dataclass
class Journal:
    """Thread-safe; writes take turns. `on_commit` is called after each commit, `on_outgoing` after those that hold something to send.

    Both are called from the writing thread.
    """

    store: Store
    lane: str
    folding: bool = False
    """Remember the submissions that this lane has yet to decide on, as they come in."""
    on_commit: list[Callable[[], None]] = field(default_factory=list)
    on_outgoing: list[Callable[[], None]] = field(default_factory=list)
    _writing: threading.RLock = field(default_factory=threading.RLock)
    _chains: OrderedDict[int, Chain] = field(default_factory=OrderedDict)
    _away: OrderedDict[tuple[bytes | None, int], bytes] = field(default_factory=OrderedDict)
    _recent: Recent = field(default_factory=Recent)
    _folds: Folds = field(init=False)
    _positions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._folds = Folds(self.lane if self.folding else None)

    # reading

    def history(self, submission_id: uuid.UUID, *, upto: int | None = None, as_of: datetime | None = None) -> list[Recorded]:
        """A submission's events in order, all or up to a sequence or a moment; empty when there is no such submission.

        Never one without those before it: where clocks differ, the history at a moment ends before the first event that is later.
        """
        rows = self.store.select_events(submission_id, lte=upto)
        recorded = [Recorded(EVENT.validate_json(row.state), row.state) for row in rows if row.topic in EVENTS]
        return recorded if as_of is None else list(itertools.takewhile(lambda r: r.event.occurred_at <= as_of, recorded))

    def submission(self, submission_id: uuid.UUID) -> Submission | None:
        return self.submissions([submission_id]).get(submission_id)

    def submissions(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Submission]:
        """As `submission`, for many at once; those that do not exist are left out."""
        remembered = {i: known for i in ids if (known := self._folds.get(i))}
        # Asked of the store each time: another process may have written, or a commit's answer was lost.
        newest = dict(self._in_pieces(self.store.select_newest, list(remembered)))
        found: dict[uuid.UUID, Submission | None] = {i: known for i, known in remembered.items() if known.sequence == newest.get(i)}
        histories = self.histories([i for i in ids if i not in found])
        found |= {i: fold((r.event, r.hash) for r in history) for i, history in histories.items()}
        return {i: submission for i, submission in found.items() if submission}

    def histories(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Recorded]]:
        """As `history`, for many at once."""
        return {i: [Recorded(EVENT.validate_json(raw), raw) for raw in raws] for i, raws in self._streams(ids).items()}

    def position(self, source: str) -> int:
        """The next offset to read from a source (`source_of`)."""
        if source not in self._positions:
            self._positions[source] = self.store.max_tracking_id(source) or 0
        return self._positions[source]

    def stored_position(self, source: str) -> int:
        """As `position`, asked of the store: other processes of the lane move it too."""
        self._positions.pop(source, None)
        return self.position(source)

    def read(self, after: int, limit: int, rows: Sequence[Row], *, upto: int | None = None) -> list[Entry]:
        """Rows committed after an id, in commit order, for followers."""
        return [Entry(i, ROWS[row], stream, raw) for i, row, stream, raw in self.store.select_rows(after, limit, upto, rows)]

    def headlines(self, after: int, limit: int) -> list[tuple[int, Headline]]:
        """Of the events committed after an id, in commit order. What was just written here is still known."""
        if known := self._recent.after(after, limit):
            return known
        return [(entry.id, headline_of(orjson.loads(entry.raw))) for entry in self.read(after, limit, EVENTS)]

    def last_id(self) -> int:
        return self.store.max_notification_id() or 0

    def identity(self) -> int:
        """A number drawn when the journal was made: views built from another journal are known by it."""
        found = self.store.max_tracking_id("identity")
        if found is None:
            with contextlib.suppress(IntegrityError):
                self.store.insert_tracking(Tracking("identity", secrets.randbits(62) + 1))
            found = self.store.max_tracking_id("identity")
        return found or 0

    def cursor(self, follower: str) -> int:
        return self.store.max_tracking_id(f"follower:{follower}") or 0

    # writing

    def skip_to(self, source: str, position: int) -> None:
        """Start reading a source further on than where the journal stands; never back."""
        if position > self.stored_position(source):
            self.store.insert_tracking(Tracking(source, position))
            self._positions[source] = position

    def advance(self, follower: str, entry_id: int) -> None:
        """Remember how far a follower came. Another process may be further already; then that stands."""
        try:
            self.store.insert_tracking(Tracking(f"follower:{follower}", entry_id))
        except IntegrityError:
            if self.cursor(follower) < entry_id:
                raise

    def pass_over(self, source: str, position: int) -> None:
        """Move an inbox on where no record is: marks of transactions. Another process may be further already."""
        with self._writing, contextlib.suppress(IntegrityError):
            self.store.insert_tracking(Tracking(source, position))
        self._positions.pop(source, None)

    def append(self, events: Sequence[Event]) -> list[Recorded]:
        """Write own events, durable on return. Each must follow its submission's newest; else `Refused` (conflict)."""
        recorded = [Recorded(event, event.to_bytes()) for event in events]
        with self._writing:
            chains = self._load({event.submission_id.int for event in events})
            if any(fault(r.event, chains[r.event.submission_id.int]) for r in recorded):
                self._forget(chains)  # another process of the lane may have written meanwhile; the store knows
                chains = self._load({event.submission_id.int for event in events})
            for r in recorded:
                number = r.event.submission_id.int
                chains[number] = _continued(chains[number], r)
            rows = [(Row.OWN, r.event.submission_id, r.event.sequence, r.raw) for r in recorded]
            headlines = [headline_of(orjson.loads(r.raw)) for r in recorded]
            try:
                self._recent.add(self._insert(rows, {}), headlines)
            except IntegrityError as error:
                self._forget(chains)
                if not all(self._holds(r) for r in recorded):
                    raise _stale(recorded[0].event) from error
            self._remember(chains)
            self._folds.follow((r.event, r.raw) for r in recorded)
            self._expect_back(rows)
        self._woken([Row.OWN])
        return recorded

    def _expect_back(self, rows: Iterable[Written]) -> None:
        for row, stream, _, raw in rows:
            if row is Row.OWN:
                self._away[str(stream).encode(), len(raw)] = hashlib.sha256(raw).digest()
        while len(self._away) > CHAINS_KEPT:
            self._away.popitem(last=False)

    def _returned(self, key: bytes | None, raw: bytes) -> bool:
        """Is this an own event, come back from Kafka as it was sent? Then it needs no second look: it is a duplicate."""
        digest = self._away.pop((key, len(raw)), None)
        return digest is not None and digest == hashlib.sha256(raw).digest()

    def replicate(self, records: Sequence[Record]) -> list[Outcome]:
        """Copy a batch of log records, in order within each partition, together with its positions, in one transaction.

        Every record ends as applied, duplicate (dropped) or dead letter; records below the stored position are not counted.
        """
        trusted = False
        with self._writing:
            for _ in range(ATTEMPTS):
                fresh = [r for r in records if r.offset >= self.position(r.source)]
                if not fresh:
                    return []
                chains = self._load({n for r in fresh if (n := _number_in(r)) is not None}, but_new=() if trusted else _begun_in(fresh))
                outcomes, headlines, events = self._copied(fresh, chains)
                if not trusted and any(outcome.counted not in PEACEFUL for outcome in outcomes):
                    trusted = True  # before a record is set aside its chain is read from the store, past what we remember
                    self._forget(chains)
                elif self._inserted(outcomes, {r.source: r.offset + 1 for r in fresh}, headlines):
                    self._remember(chains)
                    self._folds.follow(events)
                    break
                else:
                    trusted = True
                    self._forget(chains)
            else:
                raise IntegrityError(OVERTAKEN)
        self._woken(row[0] for outcome in outcomes for row in outcome.rows)
        return outcomes

    def _copied(self, fresh: Sequence[Record], chains: Chains) -> tuple[list[Outcome], list[Headline | None], list[tuple[Event, bytes]]]:
        """Outcomes; a headline for each of their rows; what is to be remembered, so that nothing else of an event is kept longer."""
        outcomes: list[Outcome] = []
        headlines: list[Headline | None] = []
        events: list[tuple[Event, bytes]] = []
        for record in fresh:
            if record.raw and self._returned(record.key, record.raw):
                outcomes.append(RETURNED)
                continue
            read = read_safely(record.raw)
            outcome = _replicated(record, read, chains)
            outcomes.append(outcome)
            if read and outcome.counted == APPLIED:
                headlines.append(headline_of(read[1]))
                if self.folding:
                    events.append((read[0], outcome.rows[0][3]))
            else:
                headlines.extend(None for _ in outcome.rows)
        return outcomes, headlines, events

    def take(self, records: Sequence[Record], judge: Callable[[Sequence[Record]], list[Outcome]]) -> list[Outcome]:
        """As `replicate`, with the lane's own judgement, which may take its time: it is asked outside the turn for writing,
        and again when another writer was first.
        """
        for _ in range(ATTEMPTS):
            fresh = [r for r in records if r.offset >= self.position(r.source)]
            if not fresh:
                return []
            outcomes = judge(fresh)
            rows = [row for outcome in outcomes for row in outcome.rows]
            headlines = [headline_of(orjson.loads(row[3])) if row[0] is Row.OWN else None for row in rows]
            begun = {
                row[1].int: Chain().grown(row[3], told.type) for row, told in zip(rows, headlines, strict=True) if told and row[2] == 1
            }
            with self._writing:
                if self._inserted(outcomes, {r.source: r.offset + 1 for r in fresh}, headlines):
                    self._expect_back(rows)
                    self._remember(begun)
                    break
        else:
            raise IntegrityError(OVERTAKEN)
        self._woken(row[0] for outcome in outcomes for row in outcome.rows)
        return outcomes

    def _inserted(self, outcomes: Sequence[Outcome], positions: Mapping[str, int], headlines: Sequence[Headline | None]) -> bool:
        """Rows and positions in one transaction; False: another writer was first, and nothing was written."""
        try:
            self._recent.add(self._insert([row for outcome in outcomes for row in outcome.rows], positions), headlines)
        except IntegrityError:
            for source in positions:
                self._positions.pop(source, None)
            return False
        self._positions.update(positions)
        return True

    def _insert(self, rows: Sequence[Written], positions: Mapping[str, int]) -> int | None:
        return self.store.insert_rows([(str(row), stream, version, raw) for row, stream, version, raw in rows], positions)

    def _holds(self, recorded: Recorded) -> bool:
        event = recorded.event
        return any(r.raw == recorded.raw for r in self.history(event.submission_id, upto=event.sequence))

    def _load(self, numbers: set[int], *, but_new: Collection[int] = ()) -> Chains:
        """`but_new`: where nothing is remembered of these, nothing is looked for; should the store know them, writing will fail."""
        known = self._chains
        chains = {number: known[number] for number in numbers if number in known}
        chains |= {number: Chain() for number in but_new if number not in chains}
        for stream, raws in self._streams([uuid.UUID(int=number) for number in numbers if number not in chains]).items():
            hashes = b"".join(hashlib.sha256(raw).digest() for raw in raws)
            chains[stream.int] = Chain(hashes, orjson.loads(raws[-1])["type"] if raws else None)
        return chains

    def _streams(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[bytes]]:
        streams: dict[uuid.UUID, list[bytes]] = {i: [] for i in ids}
        for stream, raw in self._in_pieces(self.store.select_streams, ids):
            streams[stream].append(raw)
        return streams

    def _in_pieces(self, select: Callable[[Sequence[uuid.UUID]], Sequence[T]], ids: Sequence[uuid.UUID]) -> Iterator[T]:
        for start in range(0, len(ids), STREAMS_A_SELECT):
            yield from select(ids[start : start + STREAMS_A_SELECT])

    def _forget(self, chains: Mapping[int, Chain]) -> None:
        for stream in chains:
            self._chains.pop(stream, None)

    def _remember(self, chains: Mapping[int, Chain]) -> None:
        for stream, chain in chains.items():
            if chain.last:  # of an empty one nothing is known
                self._chains[stream] = chain
                self._chains.move_to_end(stream)
        while len(self._chains) > CHAINS_KEPT:
            self._chains.popitem(last=False)

    def _woken(self, written: Iterable[Row]) -> None:
        for wake in [*(self.on_outgoing if any(row in OUTGOING for row in written) else ()), *self.on_commit]:
            wake()


@lru_cache(maxsize=4096)
def source_of(cluster: str, topic: str, partition: int) -> str:
    """The name of an inbox position. A new Kafka cluster counts from zero again, so the cluster is part of it."""
    return f"{cluster}/{topic}/{partition}"


def fault(event: Event, chain: Chain) -> str | None:
    """What is wrong with this event as the next of its chain, or nothing. Codes of dead letters."""
    if event.sequence != chain.sequence + 1:
        return "gap"
    if (event.previous or "") != chain.hashes[-32:].hex():
        return "broken_chain"
    state = STATE_AFTER[chain.last] if chain.last else None
    return None if event.type in BATON[state].next else "out_of_turn"


def dead_letter(record: Record, code: str) -> Outcome:
    """Kept with its raw bytes and where they came from; the stream and version make it unique."""
    about = place_of(record) | {
        "error": code,
        "key": base64.b64encode(record.key).decode() if record.key is not None else None,
        "tombstone": record.raw is None,
    }
    return Outcome(
        code, ((Row.DEAD_LETTER, stream_of("dead-letters", record.source), record.offset + 1, framed(about, record.raw or b"")),)
    )


def place_of(record: Record) -> dict[str, object]:
    return {"cluster": record.cluster, "topic": record.topic, "partition": record.partition, "offset": record.offset}


def framed(about: Mapping[str, object], raw: bytes) -> bytes:
    """A row that is no event: one line of JSON about it, then the bytes to send."""
    return orjson.dumps(about) + b"\n" + raw


def unframed(row: bytes) -> tuple[dict[str, Any], bytes]:
    line, _, raw = row.partition(b"\n")
    about: dict[str, Any] = orjson.loads(line)
    return about, raw


@lru_cache(maxsize=1024)
def stream_of(what: str, source: str) -> uuid.UUID:
    """The stream of what one partition's records led to (receipts, dead letters); version = offset + 1."""
    return uuid.uuid5(_STREAMS, f"{what}:{source}")


def _number_in(record: Record) -> int | None:
    """The submission id that a record's key seems to be, as a number."""
    digits = (record.key or b"").replace(b"-", b"")
    try:
        return int(digits, 16) if len(digits) == HEX_DIGITS else None
    except ValueError:
        return None


def _begun_in(records: Sequence[Record]) -> set[int]:
    """Submissions that seem to begin in these records."""
    at, spelt = FIRST
    return {number for r in records if r.raw and r.raw.startswith(spelt, at) and (number := _number_in(r)) is not None}


def read_safely(raw: bytes | None) -> tuple[Event, dict[str, Any]] | None:
    """The safe parser: anything may come in, nothing is raised."""
    try:
        return read_event(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return None


def _replicated(record: Record, read: tuple[Event, dict[str, Any]] | None, chains: Chains) -> Outcome:
    raw = record.raw
    if raw is None:
        return dead_letter(record, "tombstone")
    if read is None:
        return dead_letter(record, "unreadable")
    event, said = read
    stream = event.submission_id
    if record.key != said["submission_id"].encode():
        return dead_letter(record, "wrong_key")
    chain = chains[stream.int]
    if event.sequence <= chain.sequence:
        known = chain.hashes[32 * (event.sequence - 1) : 32 * event.sequence]
        return Outcome("duplicate") if hashlib.sha256(raw).digest() == known else dead_letter(record, "fork")
    if code := fault(event, chain):
        return dead_letter(record, code)
    chains[stream.int] = chain.grown(raw, event.type)
    return Outcome(APPLIED, ((Row.COPY, stream, event.sequence, raw),))


def _continued(chain: Chain, recorded: Recorded) -> Chain:
    if fault(recorded.event, chain):
        raise _stale(recorded.event)
    if len(recorded.raw) > EVENT_BYTES_LIMIT:
        raise Refused(Kind.INVALID, Reason(code="too_large", note=f"Metadata terlalu besar: paling banyak {EVENT_BYTES_LIMIT} bita."))
    return chain.grown(recorded.raw, recorded.event.type)


def _stale(event: Event) -> Refused:
    return Refused(Kind.CONFLICT, Reason(code="stale", field="expected_sequence", note="Data sudah berubah. Muat ulang halaman."))
