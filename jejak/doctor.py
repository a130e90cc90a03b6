"""`jejak doctor`: looks at each thing an installation needs, and says in a sentence what is wrong with it and what to do."""

import asyncio
import shutil
import sqlite3
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import psycopg
import sqlalchemy as sa
from cryptography.x509 import load_pem_x509_certificate
from eventsourcing.persistence import PersistenceError

from bus.access import AccessRefused
from bus.kafka import KafkaError
from bus.topics import TopicRefused, check, shared_topics
from events.contracts import LOG_TOPIC
from events.stores import POSTGRES, StoreRefused, addresses_of, open_reader
from jejak import surroundings
from jejak.prepare import StartRefused
from lane.file_stores import open_files
from lane.inbox import open_engine
from lane.settings import LANES, Settings
from portals.kinds import portal_of
from portals.portal import PortalProblem
from web.keys import TRUSTED, load_public, load_signer

LOW_DISK: Final = 1 << 30
CONNECT_S: Final = 10
CLOCK_S: Final = 5.0
SOON_DAYS: Final = 14
DATABASE: Final = (StoreRefused, PersistenceError, psycopg.Error, sqlite3.Error, sa.exc.DBAPIError)
FAULTS: Final = (*DATABASE, AccessRefused, KafkaError, StartRefused, TopicRefused, PortalProblem, OSError, ValueError, TimeoutError)


@dataclass(frozen=True)
class Answer:
    """`do`: what to do about it; empty when it is good."""

    what: str
    good: bool
    words: str
    do: str = ""


@dataclass(frozen=True)
class Look:
    """One thing to look at. `at` returns a sentence, or raises one of FAULTS."""

    about: str
    at: Callable[[Settings], str]
    do: str


def examine(settings: Settings) -> list[Answer]:
    return [_answered(what, look, settings) for what, look in LOOKS.items()]


def _answered(what: str, look: Look, settings: Settings) -> Answer:
    try:
        return Answer(what, good=True, words=look.at(settings))
    except FAULTS as error:
        return Answer(what, good=False, words=str(error) or type(error).__name__, do=look.do)


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
        _write_nothing(settings.store, name)
    return f"answers and can be written; journals of {', '.join(there) or 'no lane'} are there"


def _write_nothing(store: str, lane: str) -> None:
    """A row that is taken back: a full disk or a database that only reads says so now, and not with the next event."""
    engine = open_engine(store, lane)
    try:
        with engine.connect() as c:
            tables = sa.inspect(c).get_table_names()
            tracking = "notification_tracking" if "notification_tracking" in tables else "tracking"
            c.execute(sa.text(f"INSERT INTO {tracking} (application_name, notification_id) VALUES ('doctor', 0)"))  # noqa: S608 (one of two)
            c.rollback()
    finally:
        engine.dispose()


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
    portal = portal_of(settings)
    if problems := portal.check(largest_file=settings.largest_published()):
        raise ValueError(" ".join(problems))
    return f"{portal.kind}: usable"


def _keys(settings: Settings) -> str:
    load_public(settings.keys / "public.pem")
    trusted = sorted((settings.keys / TRUSTED).glob("*.json"))
    for path in trusted:
        load_signer(path)
    return f"public key is there; trusted signers: {', '.join(path.stem for path in trusted) or 'none'}"


def _disk(settings: Settings) -> str:
    places = {"here": Path()} | ({"files": Path(settings.files.removeprefix("file:"))} if settings.files.startswith("file:") else {})
    for lane, address in addresses_of(settings.store).items():
        if address.startswith("sqlite:"):
            places[f"store {lane}".strip()] = Path(address.removeprefix("sqlite:"))
    free = {name: shutil.disk_usage(path).free for name, path in places.items() if path.exists()}
    if low := [f"{name}: only {room >> 20} MiB free" for name, room in free.items() if room < LOW_DISK]:
        raise ValueError(", ".join(low))
    return ", ".join(f"{name}: {room >> 30} GiB free" for name, room in free.items())


