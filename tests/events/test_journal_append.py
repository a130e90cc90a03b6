"""A lane writes its own events: as bytes that never change, only after the newest, and durable before anyone is told."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from eventsourcing.persistence import OperationalError

from events.contracts import EVENT_BYTES_LIMIT, Event
from events.journal import Journal
from events.submission import Kind, Recorded, Refused, State
from tests.events.conftest import Place
from tests.events.given import START, WHOLE_LIFE, after, approved, revised, revision_of, story, submission_of, submitted, verified
from tests.events.stores_that_fail import FailingStore


def events(told: list[Recorded]) -> list[Event]:
    return [recorded.event for recorded in told]


def test_what_is_written_is_read_back_byte_for_byte_also_after_a_restart(place: Place) -> None:
    told = story(*WHOLE_LIFE)
    submission_id = told[0].event.submission_id

    for recorded in told:
        assert place.journal().append([recorded.event])[0].raw == recorded.raw
        place.close()

    history = place.journal().history(submission_id)
    assert [r.raw for r in history] == [r.raw for r in told]
    assert [r.hash for r in history] == [hashlib.sha256(r.raw).hexdigest() for r in told]
    assert [r.event.previous for r in history] == [None, *(r.hash for r in told[:-1])]


def test_a_command_on_an_older_state_is_refused_and_changes_nothing(journal: Journal) -> None:
    first, second = story(submitted, revised)
    (other,) = after([first], revision_of(title="Lain"))
    journal.append(events([first, second]))

    with pytest.raises(Refused) as refused:
        journal.append([other.event])

    assert (refused.value.kind, refused.value.reasons[0].code) == (Kind.CONFLICT, "stale")
    assert [r.raw for r in journal.history(first.event.submission_id)] == [first.raw, second.raw]


@pytest.mark.parametrize("missing", ["a step", "the chain", "the turn"])
def test_an_event_that_does_not_follow_is_refused(journal: Journal, missing: str) -> None:
    told = story(submitted, revised, verified)
    journal.append([told[0].event])
    wrong = {
        "a step": told[2].event,
        "the chain": told[1].event.model_copy(update={"previous": "0" * 64}),
        "the turn": after(told[:1], approved)[0].event,
    }[missing]

    with pytest.raises(Refused):
        journal.append([wrong])

    assert len(journal.history(told[0].event.submission_id)) == 1


def test_several_events_are_written_all_or_none(journal: Journal) -> None:
    good, other = story(submitted), story(submitted, revised, verified)

    with pytest.raises(Refused):
        journal.append([good[0].event, other[2].event])
    assert journal.history(good[0].event.submission_id) == []

    journal.append([good[0].event, *events(other)])
    assert len(journal.history(good[0].event.submission_id)) == 1
    assert len(journal.history(other[0].event.submission_id)) == 3


def test_an_event_too_large_for_kafka_never_gets_into_the_journal(journal: Journal) -> None:
    columns = [{"name": f"kolom_{n}", "type": "string", "description": "x" * 1_000} for n in range(EVENT_BYTES_LIMIT // 1_000)]
    (too_large,) = story(submission_of(columns=columns))

    with pytest.raises(Refused) as refused:
        journal.append([too_large.event])

    assert (refused.value.kind, refused.value.reasons[0].code) == (Kind.INVALID, "too_large")
    assert journal.last_id() == 0


def test_a_commit_whose_answer_got_lost_was_still_a_commit(place: Place) -> None:
    told = story(submitted, revised)
    journal = place.journal()
    journal.store = failing = FailingStore(journal.store)
    failing.lose_answer = failing.tries_again = True

    assert [journal.append([recorded.event])[0].raw for recorded in told] == [recorded.raw for recorded in told]
    assert [r.raw for r in place.reopened().history(told[0].event.submission_id)] == [r.raw for r in told]


def test_when_nobody_knows_whether_it_was_written_the_next_look_tells(place: Place) -> None:
    told = story(submitted, revised)
    journal = place.journal()
    journal.store = failing = FailingStore(journal.store)
    failing.lose_answer = True

    with pytest.raises(OperationalError):
        journal.append([told[0].event])

    failing.lose_answer = False
    assert [r.raw for r in journal.history(told[0].event.submission_id)] == [told[0].raw]
    with pytest.raises(Refused):
        journal.append([told[0].event])
    journal.append([told[1].event])
    assert len(journal.history(told[0].event.submission_id)) == 2


def test_whoever_follows_is_woken_after_the_commit_and_only_then(place: Place) -> None:
    told = story(submitted, revised)
    journal = place.journal()
    seen: list[int] = []
    journal.on_commit.append(lambda: seen.append(len(journal.history(told[0].event.submission_id))))

    journal.append([told[0].event])
    assert seen == [1]
    with pytest.raises(Refused):
        journal.append([told[0].event.model_copy(update={"previous": "0" * 64})])
    assert seen == [1]


def test_the_history_at_a_step_and_at_a_moment(journal: Journal) -> None:
    told = story(*WHOLE_LIFE)
    journal.append(events(told))
    submission_id = told[0].event.submission_id

    assert [r.event.sequence for r in journal.history(submission_id, upto=3)] == [1, 2, 3]
    for step in range(len(told) + 1):
        moment = START + timedelta(minutes=step, seconds=30)
        assert [r.raw for r in journal.history(submission_id, as_of=moment)] == [r.raw for r in told[:step]]
    assert len(journal.history(submission_id, as_of=told[3].event.occurred_at)) == 4
    assert journal.history(uuid.uuid4()) == []


def test_clocks_that_differ_leave_no_hole_in_the_history(journal: Journal) -> None:
    told = story(submitted, revised.on(START + timedelta(hours=1)), verified)
    journal.append(events(told))

    history = journal.history(told[0].event.submission_id, as_of=START + timedelta(minutes=30))

    assert [r.event.sequence for r in history] == [1]


def test_the_submission_is_the_fold_of_its_history(journal: Journal) -> None:
    told = story(*WHOLE_LIFE)
    journal.append(events(told))

    submission = journal.submission(told[0].event.submission_id)

    assert submission is not None
    assert (submission.state, submission.sequence, submission.head.hash) == (State.PUBLISHED, len(told), told[-1].hash)
    assert journal.submission(uuid.uuid4()) is None


def test_of_two_processes_that_write_the_same_step_one_is_told_it_came_second(shared_place: Place) -> None:
    first, second = shared_place.journal(), shared_place.journal()
    for _ in range(10):
        begun = story(submitted)
        first.append(events(begun))
        rivals = [after(begun, revision_of(title=title))[0].event for title in ("Satu", "Dua")]

        outcomes = at_once([partial(first.append, [rivals[0]]), partial(second.append, [rivals[1]])])

        (won,) = [outcome for outcome in outcomes if not isinstance(outcome, Refused)]
        assert [r.raw for r in second.history(begun[0].event.submission_id)] == [begun[0].raw, won[0].raw]


def test_many_writers_of_one_process_take_turns(place: Place) -> None:
    journal = place.journal()
    stories = [story(submitted, revised, verified) for _ in range(8)]

    outcomes = at_once([partial(one_by_one, journal, told) for told in stories])

    assert not any(isinstance(outcome, Refused) for outcome in outcomes)
    assert all([r.raw for r in journal.history(t[0].event.submission_id)] == [r.raw for r in t] for t in stories)


def one_by_one(journal: Journal, told: list[Recorded]) -> list[Recorded]:
    return [recorded for each in told for recorded in journal.append([each.event])]


def at_once(work: Sequence[Callable[[], list[Recorded]]]) -> list[list[Recorded] | Refused]:
    """What each piece of work returned or was refused with, all begun at the same moment."""
    ready = threading.Barrier(len(work))

    def run(act: Callable[[], list[Recorded]]) -> list[Recorded] | Refused:
        ready.wait()
        try:
            return act()
        except Refused as refused:
            return refused

    with ThreadPoolExecutor(len(work)) as threads:
        return list(threads.map(run, work))
