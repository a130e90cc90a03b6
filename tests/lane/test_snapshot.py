"""A journal or a desk, out of one database as rows and into another one, SQLite or PostgreSQL, and nothing is lost between."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from desk import tables
from desk.store import open_store as open_desk
from events.journal import Journal
from events.migration import rebuild_heads
from events.snapshot import columns_of, is_empty, put_rows, rows_of
from events.stores import StoreRefused, open_store
from lane.inbox import open_engine
from tests.events.given import approved, on_kafka, revised, story, submitted, verified

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}
OF_THE_STORE = {"heads", "__migration__"}
BOTH = pytest.mark.parametrize("kind", OTHER)


@pytest.fixture
def addresses(tmp_path: Path, postgres: Callable[[], str]) -> dict[str, str]:
    return {"sqlite": f"sqlite:{tmp_path}/", "postgresql": postgres()}


def taken(engine: sa.Engine) -> tuple[dict[str, list[str]], list[list[Any]]]:
    """Through JSON, as a back-up has them; without the marks that a store makes for itself."""
    columns, rows = orjson.loads(orjson.dumps([columns_of(engine), list(rows_of(engine))]))
    return columns, [row for row in rows if row[0] != "tracking" or row[1] not in OF_THE_STORE]


@BOTH
def test_a_journal_is_the_same_on_the_other_store(kind: str, addresses: dict[str, str]) -> None:
    told = story(submitted, revised, verified, approved)
    first, then = (Journal(open_store(addresses[k], "review"), "review") for k in (kind, OTHER[kind]))
    first.replicate([*on_kafka(*told), *on_kafka(*story(submitted), offset=9)])
    engines = [open_engine(addresses[k], "review") for k in (kind, OTHER[kind])]
    columns, rows = taken(engines[0])
    assert is_empty(engines[1])

    assert list(put_rows(engines[1], columns, rows))[-1] == len(rows)
    rebuild_heads(then.store)

    assert sorted(map(str, taken(engines[1])[1])) == sorted(map(str, rows))
    submission = told[0].event.submission_id
    assert [r.raw for r in then.history(submission)] == [r.raw for r in told]
    assert then.head(submission) == first.head(submission)
    assert then.last_id() == first.last_id() == 5
    then.replicate(on_kafka(*story(submitted), offset=20))
    assert then.last_id() == 6
    for journal, engine in zip((first, then), engines, strict=True):
        engine.dispose()
        journal.store.close()


@BOTH
def test_a_desk_is_the_same_on_the_other_store(kind: str, addresses: dict[str, str]) -> None:
    first, then = (open_desk(addresses[k]) for k in (kind, OTHER[kind]))
    with first.begin() as c:
        c.execute(tables.ACCOUNTS.insert(), [{"id": "budi", "name": "Budi", "must_change": True, "created_ms": 1}])
        c.execute(tables.POSTS.insert(), [{"account": "budi", "role": "auditor", "from_day": date(2026, 1, 2), "created_ms": 1}])
    columns, rows = taken(first)
    assert (is_empty(first), is_empty(then)) == (False, True)

    list(put_rows(then, columns, rows))

    assert sorted(map(str, taken(then)[1])) == sorted(map(str, rows))
    with then.begin() as c:
        c.execute(tables.POSTS.insert(), [{"account": "budi", "role": "auditor", "created_ms": 2}])
        assert [row.id for row in c.execute(sa.select(tables.POSTS.c.id).order_by(tables.POSTS.c.id))] == [1, 2]
    for engine in (first, then):
        engine.dispose()


def test_what_this_program_does_not_know_is_refused_before_it_is_lost(addresses: dict[str, str]) -> None:
    store = open_store(addresses["sqlite"], "review")
    engine = open_engine(addresses["sqlite"], "review")

    with pytest.raises(StoreRefused, match="tables that this program does not know: verdicts"):
        list(put_rows(engine, {"verdicts": ["id"]}, [["verdicts", 1]]))
    with pytest.raises(StoreRefused, match="columns that this program does not know: colour"):
        list(put_rows(engine, {"letters": ["colour"]}, [["letters", "red"]]))
    engine.dispose()
    store.close()
