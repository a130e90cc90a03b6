"""Whose turn it is to be published: the same on SQLite and PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.journal import Journal
from events.stores import open_store
from events.submission import Recorded
from lane.inbox import open_engine
from services.publisher.attempts import Attempt, Attempts, Look, Outcome
from tests.events.given import KETUA, TIM, after, approved, on_kafka, retracted, revision_of, story, submission_of, verified

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@dataclass
class Queue:
    """The inbox as the publisher sees it; `waits` puts a submission at its end."""

    attempts: Attempts
    journal: Journal
    waiting: list[str] = field(default_factory=list)
    offset: int = 0

    def waits(self, dataset_id: str, opd: str = "dinkes") -> str:
        steps = (submission_of(dataset_id=dataset_id).by(TIM.model_copy(update={"opd": opd})), revision_of(dataset_id=dataset_id))
        at = NOW + timedelta(seconds=len(self.waiting))
        told = story(steps[0], steps[1].by(KETUA.model_copy(update={"opd": opd})), verified, approved.on(at))
        self._came(told)
        self.waiting.append(str(told[0].event.submission_id))
        return self.waiting[-1]

    def is_retracted(self, submission_id: str) -> None:
        told = self.journal.history(uuid.UUID(submission_id))
        self._came(after(told, retracted))

    def _came(self, told: list[Recorded]) -> None:
        outcomes = self.journal.replicate(on_kafka(*told, offset=self.offset))
        assert {outcome.counted for outcome in outcomes} == {"applied"}
        self.offset += len(told)

    def fails(self, submission_id: str, *, next_at: datetime = NOW, state: Outcome = "retrying", sequence: int = 4) -> None:
        self.attempts.put(Attempt(submission_id, sequence, state, 1, "look", "busy", "x", next_at))

    def look(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[tuple[str, int], ...] = ()) -> Look:
        return self.attempts.look(NOW, limit, busy=busy, finished=finished)

    def due(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[tuple[str, int], ...] = ()) -> list[str]:
        return [waiting.submission_id for waiting in self.look(limit, busy=busy, finished=finished).due]


@pytest.fixture(params=["sqlite", "postgres"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    if request.param == "sqlite":
        address = f"sqlite:{tmp_path}/"
    else:
        new_database: Callable[[], str] = request.getfixturevalue("postgres")
        address = new_database()
    journal = Journal(open_store(address, "publisher"), "publisher")
    engine = open_engine(address, "publisher")
    attempts = Attempts(engine)
    attempts.prepare()
    yield Queue(attempts, journal)
    engine.dispose()
    journal.store.close()


def test_the_oldest_come_first_and_of_one_dataset_only_the_oldest(queue: Queue) -> None:
    first, _, other = queue.waits("desa"), queue.waits("desa"), queue.waits("kota")
    assert queue.due() == [first, other]
    assert queue.due(limit=1) == [first]
    assert queue.due(busy=("desa",)) == [other]


def test_one_that_pauses_holds_up_its_own_dataset_only(queue: Queue) -> None:
    paused, _, other = queue.waits("desa"), queue.waits("desa"), queue.waits("kota")
    queue.fails(paused, next_at=NOW + timedelta(seconds=8))
    queue.fails(other, next_at=NOW)
    look = queue.look()
    assert ([waiting.submission_id for waiting in look.due], look.next_at) == ([other], NOW + timedelta(seconds=8))
    queue.attempts.retry_now(paused, NOW)
    assert queue.due() == [paused, other]
    assert queue.look().next_at is None


def test_what_has_finished_makes_room_before_the_inbox_was_looked_at_and_is_forgotten(queue: Queue) -> None:
    first, second = queue.waits("desa"), queue.waits("desa")
    queue.fails(first, next_at=NOW)
    look = queue.look(finished=((first, 4), (str(uuid.uuid4()), 4)))
    assert ([waiting.submission_id for waiting in look.due], look.unseen) == ([second], {(first, 4)})
    assert queue.attempts.count("retrying") == 0


def test_what_must_come_down_goes_first_until_the_portal_has_followed(queue: Queue) -> None:
    waiting, gone = queue.waits("desa"), queue.waits("desa")
    assert queue.due(finished=((gone, 4),)) == [waiting]
    queue.is_retracted(gone)
    assert queue.due(finished=((gone, 4),)) == [gone], "what was finished before it was retracted has something to do again"
    queue.fails(gone, next_at=NOW + timedelta(seconds=8), sequence=5)
    assert (queue.due(), queue.attempts.not_down()) == ([], 1)
    queue.fails(gone, state="done", sequence=5)
    assert (queue.due(), queue.attempts.not_down()) == ([waiting], 0)
    queue.attempts.retry_now(gone, NOW)
    assert queue.due() == [waiting]


def test_what_is_refused_for_good_is_not_tried_again_and_holds_up_no_other(queue: Queue) -> None:
    refused, later = queue.waits("desa"), queue.waits("desa")
    queue.fails(refused, state="refused")
    assert queue.due() == [later]
    assert [one for one, _, _ in queue.attempts.for_a_person()] == [refused]
    queue.attempts.retry_now(refused, NOW)
    assert queue.due() == [refused]


def test_what_was_approved_anew_begins_anew(queue: Queue) -> None:
    approved_again = queue.waits("desa")
    queue.fails(approved_again, state="refused", sequence=3)
    assert queue.due() == [approved_again]
