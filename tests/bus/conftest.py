"""The same journals as in `tests/events`, and the real Kafka."""

from tests.events.conftest import cluster, database, journal, place, shared_place

__all__ = ["cluster", "database", "journal", "place", "shared_place"]
