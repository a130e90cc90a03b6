"""Whose turn it is to send: one process's at a time, and never for ever that of one that ended, lost its connection or stands still."""

import time
from collections.abc import Iterator
from unittest.mock import patch

import psycopg
import pytest
from eventsourcing.persistence import OperationalError

from events import turns
from events.recorder import Turn
from tests.events.conftest import Place

PATIENCE_S = 60.0


@pytest.fixture
def two(shared_place: Place) -> Iterator[tuple[Turn, Turn]]:
    """The turns of two processes of one lane."""
    with patch.object(turns, "SILENT_S", 2.0):
        both = shared_place.journal().store.turn("send"), shared_place.journal().store.turn("send")
        yield both
        for turn in both:
            turn.close()


def taken_in(turn: Turn) -> float:
    """Seconds until it is this one's turn."""
    began = time.monotonic()
    while not turn.take():
        assert time.monotonic() - began < PATIENCE_S
        time.sleep(0.02)
    return time.monotonic() - began


def test_one_has_it_until_it_is_given_back(two: tuple[Turn, Turn]) -> None:
    first, second = two

    assert (first.take(), second.take()) == (True, False)
    first.give_back()
    assert (second.take(), first.take()) == (True, False)


def test_lanes_do_not_wait_for_each_other(two: tuple[Turn, Turn], database: str) -> None:
    other = Place(database, "lain")
    turn = other.journal().store.turn("send")

    assert (two[0].take(), turn.take()) == (True, True)
    turn.close()
    other.close()


def test_who_loses_the_connection_loses_the_turn_and_is_told(two: tuple[Turn, Turn], database: str) -> None:
    first, second = two
    assert first.take()
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")

    taken_in(second)
    with pytest.raises(OperationalError):
        first.keep()
    assert not first.take()


def test_who_is_silent_loses_the_turn_and_who_says_so_keeps_it(two: tuple[Turn, Turn]) -> None:
    first, second = two
    assert first.take()
    for _ in range(6):
        time.sleep(0.5)
        first.keep()
    assert not second.take()

    assert taken_in(second) > 1
    with pytest.raises(OperationalError):
        first.keep()


def test_a_turn_that_was_long_not_asked_for_is_taken_all_the_same(two: tuple[Turn, Turn]) -> None:
    first = two[0]
    assert first.take()
    first.give_back()
    time.sleep(3)

    assert first.take()


def test_where_a_lane_is_one_process_it_is_always_its_turn(tmp_path_factory: pytest.TempPathFactory) -> None:
    place = Place(f"sqlite:{tmp_path_factory.mktemp('one')}/", "satu")
    turn = place.journal().store.turn("send")

    assert (turn.take(), turn.take()) == (True, True)
    place.close()
