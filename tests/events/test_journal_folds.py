"""What a lane remembers: submissions for its next command, and own events until they come back. Never other than the journal holds."""

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import pytest
from eventsourcing.persistence import OperationalError

from events import folds
from events.contracts import LOG_TOPIC, Event
from events.journal import Journal, Outcome, Record, Recorded, Row, read_safely
from events.stores import open_store
from tests.events.conftest import Place
from tests.events.given import (
    after,
    approved,
    on_kafka,
    published,
    rejected,
    retracted,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)
from tests.events.stores_that_fail import FailingStore

STEPS = (submitted, revised, rejected(), revision_of(title="Judul baru"), verified, approved, published, retracted)


def opened(place: Place, lane: str, *, folding: bool = True) -> Journal:
    place.opened.append(Journal(open_store(place.address, place.lane), lane, folding=folding))
    return place.opened[-1]


def came(journal: Journal, told: Sequence[Recorded], *, first: int = 0) -> None:
    journal.replicate(on_kafka(*told, offset=first))


@pytest.mark.parametrize("lane", ["review", "decision", "publisher"])
def test_what_is_remembered_is_what_the_journal_holds(place: Place, lane: str) -> None:
    journal, told = opened(place, lane), story(*STEPS)
    submission_id = told[0].event.submission_id
    for number, recorded in enumerate(told):
        if recorded.event.lane == lane:
            journal.append([recorded.event])
        else:
            came(journal, [recorded], first=number)
        folded = journal.submission(submission_id)
        journal._folds.known.clear()
        assert folded == journal.submission(submission_id)


def test_a_lane_s_own_work_is_remembered_and_read_only_once(place: Place) -> None:
    journal, told = opened(place, "decision"), story(submitted, revised, verified, approved)
    submission_id = told[0].event.submission_id
    came(journal, told[:2])
    with patch.object(journal, "histories", wraps=journal.histories) as read:
        assert (waiting := journal.submission(submission_id))
        assert waiting.sequence == 2
        journal.append([told[2].event])
        assert (verdict := journal.submission(submission_id))
        assert verdict.sequence == 3
        assert [list(call.args[0]) for call in read.call_args_list] == [[], []]

    journal.append([told[3].event])
    assert not journal._folds.known, "what has left the lane is forgotten"


def test_another_process_of_the_lane_wrote_meanwhile(shared_place: Place) -> None:
    one, other, told = opened(shared_place, "decision"), opened(shared_place, "decision"), story(submitted, revised, verified)
    submission_id = told[0].event.submission_id
    came(one, told[:2])
    assert one.submission(submission_id)

    other.append([told[2].event])

    assert (seen := one.submission(submission_id))
    assert (seen.sequence, seen.head) == (3, told[2].hash)


def test_a_commit_whose_answer_was_lost_leaves_no_older_memory(place: Place) -> None:
    journal, told = opened(place, "review"), story(submitted, revised)
    came(journal, told[:1])
    failing = FailingStore(journal.store)
    journal.store, failing.lose_answer = failing, True
    with pytest.raises(OperationalError):
        journal.append([told[1].event])
    failing.lose_answer = False

    assert (after_it := journal.submission(told[0].event.submission_id))
    assert (after_it.sequence, after_it.head) == (2, told[1].hash)


def test_large_ones_and_more_than_fit_are_read_instead(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folds, "FOLDS_BYTES", 2 * len(story(submitted, revised)[0].raw) + 100)
    journal = opened(place, "decision")
    large = story(submission_of(summary="x" * 19_000), revised)
    stories = [large, *(story(submitted, revised) for _ in range(3))]
    for number, told in enumerate(stories):
        came(journal, told, first=2 * number)

    assert list(journal._folds.known) == [told[0].event.submission_id.int for told in stories[-2:]]
    found = journal.submissions([told[0].event.submission_id for told in stories])
    assert {i: submission.sequence for i, submission in found.items()} == {told[0].event.submission_id: 2 for told in stories}


def test_a_dead_letter_moves_nothing(place: Place) -> None:
    journal, told = opened(place, "decision"), story(submitted, revised)
    fork = after(told[:1], revision_of(title="Lain"))
    came(journal, told)
    came(journal, fork, first=2)
    assert journal._folds.known[told[0].event.submission_id.int][0].head == told[1].hash
    assert (folded := journal.submission(told[0].event.submission_id))
    assert folded.head == told[1].hash


def test_an_own_event_that_comes_back_is_known_once_and_only_under_its_key(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, told = opened(place, "intake"), story(submitted)
    key, raw = str(told[0].event.submission_id).encode(), told[0].raw
    journal.append([told[0].event])

    came_back = [Record(LOG_TOPIC, 0, offset, key, raw, "c") for offset in range(2)]
    journal.append([(second := story(submitted)[0]).event])
    other_key = Record(LOG_TOPIC, 0, 2, key, second.raw, "c")
    read: list[bytes | None] = []

    def watched(raw: bytes | None) -> tuple[Event, dict[str, Any]] | None:
        read.append(raw)
        return read_safely(raw)

    monkeypatch.setattr("events.journal.read_safely", watched)

    assert [outcome.counted for outcome in journal.replicate(came_back)] == ["duplicate", "duplicate"]
    assert read == [raw]
    assert [outcome.counted for outcome in journal.replicate([other_key])] == ["wrong_key"]


def test_a_submission_that_was_taken_in_is_not_looked_for_when_its_next_step_comes(place: Place) -> None:
    journal, told = opened(place, "intake", folding=False), story(submitted, revised)
    inbound = Record("opd.dispermades.data-submitted.v1", 0, 0, None, b"{}", cluster="c")
    own = (Row.OWN, told[0].event.submission_id, 1, told[0].raw)
    journal.take([inbound], lambda _: [Outcome("accepted", (own,))])

    with patch.object(journal.store, "select_streams", wraps=journal.store.select_streams) as read:
        [came_back] = journal.replicate(on_kafka(told[0]))
        [next_step] = journal.replicate(on_kafka(told[1], offset=1))

    assert (came_back.counted, next_step.counted) == ("duplicate", "applied")
    assert not read.called
