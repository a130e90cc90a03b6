"""Where events lie, as the checker sees it: journals and Kafka's sorted runs, each as submissions in the order of their ids.

In: a range of submission ids; out: every submission of the range with its facts in each source.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, Protocol
from uuid import UUID

from archive.facts import ROW_BYTES, Fact, Known, Read, fact_of_row, read_quickly, unpack
from archive.runs import merged
from events.recorder import Store

ROWS_A_SELECT: Final = 1_000
Group = tuple[bytes, Callable[[Known], list[Fact]]]
"""A submission and a function that gives its facts; what another source already said of the same bytes need not be found out again."""
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
        for submission, found in groupby(rows_of(self.store, ids), key=lambda row: row[0]):
            yield submission.bytes, partial(self._facts, submission.bytes, list(found))

    def _facts(self, submission: bytes, rows: Sequence[tuple[UUID, int, bytes]], known: Known) -> list[Fact]:
        return [fact_of_row(submission, version, raw, read=self.read, known=known) for _, version, raw in rows]


@dataclass(frozen=True)
class KafkaRuns:
    """What was read from the log topic, as files of `archive.runs`."""

    paths: Sequence[Path]

    def groups(self, ids: IdRange) -> Iterator[Group]:
        for submission, rows in groupby(merged(self.paths, ROW_BYTES, first=ids[0], last=ids[1]), key=lambda row: row[:16]):
            yield submission, partial(_unpacked, list(rows))


def _unpacked(rows: Sequence[bytes], _: Known) -> list[Fact]:
    return [unpack(row) for row in rows]


def joined(sources: Mapping[str, Source], ids: IdRange) -> Iterator[tuple[bytes, dict[str, list[Fact]]]]:
    """Every submission that any source holds, ids rising, with its facts in each source; an empty list where it is not."""
    streams = {name: source.groups(ids) for name, source in sources.items()}
    heads = {name: next(stream, None) for name, stream in streams.items()}
    while any(heads.values()):
        lowest = min(head[0] for head in heads.values() if head)
        facts: dict[str, list[Fact]] = {}
        known: dict[bytes, Fact] = {}
        for name, head in heads.items():
            here = head is not None and head[0] == lowest
            facts[name] = head[1](known) if head and here else []
            if here:
                heads[name] = next(streams[name], None)
                known = known or {fact.hash: fact for fact in facts[name] if fact.type}
        yield lowest, facts


def split(parts: int) -> list[IdRange]:
    """The ids in so many ranges of the same width: ids are hashes, so they hold about the same."""
    edges = [i * 2**32 // parts for i in range(parts + 1)]
    return [(low.to_bytes(4, "big") + bytes(12), (high - 1).to_bytes(4, "big") + b"\xff" * 12) for low, high in pairwise(edges)]


def only(submission: UUID) -> IdRange:
    return submission.bytes, submission.bytes


def rows_of(store: Store, ids: IdRange) -> Iterator[tuple[UUID, int, bytes]]:
    """Events of a journal by (submission id, sequence): id, sequence and bytes."""
    after, upto = (ids[0].hex(), -1), ids[1].hex()
    while rows := store.select_in_key_order(after, ROWS_A_SELECT, upto):
        yield from rows
        after = rows[-1][0].hex, rows[-1][1]
