"""Where a journal lies: who may open it, when it is refused, and what happens when several processes start at once."""

import subprocess
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import sqlalchemy as sa
from eventsourcing.persistence import PersistenceError

from events.journal import Journal
from events.sqlite import sqlite_store
from events.stores import StoreRefused, open_reader, open_store
from tests.events.conftest import Place
from tests.events.given import on_kafka, revised, story, submitted

OPEN = """
import sys
from events.sqlite import sqlite_store
from events.stores import StoreRefused, open_store
try:
    store = open_store(sys.argv[1], sys.argv[2])
except StoreRefused as refused:
    raise SystemExit(f"refused: {refused}")
print("open", flush=True)
sys.stdin.read()
store.close()
"""


def process(place: Place) -> "subprocess.Popen[str]":
    """Another process that opens the store and keeps it until its input ends."""
    command = [sys.executable, "-c", OPEN, place.address, place.lane]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_sqlite_carries_one_process_a_lane(tmp_path: Path) -> None:
    place = Place(f"sqlite:{tmp_path}/", "review")
    place.journal()
    with process(place) as second:
        assert "refused: another process runs the lane review" in second.communicate()[1]

    place.close()
    with process(place) as third:
        assert third.communicate() == ("open\n", "")


def test_what_a_thread_has_begun_is_done_before_the_store_is_closed(tmp_path: Path) -> None:
    store = sqlite_store(tmp_path, "review")
    numbers = "(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000000) SELECT x FROM n)"
    long = sa.select(sa.func.count()).select_from(sa.text(numbers))
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(store.ask, long)
        while not store.datastore.pool.num_in_use:
            assert not asked.done()
        store.close()

        assert asked.result() == [(2_000_000,)]


def test_a_killed_process_leaves_the_lane_free(tmp_path: Path) -> None:
    place = Place(f"sqlite:{tmp_path}/", "review")
    with process(place) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "open\n"
        with pytest.raises(StoreRefused, match="another process runs the lane review"):
            place.journal()
        first.kill()

    assert place.journal().last_id() == 0
    place.close()


def test_processes_that_start_for_the_first_time_at_once_all_come_up(shared_place: Place) -> None:
    started = [process(shared_place) for _ in range(6)]

    answers = [each.communicate() for each in started]

    assert answers == [("open\n", "")] * 6
    assert shared_place.journal().append([story(submitted)[0].event])


@pytest.mark.parametrize("value", ["y", "yes", "TRUE", "1", "on"])
def test_a_setting_under_which_postgres_forgets_positions_is_refused(
    shared_place: Place, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", value)

    with pytest.raises(StoreRefused, match="POSTGRES_ENABLE_DB_FUNCTIONS"):
        shared_place.journal()


@pytest.mark.parametrize("address", ["", "var/", "mysql://host/db", "sqlite"])
def test_an_address_that_no_store_has(address: str) -> None:
    for opening in (open_store, open_reader):
        with pytest.raises(StoreRefused, match="JEJAK_STORE must be"):
            opening(address, "review")


def test_a_folder_that_cannot_be_one_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreRefused, match="cannot be written"):
        open_store(f"sqlite:{tmp_path / 'file'}/", "review")


def test_lanes_of_one_postgres_do_not_see_each_other(database: str) -> None:
    told = story(submitted)
    places = [Place(database, f"own{uuid.uuid4().hex[:8]}") for _ in range(2)]
    places[0].journal().append([told[0].event])

    assert places[1].journal().history(told[0].event.submission_id) == []
    for place in places:
        place.close()


def test_a_reader_sees_the_journal_of_a_running_lane_and_cannot_write(place: Place) -> None:
    told = story(submitted, revised)
    journal = place.journal()
    journal.append([told[0].event])

    reader = Journal(open_reader(place.address, place.lane), place.lane)
    try:
        journal.replicate(on_kafka(told[1]))
        assert [r.raw for r in reader.history(told[0].event.submission_id)] == [r.raw for r in told]
        with pytest.raises(PersistenceError):
            reader.advance("relay", 1)
    finally:
        reader.store.close()


def test_a_reader_makes_nothing(place: Place, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())

    with pytest.raises(StoreRefused, match="there is no journal"):
        open_reader(place.address, place.lane)

    assert sorted(tmp_path.iterdir()) == before


def test_rows_in_the_order_of_their_keys(journal: Journal) -> None:
    stories = [story(submitted, revised) for _ in range(4)]
    journal.replicate(on_kafka(*(recorded for told in stories for recorded in told)))
    expected = sorted((str(t[0].event.submission_id), r.event.sequence, r.raw) for t in stories for r in t)

    got, after = list[tuple[str, int, bytes]](), ("0" * 32, 0)
    while page := journal.store.select_in_key_order(after, 3, "f" * 32):
        got += [(str(stream), version, raw) for stream, version, raw in page]
        after = (page[-1][0].hex, page[-1][1])

    assert got == expected


def test_each_lane_opens_at_its_own_address(tmp_path: Path) -> None:
    addresses = f"intake=sqlite:{tmp_path}/a/ review=sqlite:{tmp_path}/b/"
    for lane in ("intake", "review"):
        open_store(addresses, lane).close()

    assert (tmp_path / "a" / "intake.sqlite").exists()
    assert (tmp_path / "b" / "review.sqlite").exists()
    with pytest.raises(StoreRefused, match="addresses of intake, review only, and none for the lane decision"):
        open_store(addresses, "decision")


def test_a_lane_whose_role_may_make_no_schema_uses_the_one_that_it_was_given(postgres: Callable[[], str]) -> None:
    address, role = postgres(), f"lane_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
        connection.execute(f"CREATE SCHEMA jejak_review AUTHORIZATION {role}")
        connection.execute("CREATE SCHEMA jejak_intake")
    its_own = urlsplit(address)
    its_own = its_own._replace(netloc=f"{role}:x@{its_own.netloc.rpartition('@')[2]}")

    open_store(its_own.geturl(), "review").close()

    with pytest.raises(PersistenceError, match="permission denied"):
        open_store(its_own.geturl(), "intake")
    with pytest.raises(PersistenceError, match="permission denied"):
        open_store(its_own.geturl(), "decision")
