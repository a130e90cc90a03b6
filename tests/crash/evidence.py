"""What really lies there: a stage at rest in, everything the checker wants to see out. Reads like an auditor, past the lanes."""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from archive.proof import verify
from archive.scan import LogAt
from bus.kafka import Kafka
from bus.reader import read_topic, spans
from events.contracts import DEAD_LETTERS_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC
from events.recorder import LetterKind, Store
from events.stores import open_reader
from tests.crash.checker import Expected, JournalSeen, Letter, Place, Seen, violations
from tests.crash.lanes import LANES
from tests.crash.load import Load
from tests.crash.plans import OPDS, Plan
from tests.crash.stage import Stage, until

PAGE: Final = 2_000
MANY: Final = 1_000_000


def expected_of(
    load: Load,
    *,
    bad: dict[bytes | None, bool] | None = None,
    forged: Iterable[Letter] = (),
    astray: Iterable[Letter] = (),
) -> Expected:
    return Expected(
        paths={plan.submission_id: plan.path for plan in load.plans},
        good={plan.raw: plan.submission_id for plan in load.plans if not plan.by_http},
        bad=bad or {},
        said=load.said,
        received=load.received,
        datasets={plan.submission_id: plan.dataset_id for plan in load.plans},
        forged=frozenset(forged),
        astray=frozenset(astray),
        surprises=load.surprises,
    )


def events_in(plans: Sequence[Plan]) -> int:
    return sum(len(plan.path) for plan in plans)


def progress(stage: Stage) -> int:
    """Rows in all journals: how far the whole has come, for choosing moments."""
    return sum(stage.row(lane, "SELECT max({id}) FROM {schema}stored_events")[0] for lane in LANES)


def await_progress(stage: Stage, rows: int) -> None:
    until(lambda: progress(stage) >= rows, f"the journals hold {rows} rows")


def await_rest(stage: Stage, load: Load, *, patience_s: float = 420.0) -> None:
    """Every journal holds every event, every inbound record has its outcome, everything outgoing was sent; else TimeoutError."""
    events, ends = events_in(load.plans), [-1]

    def at_rest() -> bool:
        if load.sent < sum(plan.times for plan in load.plans):
            return False
        counted = [stage.row(lane, _COUNTS) for lane in LANES]
        if any(row[0] != events or row[2] < row[3] or row[4] < row[5] for row in counted):
            return False
        if ends[0] < 0:
            ends[0] = asyncio.run(_inbound_ends(stage.kafka))
        return counted[0][1] >= ends[0]

    try:
        until(at_rest, "everything is published everywhere", patience_s)
    except TimeoutError as error:
        told = {lane: stage.row(lane, _COUNTS) for lane in LANES}
        what = "events, inbound position, cursor and last to send of events, and of letters"
        words = f"of {events} events ({what}): {told}; {dict(load.answers)}; {load.surprises[:5]}"
        raise TimeoutError(f"{error}: {words}") from error


_COUNTS: Final = """SELECT sum(CASE WHEN e.topic IN ('own', 'copy') THEN 1 ELSE 0 END),
 (SELECT sum(notification_id) FROM {schema}{tracking} WHERE application_name LIKE '%/opd.%'),
 (SELECT max(notification_id) FROM {schema}{tracking} WHERE application_name = 'follower:relay'),
 max(CASE WHEN e.topic <> 'copy' THEN e.{id} ELSE 0 END),
 (SELECT coalesce(max(notification_id), 0) FROM {schema}{tracking} WHERE application_name = 'follower:relay-letters'),
 (SELECT coalesce(max(number), 0) FROM {schema}letters) FROM {schema}stored_events e"""


async def _inbound_ends(kafka: Kafka) -> int:
    found = [await spans(kafka, f"opd.{opd}.data-submitted.v1") for opd in OPDS]
    return sum(after for topic in found for _, after in topic.values())


def intake_lag(stage: Stage) -> int:
    """Inbound records that intake has not dealt with."""
    return asyncio.run(_inbound_ends(stage.kafka)) - stage.row("intake", _COUNTS)[1]


def finished_submission(stage: Stage, load: Load) -> list[bytes]:
    """The events of a submission that has come to its end in every journal."""
    found: list[list[bytes]] = []

    def finished() -> bool:
        journals = [_journal(stage, lane).events for lane in LANES]
        for plan in load.plans:
            if all(len(journal.get(plan.submission_id, ())) == len(plan.path) for journal in journals):
                found.append(list(journals[0][plan.submission_id]))
                return True
        return False

    until(finished, "a submission has come to its end")
    return found[0]


def check(stage: Stage, expected: Expected) -> list[str]:
    """The checker over a stage at rest."""
    return violations(gather(stage), expected)


