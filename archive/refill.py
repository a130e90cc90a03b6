"""What journals hold and Kafka's log lacks: journals and the log in; how much each journal can put back, and the log made whole, out.

Measured by what a lane would have that read the log from its beginning now: the rest of each submission's chain is written again, in order,
as its own bytes. What is there already is dropped by every lane by its key. Stopped and started again, it goes on.
"""

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from archive.facts import NOBODY, Fact
from archive.proof import FEW, JournalAt
from archive.scan import LogAt, Scan, scan_all
from archive.sources import ALL, Held, JournalSource, KafkaRuns, Source, joined
from archive.verdicts import judge
from archive.workers import Progress, processors, sharing, silent
from bus.reader import spans_if_there, writer
from events.journal import Entry
from events.recorder import Row
from events.stores import open_reader

KAFKA: Final = "kafka"
ROWS_A_SEND: Final = 1_000
LOOKS: Final = 5


class Rest(NamedTuple):
    """What the log lacks of one submission, from a place in its chain on; `holders` can put all of it back."""

    submission: uuid.UUID
    raws: Sequence[bytes]
    holders: Sequence[str]


@dataclass
class Lacking:
    """`journals`: how many of these events each can put back.

    `differing`: submissions of which something else stands on the log too, or in another journal.
    """

    events: int = 0
    submissions: int = 0
    journals: Counter[str] = field(default_factory=Counter)
    differing: list[str] = field(default_factory=list)

    def add(self, rest: Rest) -> None:
        self.events += len(rest.raws)
        self.submissions += 1
        self.journals.update(dict.fromkeys(rest.holders, len(rest.raws)))


def lacking(journals: Sequence[JournalAt], log: LogAt, *, progress: Progress = silent) -> Lacking:
    """Writes nothing. What a lane has not sent yet counts too. Raises StoreRefused, LogUnreachable."""
    found = Lacking()
    with _compared(journals, log, progress) as sources:
        for rest in _rests(sources, found):
            found.add(rest)
    return found


def refill(journals: Sequence[JournalAt], log: LogAt, *, progress: Progress = silent) -> Lacking:
    """Returns what was written. The topic must be there. Raises StoreRefused, LogUnreachable.

    Looked at again until nothing was written: a lane that runs may have sent a step meanwhile, ahead of those that were written before it.
    """
    written = Lacking()
    for _ in range(LOOKS):
        before, written.differing = written.events, []
        with _compared(journals, log, progress) as sources:
            asyncio.run(_write(log, _rests(sources, written), written))
        if written.events == before:
            break
    return written


async def _write(log: LogAt, rests: Iterator[Rest], written: Lacking) -> None:
    entries: list[Entry] = []
    async with writer(log.kafka, log.topic) as write:
        for rest in rests:
            written.add(rest)
            entries += [Entry(0, Row.COPY, rest.submission, raw) for raw in rest.raws]
            if len(entries) >= ROWS_A_SEND:
                await write(entries)
                entries = []
        await write(entries)


@contextmanager
def _compared(journals: Sequence[JournalAt], log: LogAt, progress: Progress) -> Iterator[Mapping[str, Source]]:
    """The log as sorted files beside the journals, for the length of a block."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="jejak-refill-")))
        wanted = asyncio.run(spans_if_there(log.kafka, log.topic))
        parts = processors() if sum(after - first for first, after in wanted.values()) > FEW else 1
        with sharing(parts, progress) as share:
            paths = scan_all(Scan(log, wanted, directory, "log"), share, parts) if wanted else []
        sources: dict[str, Source] = {KAFKA: KafkaRuns(paths)}
        for journal in journals:
            store = open_reader(journal.address, journal.lane)
            stack.callback(store.close)
            sources[journal.name] = JournalSource(store)
        yield sources


def _rests(sources: Mapping[str, Source], found: Lacking) -> Iterator[Rest]:
    """Of every submission whose chain on the log ends too early; those that differ somewhere are noted."""
    for submission, held in joined(sources, ALL):
        chains = {name: chain for name, there in held.items() if name != KAFKA and (chain := _chain(there))}
        if submission == NOBODY or not chains:
            continue
        longest = max(chains.values(), key=len)
        on_log = held[KAFKA].facts
        if any(list(chain) != list(longest[: len(chain)]) for chain in (*chains.values(), judge(on_log).hashes[: len(longest)])):
            found.differing.append(str(uuid.UUID(bytes=submission)))
        if (taken := _taken(longest, on_log)) < len(longest):
            holders = [name for name, chain in chains.items() if len(chain) == len(longest)]
            yield Rest(uuid.UUID(bytes=submission), held[holders[0]].raws()[taken:], holders)


def _taken(chain: Sequence[bytes], on_log: Sequence[Fact]) -> int:
    """How much of a chain one has that reads the log from its beginning, whatever else stands between."""
    taken = 0
    for fact in on_log:
        taken += taken < len(chain) and fact.hash == chain[taken]
    return taken


def _chain(held: Held) -> Sequence[bytes]:
    """The hashes of a whole chain; nothing of one with faults: it puts nothing back."""
    verdict = judge(held.facts)
    return () if verdict.faults else verdict.hashes
