"""The same journals as in `tests/events`, and the real Kafka. `impatient`: what is done every few seconds is done more often."""

import pytest

from tests.events.conftest import cluster, database, journal, place, shared_place

__all__ = ["cluster", "database", "impatient", "journal", "place", "shared_place"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bus.standing.WATCH_S", 0.3)
    monkeypatch.setattr("bus.losses.CONFIRM_S", 0.2)
    monkeypatch.setattr("bus.losses.BEHIND_S", 0.5)
