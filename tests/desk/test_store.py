"""The desk's tables on both databases: made once however many start, the same as the code says, and accounts in them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from desk.accounts import AccountRefused, Accounts, Post
from desk.clock import now_ms, today
from desk.drafts import Drafts
from desk.store import open_engine, open_store
from desk.tables import METADATA
from web.tokens import Role


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/"
    postgres: Callable[[], str] = request.getfixturevalue("postgres")
    return postgres()


def test_several_may_start_at_once_and_the_tables_are_those_of_the_code(store: str) -> None:
    with ThreadPoolExecutor(4) as starts:
        for engine in starts.map(open_store, [store] * 4):
            engine.dispose()
    engine = open_engine(store)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_name": lambda name, kind, _: kind != "table" or name in METADATA.tables}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_an_account_is_made_once_and_never_without_what_its_person_is(store: str) -> None:
    engine = open_store(store)
    accounts = Accounts(engine)
    post = Post(0, "budi", Role.KETUA_PPID, "setda")
    accounts.add_with(post, name="Budi", password="tujuh-gunung-biru", must_change=True, now_ms=now_ms())
    with pytest.raises(AccountRefused):
        accounts.add_with(post, name="Budi lain", password="tujuh-gunung-biru", must_change=True, now_ms=now_ms())
    with pytest.raises(AccountRefused):
        accounts.add_with(
            Post(0, "siti", Role.KETUA_PPID, None), name="Siti", password="tujuh-gunung-biru", must_change=True, now_ms=now_ms()
        )
    assert accounts.find("siti") is None
    assert [held.opd for held in accounts.posts("budi", today())] == ["setda"]
    with engine.connect() as connection:
        (kept,) = connection.execute(sa.text("SELECT password FROM accounts")).scalars()
    assert kept.startswith("$argon2id$")
    engine.dispose()


def test_a_draft_is_its_writers_and_what_was_handed_in_stays(store: str) -> None:
    engine = open_store(store)
    accounts, drafts = Accounts(engine), Drafts(engine)
    for name, opd in (("budi", "setda"), ("siti", "dinkes")):
        accounts.add_with(Post(0, name, Role.TIM_PPID, opd), name=name, password="tujuh-gunung-biru", must_change=False, now_ms=now_ms())
    number = "5f0c5a52-66c1-4f7f-9d0e-2b8a0d6c1e11"
    drafts.begin(number, "budi", "setda", {"dataset": {"title": "Desa"}}, now_ms=1)
    drafts.begin(number, "siti", "dinkes", {"dataset": {"title": "Curian"}}, now_ms=2)
    assert drafts.find(number, "siti", "dinkes") is None
    draft = drafts.find(number.upper(), "budi", "setda")
    assert draft
    drafts.save(draft, {"dataset": {"title": "Desa"}}, now_ms=9)
    unchanged = drafts.find(number, "budi", "setda")
    assert unchanged
    assert unchanged.updated_ms == 1  # the time that is handed in is that of the last change
    drafts.handed_in(draft, "nomor")
    drafts.save(draft, {"dataset": {"title": "Lain"}}, now_ms=10)
    drafts.drop(draft)
    kept = drafts.find(number, "budi", "setda")
    assert kept
    assert (kept.title, kept.submission) == ("Desa", "nomor")
    assert drafts.open("budi", "setda") == []
    engine.dispose()
