"""`jejak migrate --dry-run`: what would be made or changed, and nothing is. Settings in; sentences out."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from bus.topics import check, shared_topics
from desk import store as desk
from events import alarms
from events.heads import HEADS, VERSION
from events.migration import MARK, NEWER
from events.stores import StoreRefused, address_of, addresses_of
from lane.inbox import open_reading_engine
from lane.settings import DESK, LANES, Settings

EVENTS: Final = "stored_events"
TRACKING: Final = frozenset({"tracking", "notification_tracking"})
JOURNAL: Final = frozenset({EVENTS, HEADS.name, "letters", *alarms.NAMES})


def foreseen(settings: Settings) -> Iterator[str]:
    """Raises StoreRefused: a store is of a newer program. TopicRefused, KafkaError, OSError, TimeoutError; the database's errors."""
    own = addresses_of(settings.store)
    for lane in [lane for lane in LANES if "" in own or lane in own]:
        yield from (f"store of {lane}: {what}" for what in _of_a_lane(settings.store, lane))
    if "" in own or DESK in own:
        yield from (f"store of desk: {what}" for what in _of_the_desk(address_of(settings.store, DESK)))
    if settings.kafka and (missing := asyncio.run(_topics(settings))):
        yield f"topics would be made: {', '.join(missing)}"


def _of_a_lane(store: str, lane: str) -> list[str]:
    if _has_no_file(address_of(store, lane), lane):
        return ["would be made"]
    engine = open_reading_engine(store, lane)
    try:
        there = set(sa.inspect(engine).get_table_names())
        if EVENTS not in there:
            return ["would be made"]
        with engine.connect() as c:
            version = _version(c, there & TRACKING)
            if version == VERSION:
                return [f"tables would be made: {', '.join(missing)}"] if (missing := sorted(JOURNAL - there)) else []
            if version is not None and version > VERSION:
                raise StoreRefused(f"the journal of {lane}: {NEWER}")
            return _to_this_version(c, version)
    finally:
        engine.dispose()


def _to_this_version(c: sa.Connection, version: int | None) -> list[str]:
    counted = sa.text("SELECT count(DISTINCT originator_id), count(*) FROM stored_events WHERE topic IN ('own', 'copy')")
    submissions, events = c.execute(counted).one()
    heads = (
        f"heads of {submissions} submissions would be made from {events} events (version {VERSION}, is {version or 'of the first release'})"
    )
    if version is not None:
        return [heads]
    letters = c.execute(sa.text("SELECT count(*) FROM stored_events WHERE topic NOT IN ('own', 'copy')")).scalar_one()
    return [f"{letters} letters would be moved into a table of their own", heads]


def _version(c: sa.Connection, tracking: set[str]) -> int | None:
    for name in tracking:
        asked = sa.text(f"SELECT notification_id FROM {name} WHERE application_name = :mark")  # noqa: S608 (one of two names)
        found: int | None = c.execute(asked, {"mark": MARK}).scalar_one_or_none()
        return found
    return None


def _of_the_desk(address: str) -> list[str]:
    if _has_no_file(address, DESK):
        return ["would be made"]
    engine = desk.open_engine(address)
    try:
        return [f"step {step} would be taken" for step in desk.pending(engine)]
    finally:
        engine.dispose()


def _has_no_file(address: str, name: str) -> bool:
    return address.startswith("sqlite:") and not (Path(address.removeprefix("sqlite:")) / f"{name}.sqlite").is_file()


async def _topics(settings: Settings) -> list[str]:
    """Those that are missing. Raises TopicRefused when one that is there would lose records."""
    wanted = shared_topics(settings.kafka_partitions)
    async with settings.kafka_cluster().admin() as admin:
        there = set(await admin.list_topics())
        await check(admin, [topic for topic in wanted if topic.name in there])
    return [topic.name for topic in wanted if topic.name not in there]
