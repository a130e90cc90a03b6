"""May this record enter the journal? Records and what the journal holds in; drafts of transactions, duplicates and dead letters out. Pure.

Nothing is read or written here: `Draft` is what one transaction will write, `admitted` judges one record against it.
"""

import base64
import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NamedTuple

import orjson

from events.contracts import MOST, check_event
from events.lawful import Heirs, lawful
from events.recorder import Batch, EventRow, Letter, LetterKind, Mark, Row
from events.submission import TELL_CONTENT, Head, Recorded, hash_of

UNJUDGEABLE: Final = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError)
"""What pure judging can raise over bytes that the contract took."""
MANY: Final = 1_000
"""Records of a batch behind which there are more."""
FEW: Final = 100
"""Of a source that is not what fills a batch."""
APPLIED: Final = "applied"
DUPLICATE: Final = "duplicate"
_ID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Record(NamedTuple):
    """One Kafka record, unread: anything may be in it.

    `generation`: how many losses of its source were ended before. `timestamp`: as Kafka keeps it, milliseconds since 1970.
    Nothing is judged by `headers`.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    raw: bytes | None
    cluster: str = ""
    generation: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = ()

    @property
    def source(self) -> str:
        return source_of(self.cluster, self.topic, self.partition, self.generation)


class Outcome(NamedTuple):
    """What becomes of one record: own events and letters to write, and the word it is counted under.

    `claims`: numbers that nobody else may have, as positions that only rise.
    """

    counted: str
    events: tuple[Recorded, ...] = ()
    letters: tuple[Letter, ...] = ()
    claims: tuple[tuple[str, int], ...] = ()


_DONE: Final = {code: Outcome(code) for code in (APPLIED, DUPLICATE)}


@dataclass
class Draft:
    """What the next transaction shall write, judged one after the other: later records see what earlier ones led to."""

    heads: dict[uuid.UUID, Head]
    heirs: Heirs
    stored: dict[tuple[uuid.UUID, int], bytes] = field(default_factory=dict)
    """Events of this draft by stream and sequence, and those of the journal that were looked up."""
    events: list[EventRow] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    told: dict[uuid.UUID, Head] = field(default_factory=dict)
    moved: dict[uuid.UUID, Head] = field(default_factory=dict)
    """Heads whose content is told anew, and those that only moved on."""
    claims: dict[str, int] = field(default_factory=dict)

    def follow(self, row: Row, stream: uuid.UUID, said: Mapping[str, Any], raw: bytes, digest: str) -> str:
        """Add an event if it lawfully follows its submission's head. Returns APPLIED or the fault's code."""
        head = lawful(self.heads.get(stream), said, digest, self.heirs)
        if isinstance(head, str):
            return head
        self.heads[stream] = head
        if said["type"] in TELL_CONTENT or stream in self.told:
            self.told[stream] = head
            self.moved.pop(stream, None)
        else:
            self.moved[stream] = head
        self.stored[stream, head.sequence] = raw
        self.events.append(EventRow(row, stream, head.sequence, raw))
        return APPLIED

    def write(self, recorded: Recorded) -> bool:
        """Add an own event; False when it does not follow."""
        return self.follow(Row.OWN, recorded.event.submission_id, recorded.said, recorded.raw, recorded.hash) == APPLIED

    def batch(self, positions: Mapping[str, int], marks: Sequence[Mark] = (), ends: Sequence[Mark] = ()) -> Batch:
        positions = {**positions, **self.claims}
        return Batch(self.events, list(self.told.values()), list(self.moved.values()), self.letters, positions, marks, ends)


@lru_cache(maxsize=4096)
def source_of(cluster: str, topic: str, partition: int, generation: int = 0) -> str:
    """The name of an inbox position. A new Kafka cluster counts from zero again, so the cluster is part of it.

    So does a topic that lost records and goes on by the operator's word: it is another generation of the same source.
    """
    base = f"{cluster}/{topic}/{partition}"
    return f"{base}~{generation}" if generation else base


def place_in(source: str) -> tuple[str, str, int, int]:
    """Cluster, topic, partition and generation of a source's name."""
    cluster, topic, last = source.split("/")
    partition, _, generation = last.partition("~")
    return cluster, topic, int(partition), int(generation or 0)


def taken_of(records: Sequence[Record]) -> tuple[dict[str, int], list[Mark], list[Mark]]:
    """For each source, the position after these records, the last of them, and whether that one stays to be found again.

    Far from the end of a source nothing is cut: it fills a batch, or most of one.
    """
    sources = [r.source for r in records]
    last = dict(zip(sources, records, strict=True))
    marks = [mark_of(r) for r in last.values()]
    counted = Counter(sources) if len(records) >= MANY else {}
    ends = [mark for mark in marks if counted.get(mark.source, 0) < FEW]
    return {source: r.offset + 1 for source, r in last.items()}, marks, ends


