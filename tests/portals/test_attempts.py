"""Whose turn it is to be published: the same on SQLite and PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.journal import Journal
from events.stores import open_store
from lane.inbox import open_engine
from services.publisher.attempts import Attempts, Look
from tests.events.given import TIM, approved, on_kafka, revision_of, story, submission_of, verified

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@dataclass
class Queue:
    """The worklist as the publisher sees it; `waits` puts a submission at its end."""

    attempts: Attempts
    journal: Journal
    waiting: list[str] = field(default_factory=list)

    def waits(self, dataset_id: str, opd: str = "dinkes") -> str:
        steps = (submission_of(dataset_id=dataset_id).by(TIM.model_copy(update={"opd": opd})), revision_of(dataset_id=dataset_id))
        told = story(*steps, verified, approved.on(NOW + timedelta(seconds=len(self.waiting))))
        self.journal.replicate(on_kafka(*told, offset=4 * len(self.waiting)))
        self.waiting.append(str(told[0].event.submission_id))
        return self.waiting[-1]

    def fails(self, submission_id: str, *, next_at: datetime) -> None:
        self.attempts.failed(submission_id, attempts=1, step="look", code="busy", message="x", next_at=next_at)

    def look(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[str, ...] = ()) -> Look:
        return self.attempts.look(NOW, limit, busy=busy, finished=finished)

    def due(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[str, ...] = ()) -> list[str]:
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
    look = queue.look(finished=(first, str(uuid.uuid4())))
    assert ([waiting.submission_id for waiting in look.due], look.unseen) == ([second], {first})
    assert queue.attempts.waiting() == 0
