"""The checker: journals, Kafka, or all of them against each other in; every exact difference out, with memory that does not grow.

Kafka is read once, partition by partition, into sorted files of facts; journals are read in the order of submission ids. Then one
pass over the ids judges each submission in each source and compares them (`archive.verdicts`). Both steps use all processors.
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from archive import law
from archive.facts import NOBODY, Read, partition_and_offset, read_quickly
from archive.scan import LogAt, Scan, scan_all, scanned
from archive.sources import ALL, Held, IdRange, JournalSource, KafkaRuns, Source, joined, only, split
from archive.verdicts import Fault, Verdict, agree, compare
from archive.workers import Progress, count, processors, sharing, silent
from bus.reader import Span, spans
from events.alarms import begins_on_log
from events.lawful import NOBODY_MOVED, Heirs
from events.stores import open_reader

LISTED: Final = 1_000
RANGES: Final = 16
COUNTED_EVERY: Final = 1_000
FEW: Final = 20_000
"""Up to so many records, starting processes takes longer than reading them here."""
SETTLE_S: Final = 5.0
LOOK_AGAIN_S: Final = 0.3
SETTLE_AT_MOST: Final = 200
KAFKA: Final = "kafka"
LAGGING: Final = frozenset({"missing", "extra", law.HEAD})


@dataclass(frozen=True)
class JournalAt:
    """A journal by address; `name` is how differences call it."""

    name: str
    address: str
    lane: str


@dataclass(frozen=True)
class Difference:
    """What is wrong, exactly where: no submission when a record does not say whose it is, no sequence when not which event."""

    submission_id: str | None
    sequence: int | None
    where: str
    what: str


@dataclass
class Report:
    """`events`: in the longest chain of each submission; `sources`: in each source; `unlisted`: differences past the first thousand."""

    events: int = 0
    submissions: int = 0
    differences: list[Difference] = field(default_factory=list)
    unlisted: int = 0
    sources: dict[str, int] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.differences and not self.unlisted

    def add(self, other: "Report") -> None:
        self.events += other.events
        self.submissions += other.submissions
        self.unlisted += other.unlisted
        for difference in other.differences:
            self.note(difference)
        for name, events in other.sources.items():
            self.sources[name] = self.sources.get(name, 0) + events

    def note(self, difference: Difference) -> None:
        if len(self.differences) < LISTED:
            self.differences.append(difference)
        else:
            self.unlisted += 1


def check(sources: Mapping[str, Source], ids: IdRange = ALL, heirs: Heirs = NOBODY_MOVED) -> Report:
    """Judge and compare the submissions of a range, in this process. The one function behind every check."""
    report = Report(sources=dict.fromkeys(sources, 0))
    seen = 0
    for submission, held in joined(sources, ids):
        verdicts, forbidden = law.verdicts_of(held, heirs)
        for name, verdict in verdicts.items():
            report.sources[name] += len(verdict.hashes)
            seen += len(verdict.facts)
        report.events += max(len(verdict.hashes) for verdict in verdicts.values())
        report.submissions += submission != NOBODY
        if not agree(verdicts.values()):
            for where, fault in compare(verdicts):
                report.note(_difference(submission, where, fault))
        for where, fault in (*forbidden, *_unlawful(held, verdicts, heirs)):
            report.note(_difference(submission, where, fault))
        if seen >= COUNTED_EVERY:
            count(seen)
            seen = 0
    return report


def _unlawful(held: Mapping[str, Held], verdicts: Mapping[str, Verdict], heirs: Heirs) -> Iterator[tuple[str, Fault]]:
    """The law and the heads, in each journal whose chain holds. The same bytes break the same law: that is asked and named once."""
    told, judged = set[Fault](), dict[tuple[bytes, ...], law.Judged]()
    for name, found in held.items():
        if not found.in_journal or verdicts[name].faults:
            continue
        hashes = tuple(verdicts[name].hashes)
        if hashes not in judged:
            judged[hashes] = law.judged(found.raws(), hashes, heirs)
        for fault in law.faults(judged[hashes], found.head):
            if fault.what == law.HEAD or fault not in told:
                yield name, fault
            told.add(fault)


def verify(
    journals: Sequence[JournalAt],
    log: LogAt | None = None,
    *,
    submission: uuid.UUID | None = None,
    read: Read = read_quickly,
    processes: int | None = None,
    progress: Progress = silent,
    settle_s: float | None = None,
    pause: Callable[[float], None] = time.sleep,
    heirs: Heirs = NOBODY_MOVED,
) -> Report:
    """Check everything, or one submission. Sources may be written to meanwhile: what only lags is looked at again for a while (seconds).

    `read`: how much of each event is checked; `processes`: None for as many as there are processors. Raises StoreRefused, LogUnreachable.
    """
    with TemporaryDirectory(prefix="jejak-verify-") as directory:
        wanted = asyncio.run(spans(log.kafka, log.topic)) if log else {}
        few = sum(after - first for first, after in wanted.values()) + _rows(journals) <= FEW
        parts = 1 if few else processes or processors()
        with sharing(parts, progress) as share:
            asked = None if journals else dict(heirs)  # where a journal holds the same chain, the law is asked there
            scan = Scan(log, wanted, Path(directory), "log", submission, read, heirs=asked) if log else None
            place = Place(tuple(journals), tuple(scan_all(scan, share, parts)) if scan else None, read, dict(heirs))
            ranges = [only(submission)] if submission else split(RANGES)
            report = Report()
            for part in share(partial(check_at, place), ranges):
                report.add(part)
        settling = Settling(place, scan, pause)
        report = settling.settled(report, settle_s=SETTLE_S if settle_s is None else settle_s)
        if not submission:
            for name in [name for name, events in report.sources.items() if not events]:
                report.note(Difference(None, None, name, "empty"))  # a copy that holds nothing proves nothing
            for found in _without_beginning(place, log, wanted):
                report.note(found)
        return report


def _without_beginning(place: "Place", log: LogAt | None, wanted: Mapping[int, Span]) -> Iterator[Difference]:
    """A log that is kept for ever begins at 0, or where the operator said to every journal here that it may."""
    gone = {partition: first for partition, (first, _) in wanted.items() if first}
    if not log or not gone:
        return
    with _opened(replace(place, runs=None)) as sources:
        said = [begins_on_log(source.store, log.topic) for source in sources.values() if isinstance(source, JournalSource)]
    for partition, first in sorted(gone.items()):
        if first > min((begins.get(partition, 0) for begins in said), default=0):
            yield Difference(None, None, f"{KAFKA} {partition}@{first}", "beginning_gone")


@dataclass(frozen=True)
class Place:
    """The sources by address, as another process can open them; `runs` is None when Kafka is not asked."""

    journals: tuple[JournalAt, ...]
    runs: tuple[Path, ...] | None
    read: Read = read_quickly
    heirs: Mapping[str, str] = field(default_factory=dict)


def check_at(place: Place, ids: IdRange) -> Report:
    with _opened(place) as sources:
        return check(sources, ids, place.heirs)


@contextmanager
def _opened(place: Place) -> Iterator[dict[str, Source]]:
    with ExitStack() as stack:
        sources: dict[str, Source] = {}
        if place.runs is not None:
            sources[KAFKA] = runs = KafkaRuns(place.runs)
            stack.callback(runs.close)
        for journal in place.journals:
            store = open_reader(journal.address, journal.lane)
            stack.callback(store.close)
            sources[journal.name] = JournalSource(store, place.read)
        yield sources


def _rows(journals: Sequence[JournalAt]) -> int:
    with _opened(Place(tuple(journals), None)) as sources:
        return sum(source.store.max_notification_id() or 0 for source in sources.values() if isinstance(source, JournalSource))


@dataclass
class Settling:
    """Lanes may be at work while we look: what differs only by a lag is looked at again, with what Kafka got meanwhile."""

    place: Place
    scan: Scan | None
    pause: Callable[[float], None]

    def settled(self, report: Report, *, settle_s: float) -> Report:
        deadline = time.monotonic() + settle_s
        while time.monotonic() < deadline and (lagging := _lagging(report)):
            self.pause(LOOK_AGAIN_S)
            self._read_on()
            again = Report(report.events, report.submissions, sources=report.sources)
            for difference in report.differences:
                if difference.submission_id not in lagging:
                    again.note(difference)
            for submission in lagging:
                for difference in check_at(self.place, only(uuid.UUID(submission))).differences:
                    again.note(difference)
            report = again
        return report

    def _read_on(self) -> None:
        """What Kafka got since the last look becomes one more file."""
        if self.scan is None or self.place.runs is None:
            return
        now = asyncio.run(spans(self.scan.log.kafka, self.scan.log.topic))
        tail = {partition: (self.scan.wanted.get(partition, (0, 0))[1], after) for partition, (_, after) in now.items()}
        number = len(list(self.scan.directory.glob("*.bytes")))
        files = scanned(replace(self.scan, wanted=tail, prefix=f"tail-{len(self.place.runs)}", number=number))
        self.scan = replace(self.scan, wanted=now)
        self.place = replace(self.place, runs=(*self.place.runs, *files))


def _lagging(report: Report) -> list[str]:
    found = {d.submission_id for d in report.differences if d.submission_id and d.what in LAGGING}
    return sorted(found) if not report.unlisted and len(found) <= SETTLE_AT_MOST else []


def _difference(submission: bytes, where: str, fault: Fault) -> Difference:
    if where.startswith(KAFKA) and fault.place is not None:
        where += " {}@{}".format(*partition_and_offset(fault.place))
    return Difference(str(uuid.UUID(bytes=submission)) if submission != NOBODY else None, fault.sequence or None, where, fault.what)