def mark_of(record: Record) -> Mark:
    """By its time too: the same bytes that were sent again are another record."""
    return Mark(record.source, record.offset, f"{record.timestamp}:{hash_of_record(record.key, record.raw)}")


def is_marked(mark: Mark, key: bytes | None, raw: bytes | None, timestamp: int) -> bool:
    """Is it the record of this mark? Marks of an earlier program hold no time."""
    digest = hash_of_record(key, raw)
    return mark.hash in (f"{timestamp}:{digest}", digest)


def hash_of_record(key: bytes | None, raw: bytes | None) -> str:
    """SHA-256 (hex) over key and value, each as its length (8 bytes, big-endian, signed; -1 when there is none) and its bytes."""
    digest = hashlib.sha256()
    for part in (key, raw):
        digest.update((-1 if part is None else len(part)).to_bytes(8, "big", signed=True) + (part or b""))
    return digest.hexdigest()


def outcome_of(record: Record, code: str) -> Outcome:
    """Of a record of the log, by what `admitted` says."""
    return _DONE[code] if code in (APPLIED, DUPLICATE) else dead_letter(record, code)


def dead_letter(record: Record, code: str) -> Outcome:
    """Kept with its raw bytes and where they came from."""
    about = place_of(record) | {
        "error": code,
        "key": base64.b64encode(record.key).decode() if record.key is not None else None,
        "tombstone": record.raw is None,
    }
    letter = Letter(LetterKind.DEAD_LETTER, record.source, record.offset + 1, code, orjson.dumps(about), record.raw or b"")
    return Outcome(code, letters=(letter,))


def place_of(record: Record) -> dict[str, object]:
    """`record`: its mark, by which it is known to be the same when its topic is read anew."""
    place = {"cluster": record.cluster, "topic": record.topic, "partition": record.partition, "offset": record.offset}
    place["record"] = mark_of(record).hash
    return place | ({"generation": record.generation} if record.generation else {})


def read_safely(raw: bytes | None) -> dict[str, Any] | None:
    """An event that keeps its contract, as plain JSON."""
    said = said_in(raw)
    return said if raw is not None and is_event(raw, said) else None


def is_event(raw: bytes, said: Mapping[str, Any]) -> bool:
    """Anything may come in, nothing is raised. `said`: what the safe parser (`said_in`) found in the bytes."""
    try:
        check_event(raw, said)
    except (ValueError, RecursionError):
        return False
    return True


def admitted(record: Record, stream: uuid.UUID | None, draft: Draft, behind: Callable[[], dict[tuple[uuid.UUID, int], bytes]]) -> str:
    """`stream`: the submission that the key names; `behind` looks up events that are not the newest of theirs.

    What lies in the journal byte for byte needs no second look: only what is new is read as an event.
    """
    if record.raw is None:
        return "tombstone"
    head, digest = draft.heads.get(stream) if stream else None, hash_of(record.raw)
    if head and head.hash == digest:
        return DUPLICATE  # what is in the journal needs no second look
    said = said_in(record.raw)
    names_its_key, sequence = str(said.get("submission_id")).encode() == record.key, said.get("sequence")
    if stream and head and names_its_key and type(sequence) is int and 0 < sequence <= head.sequence:
        claimed = (stream, sequence)
        if claimed not in draft.stored:
            draft.stored |= behind()
        if draft.stored.get(claimed) == record.raw:
            return DUPLICATE
    if not is_event(record.raw, said):
        return "unreadable"
    if stream is None or not names_its_key:
        return "wrong_key"
    if head and said["sequence"] <= head.sequence:
        return "fork"
    try:
        return draft.follow(Row.COPY, stream, said, record.raw, digest)
    except UNJUDGEABLE:  # nothing of it is in the draft yet; one record must not stop all lanes
        return "unreadable"


def stream_in(key: bytes | None) -> uuid.UUID | None:
    """The submission that a key names, in the one spelling that lanes use."""
    if key is None or not _ID.fullmatch(key):
        return None
    return _stream(key)


@lru_cache(maxsize=4096)
def _stream(key: bytes) -> uuid.UUID:
    """One object for all events of a submission: dictionaries find it without comparing, which is slow with `uuid`."""
    return uuid.UUID(int=int(key.replace(b"-", b""), 16))


def key_claimed(raw: bytes | None) -> tuple[uuid.UUID, int] | None:
    """The stream and sequence that a record claims, if it claims any; nothing else of it is judged here."""
    said = said_in(raw)
    stream, sequence = stream_in(str(said.get("submission_id")).encode()), said.get("sequence")
    return (stream, sequence) if stream and type(sequence) is int and 0 < sequence <= MOST else None


def said_in(raw: bytes | None) -> dict[str, Any]:
    """A record as plain JSON, not judged: anything may come in, nothing is raised. Empty where it is no object."""
    try:
        said = orjson.loads(raw or b"")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
