"""Where events lie, as the checker sees it: journals and Kafka's sorted runs, each as submissions in the order of their ids.

In: a range of submission ids; out: every submission of the range with its facts in each source.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol
from uuid import UUID

from archive.facts import ROW_BYTES, Fact, Known, Lies, Read, fact_of_row, lies_at, read_quickly, unpack
from archive.runs import merged
from archive.scan import bytes_file
from events.recorder import Store
from events.submission import Head

ROWS_A_SELECT: Final = 1_000


Raws = Callable[[], Sequence[bytes]]


class Group(NamedTuple):
    """A submission in one source. `facts` gives its facts: what another source already said of the same bytes need not be found out again.

    `raws`: the bytes of each fact, read when they are asked for; `head`: what a journal keeps as its head; `lawful`: the hashes of events
    that are known to keep the law after those that they follow.
    """

    submission: bytes
    facts: Callable[[Known], list[Fact]]
    raws: Raws = tuple
    head: Head | None = None
    lawful: Callable[[], frozenset[bytes]] = frozenset


class Held(NamedTuple):
    """What a source holds of one submission. `in_journal`: with a head, and nothing but what was admitted."""

    facts: list[Fact]
    raws: Raws = tuple
    head: Head | None = None
    in_journal: bool = False
    lawful: Callable[[], frozenset[bytes]] = frozenset


IdRange = tuple[bytes, bytes]
"""The first and the last submission id, 16 bytes each; both belong to it."""
ALL: Final[IdRange] = (bytes(16), b"\xff" * 16)


class Source(Protocol):
    """A copy of the log."""

    def groups(self, ids: IdRange) -> Iterator[Group]:
        """Each submission of the range once, ids rising; its facts in the order in which a reader meets them."""
        ...


@dataclass(frozen=True)
class JournalSource:
    store: Store
    read: Read = read_quickly

    def groups(self, ids: IdRange) -> Iterator[Group]:
        """Also heads without events."""
        heads = _heads_of(self.store, ids)
        head = next(heads, None)
        for submission, found in groupby(rows_of(self.store, ids), key=lambda row: row[0]):
            while head and head.submission_id < submission:
                yield Group(head.submission_id.bytes, _none, head=head)
                head = next(heads, None)
            rows, own = list(found), head if head and head.submission_id == submission else None
            yield Group(submission.bytes, partial(self._facts, submission.bytes, rows), partial(_states, rows), own)
            head = next(heads, None) if own else head
        while head:
            yield Group(head.submission_id.bytes, _none, head=head)
            head = next(heads, None)

    def _facts(self, submission: bytes, rows: Sequence[tuple[UUID, int, bytes]], known: Known) -> list[Fact]:
        return [fact_of_row(submission, version, raw, read=self.read, known=known) for _, version, raw in rows]


@dataclass(frozen=True)
class KafkaRuns:
    """What was read from the log topic, as files of `archive.runs`, with the records' bytes in files beside them (`archive.scan`)."""

    paths: Sequence[Path]
    _files: dict[int, BinaryIO] = field(default_factory=dict, compare=False)

    def close(self) -> None:
        for file in self._files.values():
            file.close()

    def groups(self, ids: IdRange) -> Iterator[Group]:
        for submission, found in groupby(merged(self.paths, ROW_BYTES, first=ids[0], last=ids[1]), key=lambda row: row[:16]):
            rows = list(found)
            yield Group(submission, partial(_unpacked, rows), partial(self._bytes, rows), lawful=partial(_lawful_in, rows))

    def _bytes(self, rows: Sequence[bytes]) -> list[bytes]:
        return [self._bytes_of(lies_at(row)) for row in rows]

    def _bytes_of(self, lies: Lies) -> bytes:
        if lies.file not in self._files:
            self._files[lies.file] = bytes_file(self.paths[0].parent, lies.file).open("rb")
        return os.pread(self._files[lies.file].fileno(), lies.length, lies.offset)


def _states(rows: Sequence[tuple[UUID, int, bytes]]) -> list[bytes]:
    return [raw for _, _, raw in rows]


def _unpacked(rows: Sequence[bytes], _: Known) -> list[Fact]:
    return [unpack(row) for row in rows]


def _lawful_in(rows: Sequence[bytes]) -> frozenset[bytes]:
    return frozenset(unpack(row).hash for row in rows if lies_at(row).lawful)


def joined(sources: Mapping[str, Source], ids: IdRange) -> Iterator[tuple[bytes, dict[str, Held]]]:
    """Every submission that any source holds, ids rising, with what each source holds of it; nothing where it is not."""
    streams = {name: source.groups(ids) for name, source in sources.items()}
    firsts = {name: next(stream, None) for name, stream in streams.items()}
    while any(firsts.values()):
        lowest = min(first.submission for first in firsts.values() if first)
        held: dict[str, Held] = {}
        known: dict[bytes, Fact] = {}
        for name, first in firsts.items():
            if first is None or first.submission != lowest:
                held[name] = Held([])
                continue
            held[name] = Held(first.facts(known), first.raws, first.head, isinstance(sources[name], JournalSource), first.lawful)
            firsts[name] = next(streams[name], None)
            known = known or {fact.hash: fact for fact in held[name].facts if fact.type}
        yield lowest, held


def split(parts: int) -> list[IdRange]:
    """The ids in so many ranges of the same width: ids are hashes, so they hold about the same."""
    edges = [i * 2**32 // parts for i in range(parts + 1)]
    return [(low.to_bytes(4, "big") + bytes(12), (high - 1).to_bytes(4, "big") + b"\xff" * 12) for low, high in pairwise(edges)]


def only(submission: UUID) -> IdRange:
    return submission.bytes, submission.bytes


def _none(_: Known) -> list[Fact]:
    return []


def _heads_of(store: Store, ids: IdRange) -> Iterator[Head]:
    first, last = UUID(bytes=ids[0]), UUID(bytes=ids[1])
    after = UUID(int=first.int - 1) if first.int else None
    while heads := store.select_heads_in_key_order(after, ROWS_A_SELECT, last):
        yield from heads
        after = heads[-1].submission_id


def rows_of(store: Store, ids: IdRange) -> Iterator[tuple[UUID, int, bytes]]:
    """Events of a journal by (submission id, sequence): id, sequence and bytes."""
    after, upto = (ids[0].hex(), -1), ids[1].hex()
    while rows := store.select_in_key_order(after, ROWS_A_SELECT, upto):
        yield from rows
        after = rows[-1][0].hex, rows[-1][1]