def gather(stage: Stage, *, forged: Collection[bytes] | None = None) -> Seen:
    """`forged`: a log was lost meanwhile, with these on it. Letters about them, and about what only came too early, are then no news."""
    report = verify(stage.journals, LogAt(stage.kafka), processes=1)
    journals = {lane: _journal(stage, lane, forged) for lane in LANES}
    known = None if forged is None else {*forged, *(raw for raws in journals["archive"].events.values() for raw in raws)}
    inbound, receipts, letters = asyncio.run(_from_kafka(stage.kafka, known))
    held = sum(after - first for first, after in asyncio.run(spans(stage.kafka, LOG_TOPIC)).values())
    return Seen(
        report=report,
        journals=journals,
        inbound=inbound,
        receipts=receipts,
        letters=letters,
        portal=_portal(stage.directory / "portal"),
        duplicates=held - report.sources["kafka"],
    )


async def places_of(kafka: Kafka, raws: Collection[bytes]) -> list[Letter]:
    """Where these lie on the log now."""
    batches = read_topic(kafka, LOG_TOPIC, await spans(kafka, LOG_TOPIC))
    return [(r.topic, r.partition, r.offset, "") async for records in batches for r in records if r.value in raws]


async def _from_kafka(
    kafka: Kafka, known: Collection[bytes] | None
) -> tuple[list[tuple[Place, bytes | None]], list[tuple[Place, bytes]], list[Letter]]:
    inbound: list[tuple[Place, bytes | None]] = []
    for topic in [f"opd.{opd}.data-submitted.v1" for opd in OPDS]:
        async for records in read_topic(kafka, topic, await spans(kafka, topic)):
            inbound += [((r.topic, r.partition, r.offset), r.value) for r in records]
    receipts: list[tuple[Place, bytes]] = []
    async for records in read_topic(kafka, RECEIPTS_TOPIC, await spans(kafka, RECEIPTS_TOPIC)):
        receipts += [(placed(dict(r.headers)), r.value or b"") for r in records]
    letters: list[Letter] = []
    async for records in read_topic(kafka, DEAD_LETTERS_TOPIC, await spans(kafka, DEAD_LETTERS_TOPIC)):
        unknown = [r for r in records if known is None or r.value not in known]
        letters += [(*placed(dict(r.headers)), dict(r.headers)["error"].decode()) for r in unknown]
    return inbound, receipts, letters


def _journal(stage: Stage, lane: str, forged: Collection[bytes] | None = None) -> JournalSeen:
    store = open_reader(stage.store, lane)
    try:
        return seen_in(store, work=_work(stage, lane), forged=forged)
    finally:
        store.close()


def seen_in(store: Store, *, work: dict[str, tuple[str, str | None, int]] | None, forged: Collection[bytes] | None = None) -> JournalSeen:
    """A journal's rows, sorted out; shared with the simulation."""
    events: dict[uuid.UUID, dict[int, bytes]] = {}
    receipts: dict[Place, bytes] = {}
    letters: set[Letter] = set()
    for stream, version, raw in _rows(store):
        events.setdefault(stream, {})[version] = raw
    known = None if forged is None else {*forged, *(raw for versions in events.values() for raw in versions.values())}
    for _, letter in store.select_letters(0, MANY, MANY, list(LetterKind)):
        about = json.loads(letter.about)
        place = (str(about["topic"]), int(about["partition"]), int(about["offset"]))
        if letter.kind is LetterKind.RECEIPT:
            receipts[place] = letter.raw
        elif known is None or letter.raw not in known:
            letters.add((*place, letter.code))
    chains = {stream: [raw for _, raw in sorted(versions.items())] for stream, versions in events.items()}
    return JournalSeen(chains, receipts, frozenset(letters), work)


def _rows(store: Store) -> Iterable[tuple[uuid.UUID, int, bytes]]:
    after = ("00000000000000000000000000000000", -1)
    while rows := store.select_in_key_order(after, PAGE, "f" * 32):
        yield from rows
        after = rows[-1][0].hex, rows[-1][1]


def _work(stage: Stage, lane: str) -> dict[str, tuple[str, str | None, int]]:
    sql = "SELECT submission_id, state, holder, sequence FROM {schema}heads"
    if stage.database:
        rows = stage.database.query(sql.format(schema=f"jejak_{lane}."))
    else:
        with closing(sqlite3.connect(stage.directory / f"{lane}.sqlite")) as connection:
            rows = connection.execute(sql.format(schema="")).fetchall()
    return {str(uuid.UUID(str(r[0]))): (str(r[1]), str(r[2]) if r[2] else None, int(str(r[3]))) for r in rows}


def _portal(root: Path) -> dict[str, list[str]]:
    shown = {}
    for home in (root / "dataset").iterdir() if (root / "dataset").is_dir() else ():
        versions = [path for path in home.iterdir() if path.is_dir() and not path.is_symlink()]
        shown[home.name] = [str(json.loads((version / "metadata.json").read_bytes())["submission_id"]) for version in versions]
    return shown


def placed(headers: dict[str, bytes]) -> Place:
    return headers["topic"].decode(), int(headers["partition"]), int(headers["offset"])
