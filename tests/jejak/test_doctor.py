"""The doctor looks at the store too: a real PostgreSQL that answers, and one that does not; a journal that is no database."""

from collections.abc import Callable
from pathlib import Path

import pytest

from events.stores import open_store
from jejak.doctor import LOOKS, Answer, examine
from lane.settings import Settings, read_settings


def settings_of(folder: Path, store: str) -> Settings:
    given = {"KAFKA": "127.0.0.1:1", "STORE": store, "FILES": f"file:{folder}/files", "PORTAL": f"folder:{folder}/portal"}
    return read_settings({f"JEJAK_{name}": value for name, value in given.items()} | {"JEJAK_KEYS": str(folder / "keys")})


def of_the_store(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setattr("jejak.doctor.LOOKS", {"store": LOOKS["store"]})
    (answer,) = examine(settings)
    return answer


def test_a_store_that_answers_is_good(tmp_path: Path, postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (postgres(), f"sqlite:{tmp_path}/"):
        answer = of_the_store(settings_of(tmp_path, address), monkeypatch)
        assert (answer.good, answer.words) == (True, "answers; journals of no lane are there")
        open_store(address, "review").close()
        answer = of_the_store(settings_of(tmp_path, address), monkeypatch)
        assert (answer.good, answer.words) == (True, "answers; journals of review are there")


@pytest.mark.parametrize("store", ["postgresql://nobody@127.0.0.1:1/nothing", "postgresql://x:y@127.0.0.1:1/z?connect_timeout=1"])
def test_a_database_that_does_not_answer_is_told(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = of_the_store(settings_of(tmp_path, store), monkeypatch)

    assert not answer.good
    assert answer.words


def test_a_journal_that_is_no_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "review.sqlite").write_bytes(b"not a database, but long enough to be looked at as one" * 100)

    assert not of_the_store(settings_of(tmp_path, f"sqlite:{tmp_path}/"), monkeypatch).good
