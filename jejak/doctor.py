"""`jejak doctor`: looks at each thing an installation needs and says in a sentence what is wrong with it."""

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg
from eventsourcing.persistence import PersistenceError

from bus.kafka import KafkaError
from bus.topics import TopicRefused, check, shared_topics
from events.contracts import LOG_TOPIC
from events.stores import StoreRefused, addresses_of, open_reader
from lane.file_stores import open_files
from lane.settings import LANES, Settings
from portals.kinds import open_portal
from portals.portal import PortalProblem
from web.keys import TRUSTED, load_public, load_signer

LOW_DISK: Final = 1 << 30
CONNECT_S: Final = 10
DATABASE: Final = (StoreRefused, PersistenceError, psycopg.Error, sqlite3.Error)
FAULTS: Final = (*DATABASE, KafkaError, TopicRefused, PortalProblem, OSError, ValueError, TimeoutError)


@dataclass(frozen=True)
class Answer:
    what: str
    good: bool
    words: str


def examine(settings: Settings) -> list[Answer]:
    return [_answered(what, look, settings) for what, look in LOOKS.items()]


def _answered(what: str, look: Callable[[Settings], str], settings: Settings) -> Answer:
    try:
        return Answer(what, good=True, words=look(settings))
    except (
        KafkaError,
        TopicRefused,
        StoreRefused,
        PersistenceError,
        PortalProblem,
        psycopg.Error,
        sqlite3.Error,
        OSError,
        ValueError,
        TimeoutError,
    ) as error:
        return Answer(what, good=False, words=str(error) or type(error).__name__)


def _kafka(settings: Settings) -> str:
    async def look() -> str:
        async with settings.kafka_cluster().admin() as admin:
            topics = set(await admin.list_topics())
            await check(admin, [t for t in shared_topics(settings.kafka_partitions) if t.name in topics])
            return f"answers; {len(topics)} topics, the log is {'there' if LOG_TOPIC in topics else 'not made yet'}"

    return asyncio.run(look())


def _files(settings: Settings) -> str:
    open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys()).check()
    return "can be written"


def _store(settings: Settings) -> str:
    """Each lane's journal is opened as far as it is there, and asked something; nothing is made or locked."""
    there = [name for name in LANES if _has_journal(settings.store, name)]
    for name in there:
        store = open_reader(settings.store, name)
        try:
            store.max_notification_id()
        finally:
            store.close()
    return f"answers; journals of {', '.join(there) or 'no lane'} are there"


def _has_journal(addresses: str, lane: str) -> bool:
    """Also when a lane's address is given to other processes only, there is none here."""
    own = addresses_of(addresses)
    if (address := own.get(lane, own.get(""))) is None:
        return False
    if address.startswith("sqlite:"):
        return (Path(address.removeprefix("sqlite:")) / f"{lane}.sqlite").is_file()
    with psycopg.connect(address, connect_timeout=CONNECT_S) as connection:
        found = connection.execute("SELECT to_regclass(%s)", (f"jejak_{lane}.stored_events",)).fetchone()
    return bool(found and found[0])


def _portal(settings: Settings) -> str:
    portal = open_portal(
        settings.portal, token=settings.portal_token, timeout=settings.portal_timeout_s, public_url=settings.portal_public_url
    )
    try:
        if problems := portal.check(largest_file=settings.files_limit_mb * 1024 * 1024):
            raise ValueError(" ".join(problems))
    finally:
        portal.close()
    return f"{portal.kind}: usable"


def _keys(settings: Settings) -> str:
    load_public(settings.keys / "public.pem")
    trusted = sorted((settings.keys / TRUSTED).glob("*.json"))
    for path in trusted:
        load_signer(path)
    return f"public key is there; trusted signers: {', '.join(path.stem for path in trusted) or 'none'}"


def _disk(settings: Settings) -> str:
    if (free := shutil.disk_usage(Path()).free) < LOW_DISK:
        raise ValueError(f"only {free >> 20} MiB free")
    return f"{free >> 30} GiB free"


LOOKS: Final[dict[str, Callable[[Settings], str]]] = {
    "Kafka": _kafka,
    "store": _store,
    "files": _files,
    "portal": _portal,
    "keys": _keys,
    "disk": _disk,
}
