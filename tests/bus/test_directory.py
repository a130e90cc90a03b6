"""Who is there: agencies and revoked tokens, known to every lane within seconds of the operator's command."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from bus.client import send
from bus.directory import Directory, put_record
from bus.kafka import Kafka
from bus.loops import Progress
from bus.topics import ensure, shared_topics
from events.contracts import DIRECTORY_TOPIC
from tests.bus.cluster import running, until


@pytest.fixture
async def cluster(kafka: str) -> Kafka:
    made = Kafka(kafka)
    async with made.admin() as admin:
        await ensure(admin, shared_topics(3), replication=1, in_sync=1)
    return made


@pytest.fixture
def kode() -> str:
    return f"opd-{uuid.uuid4().hex[:8]}"


async def test_what_was_written_before_a_start_is_known_when_the_directory_is_ready(cluster: Kafka, kode: str) -> None:
    await put_record(cluster, f"opd/{kode}", {"name": "Nama lama"})
    await put_record(cluster, f"opd/{kode}", {"name": "Dinas Pemberdayaan", "contacts": ["a@example.go.id"]})
    await put_record(cluster, f"token/{kode}", {"revoked_at": "2026-11-23T02:00:00+00:00"})
    await put_record(cluster, f"adopted/{kode}", {"id": "b6d2", "name": "data_lama", "opd": kode})
    directory = Directory(cluster, Progress("directory"))
    assert not directory.progress.ready

    async with running(directory.run):
        await until(lambda: directory.progress.ready)

        assert directory.name_of(kode) == "Dinas Pemberdayaan"
        assert directory.is_revoked(kode)
        assert directory.adopted[kode] == "b6d2"
    assert (directory.name_of("unknown"), directory.is_revoked("unknown")) == ("unknown", False)


async def test_a_running_lane_learns_of_agencies_and_revocations(cluster: Kafka, kode: str) -> None:
    directories = [Directory(cluster, Progress("directory")) for _ in range(2)]
    async with running(*(directory.run for directory in directories)):
        await until(lambda: all(directory.progress.ready for directory in directories))
        await put_record(cluster, f"opd/{kode}", {"name": "Baru"})
        await put_record(cluster, f"token/{kode}", {})
        await until(lambda: all(d.name_of(kode) == "Baru" and d.is_revoked(kode) for d in directories))


async def test_a_record_that_was_taken_back_never_was(cluster: Kafka, kode: str) -> None:
    await put_record(cluster, f"token/{kode}", {})
    async with AIOKafkaProducer(**cluster.options(), transactional_id=uuid.uuid4().hex) as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(DIRECTORY_TOPIC, None, key=f"token/{kode}".encode())
        await producer.abort_transaction()
    directory = Directory(cluster, Progress("directory"))
    async with running(directory.run):
        await until(lambda: directory.progress.ready)
        assert directory.is_revoked(kode)
        assert directory.progress.healthy


async def test_removing_an_entry_and_what_cannot_be_read(cluster: Kafka, kode: str) -> None:
    await put_record(cluster, f"opd/{kode}", {"name": "Baru"})
    await put_record(cluster, f"token/{kode}", {})
    odd = [
        (f"opd/{kode}".encode(), b"\xff not JSON"),
        (b"\xff\xfe", b"{}"),
        (b"opd/", b"[]"),
        (f"other/{kode}".encode(), b"{}"),
    ]
    await send(cluster, [(DIRECTORY_TOPIC, key, value) for key, value in odd])
    directory = Directory(cluster, Progress("directory"))
    async with running(directory.run):
        await until(lambda: directory.progress.ready)
        assert (directory.name_of(kode), directory.is_revoked(kode)) == ("Baru", True)
        await send(cluster, [(DIRECTORY_TOPIC, f"{kind}/{kode}".encode(), None) for kind in ("opd", "token")])
        await until(lambda: not directory.is_revoked(kode) and directory.name_of(kode) == kode)

        assert directory.progress.healthy


class Store:
    """What a lane keeps, in memory."""

    def __init__(self, *entries: tuple[str, bytes]) -> None:
        self.entries = dict(entries)

    def read(self) -> list[tuple[str, bytes]]:
        return list(self.entries.items())

    def write(self, entries: Iterable[tuple[str, bytes | None]], /) -> None:
        for key, value in entries:
            self.entries.pop(key, None)
            if value:
                self.entries[key] = value


async def test_what_kafka_lost_stands_and_is_shown_and_every_store_comes_to_know_it(cluster: Kafka, kode: str) -> None:
    await put_record(cluster, f"opd/{kode}", {"name": "Baru"})
    older, newer = Store((f"token/{kode}", b"{}"), (f"opd/{kode}", b'{"name": "Lama"}')), Store()
    directory = Directory(cluster, Progress("directory"))
    directory.keep_in(older)
    directory.keep_in(newer)
    async with running(directory.run):
        await until(lambda: directory.progress.ready)

        assert (directory.is_revoked(kode), directory.name_of(kode), directory.lost) == (True, "Baru", {f"token/{kode}"})
        assert f"token/{kode}" in newer.entries
        assert b"Baru" in older.entries[f"opd/{kode}"]
        assert not directory.progress.healthy

        await put_record(cluster, f"token/{kode}", {})
        await until(lambda: directory.progress.healthy)
        assert directory.lost == set()


class OneByOne(Kafka):
    """A cluster from which the directory arrives record by record."""

    def options(self) -> dict[str, Any]:
        return super().options() | {"max_poll_records": 1}


class Watched(Progress):
    """Looks each time that the reading came on."""

    look: Callable[[], None] = staticmethod(lambda: None)

    def moved(self) -> None:
        super().moved()
        self.look()


async def test_a_directory_that_is_read_again_is_never_seen_half_read(cluster: Kafka, kode: str) -> None:
    heir = f"{kode}-baru"
    for key, value in ((kode, {}), (heir, {}), (kode, {"moved_to": heir})):
        await put_record(cluster, f"opd/{key}", {"name": key, **value})
    await put_record(cluster, f"token/{kode}", {})
    await send(cluster, [(DIRECTORY_TOPIC, f"token/{kode}".encode(), None)])
    progress, store, seen, kept = Watched("directory"), Store((f"token/{kode}", b"{}")), list[object](), list[object]()
    directory = Directory(OneByOne(cluster.bootstrap), progress)
    directory.keep_in(store)

    def look() -> None:
        seen.append((directory.heir_of(kode), directory.is_open(kode), directory.is_revoked(kode), directory.lost))
        kept.append((store.entries.get(f"opd/{kode}"), f"token/{kode}" in store.entries))

    progress.look = look
    async with running(directory.run):
        await until(lambda: progress.ready)
    before, moved, first = len(seen), store.entries[f"opd/{kode}"], set(kept)
    async with running(directory.run):  # as after any failure of Kafka: from its beginning on, while lanes are at work
        await until(lambda: len(seen) >= before + 5)
        await until(lambda: progress.lag == 0)

    assert all(one == (heir, False, False, set()) for one in seen[before:])
    assert first == {(None, True), (moved, False)}, "a store is told nothing before all was read"
    assert set(kept[before:]) == {(moved, False)}


def test_who_acts_for_an_opd_follows_all_moves_and_ends_in_a_circle(kode: str) -> None:
    directory = Directory(Kafka("127.0.0.1:1"), Progress("directory"))
    directory.keep_in(
        Store(
            ("opd/a", b'{"name": "A", "moved_to": "b"}'),
            ("opd/b", b'{"name": "B", "moved_to": "c"}'),
            ("opd/c", b'{"name": "C"}'),
            ("opd/x", b'{"name": "X", "moved_to": "y"}'),
            ("opd/y", b'{"name": "Y", "moved_to": "x"}'),
            ("name/daftar", b'{"opd": "a"}'),
        )
    )
    assert [directory.heir_of(opd) for opd in ("a", "b", "c", "x", kode)] == ["c", "c", "c", "x", kode]
    assert (directory.owner_of("daftar"), directory.owner_of("lain")) == ("c", None)
    assert [directory.is_open(opd) for opd in ("a", "c", kode, None)] == [False, True, False, False]


async def test_a_directory_that_cannot_be_read_is_not_an_empty_one() -> None:
    with pytest.raises(KafkaError):
        await Directory(Kafka("127.0.0.1:1"), Progress("directory")).read_once()
