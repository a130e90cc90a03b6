"""Journals on both stores: the same tests hold SQLite and PostgreSQL to the same promises."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bus.kafka import Kafka
from events.journal import Journal
from events.stores import open_store

LANES = itertools.count(1)


@dataclass
class Place:
    """Where a lane's journal lies. Every `journal()` opens it anew, as another process would."""

    address: str
    lane: str
    opened: list[Journal] = field(default_factory=list)

    def journal(self) -> Journal:
        self.opened.append(Journal(open_store(self.address, self.lane), self.lane))
        return self.opened[-1]

    def reopened(self) -> Journal:
        """After a stop and a start."""
        self.close()
        return self.journal()

    def close(self) -> None:
        while self.opened:
            self.opened.pop().store.close()


@pytest.fixture(scope="session")
def database(postgres: Callable[[], str]) -> str:
    """One PostgreSQL for all journals of this room; each lane has a schema of its own in it."""
    return postgres()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    address = f"sqlite:{tmp_path}/" if request.param == "sqlite" else request.getfixturevalue("database")
    made = Place(address, f"lane{next(LANES)}")
    yield made
    made.close()


@pytest.fixture
def shared_place(database: str) -> Iterator[Place]:
    """A journal that several processes share: PostgreSQL only."""
    made = Place(database, f"lane{next(LANES)}")
    yield made
    made.close()


@pytest.fixture
def journal(place: Place) -> Journal:
    return place.journal()


@pytest.fixture
def cluster(kafka: str) -> Kafka:
    """The real Kafka; tests make topics of their own on it."""
    return Kafka(kafka)