def _clock(settings: Settings) -> str:
    """Our clock beside those of the databases; Kafka tells its own to nobody."""
    behind = {}
    for lane, address in addresses_of(settings.store).items():
        if address.startswith(POSTGRES):
            before = datetime.now(UTC)
            with psycopg.connect(address, connect_timeout=CONNECT_S) as connection:
                (told,) = connection.execute("SELECT clock_timestamp()").fetchone() or (before,)
            after = datetime.now(UTC)
            behind[lane or "database"] = max((told - after).total_seconds(), (before - told).total_seconds(), 0.0)
    if wrong := [f"{lane}: {seconds:.0f} s" for lane, seconds in behind.items() if seconds > CLOCK_S]:
        raise ValueError(f"this machine's clock and the database's differ ({', '.join(wrong)})")
    return f"within {CLOCK_S:.0f} s of the database's" if behind else "nothing here to compare it with"


def _certificates(settings: Settings) -> str:
    """The last day of each certificate that we rely on: the brokers', the portal's, the public address's."""
    brokers = (settings.kafka or "").split(",") if "SSL" in settings.kafka_security else []
    addresses = [urlsplit(url) for url in (settings.portal, settings.portal_public_url or "") if url.startswith("https://")]
    hosts = [urlsplit(f"//{broker.strip()}") for broker in brokers if broker] + addresses
    days = {f"{host.hostname}:{host.port or 443}": _days_left(host.hostname or "", host.port or 443) for host in hosts}
    if soon := [f"{host}: {left} days" for host, left in days.items() if left is not None and left < SOON_DAYS]:
        raise ValueError(f"a certificate ends soon ({', '.join(soon)})")
    told = [f"{host}: {'not reached from here' if left is None else f'{left} days'}" for host, left in days.items()]
    return ", ".join(told) or "none in use"


def _days_left(host: str, port: int) -> int | None:
    """None where it cannot be asked from here: a public address need not lead back inside; of brokers and portal the other looks tell."""
    try:
        pem = ssl.get_server_certificate((host, port), timeout=CONNECT_S)
    except OSError:
        return None
    return (load_pem_x509_certificate(pem.encode()).not_valid_after_utc - datetime.now(UTC)).days


LOOKS: Final[dict[str, Look]] = {
    "Kafka": Look(
        "brokers answer, and no topic has settings that would lose records",
        _kafka,
        "start Kafka, or mend JEJAK_KAFKA, its user and password; a topic's settings are mended with Kafka's own tools",
    ),
    "store": Look(
        "the lanes' databases answer and can be written, and their tables are this program's",
        _store,
        "start the database, or mend JEJAK_STORE; then jejak migrate",
    ),
    "rights": Look(
        "our user on Kafka may do what its row of the table says",
        surroundings.rights,
        "run jejak access where Kafka asks for no login (docker compose up access does), or give the rights that are named",
    ),
    "services": Look(
        "the lanes that can be asked are of this version, and their clocks agree with ours",
        surroundings.services,
        "start what is away, install the same version everywhere, run NTP; JEJAK_DESK_LANES says where they are",
    ),
    "files": Look(
        "datasets' files can be written", _files, "mend the rights or the room of JEJAK_FILES; on S3, its address, bucket and key"
    ),
    "portal": Look(
        "the portal can be written, and takes files of our size", _portal, "mend JEJAK_PORTAL and JEJAK_PORTAL_TOKEN, or the portal"
    ),
    "keys": Look(
        "tokens can be checked", _keys, "put public.pem into JEJAK_KEYS; jejak up and jejak init make a new pair where there is none"
    ),
    "disk": Look("a gigabyte is free here, and where files and SQLite's stores lie", _disk, "make room, or move the data to a larger disk"),
    "clock": Look(
        "our clock agrees with the database's", _clock, "run NTP on both machines: due times and the end of tokens are read from clocks"
    ),
    "certificates": Look("none that we rely on ends within two weeks", _certificates, "renew it, or look why it renews itself no longer"),
}
