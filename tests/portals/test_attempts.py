"""Whose turn it is to be published: the same on SQLite and PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from events.journal import Journal
from events.stores import open_store
from events.submission import Recorded
from lane.inbox import Inbox, open_engine
from portals.portal import Code, PortalProblem
from services.publisher.attempts import Attempt, Attempts, Look, Outcome, Waiting
from services.publisher.following import Following
from services.publisher.outcomes import delay_after
from tests.events.given import (
    KETUA,
    TIM,
    Step,
    after,
    approved,
    on_kafka,
    published,
    recalled,
    retracted,
    revision_of,
    story,
    submission_of,
    verified,
)

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)


@dataclass
class Queue:
    """The inbox as the publisher sees it; `waits` puts a submission at its end."""

    attempts: Attempts
    journal: Journal
    waiting: list[uuid.UUID] = field(default_factory=list)
    offset: int = 0

    def waits(self, dataset_id: str, opd: str = "dinkes") -> uuid.UUID:
        steps = (submission_of(dataset_id=dataset_id).by(TIM.model_copy(update={"opd": opd})), revision_of(dataset_id=dataset_id))
        at = NOW + timedelta(seconds=len(self.waiting))
        told = story(steps[0], steps[1].by(KETUA.model_copy(update={"opd": opd})), verified, approved.on(at))
        self._came(told)
        self.waiting.append(told[0].event.submission_id)
        return self.waiting[-1]

    def goes_on(self, submission_id: uuid.UUID, *steps: Step) -> None:
        told = self.journal.history(submission_id)
        self._came(after(told, *steps))

    def _came(self, told: list[Recorded]) -> None:
        outcomes = self.journal.replicate(on_kafka(*told, offset=self.offset))
        assert {outcome.counted for outcome in outcomes} == {"applied"}
        self.offset += len(told)

    def fails(self, submission_id: uuid.UUID, *, next_at: datetime = NOW, state: Outcome = "retrying", sequence: int = 4) -> None:
        self.attempts.put(Attempt(submission_id, sequence, state, 1, "look", "busy", "x", next_at))

    def look(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[Waiting, ...] = ()) -> Look:
        return self.attempts.look(NOW, limit, busy=busy, finished=finished)

    def due(self, limit: int = 9, *, busy: tuple[str, ...] = (), finished: tuple[Waiting, ...] = ()) -> list[uuid.UUID]:
        return [waiting.submission_id for waiting in self.look(limit, busy=busy, finished=finished).due]

    def waiting_of(self, submission_id: uuid.UUID) -> Waiting:
        found = self.attempts.of(submission_id)
        assert found is not None
        return found


@pytest.fixture(params=["sqlite", "postgres"])
def queue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Queue]:
    if request.param == "sqlite":
        address = f"sqlite:{tmp_path}/"
    else:
        new_database: Callable[[], str] = request.getfixturevalue("postgres")
        address = new_database()
    journal = Journal(open_store(address, "publisher"), "publisher")
    engine = open_engine(address, "publisher")
    Inbox("publisher", engine).prepare()
    attempts = Attempts(engine, Following(engine, journal))
    attempts.following.prepare()
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
    done = queue.waiting_of(first)
    look = queue.look(finished=(done, Waiting(uuid.uuid4(), 4, "desa", "dinkes", down=True, attempt=None)))
    assert ([waiting.submission_id for waiting in look.due], look.unseen) == ([second], {done.key})
    assert queue.attempts.count("retrying") == 0


@pytest.mark.parametrize("step", [retracted, recalled])
def test_what_must_come_down_goes_first_until_the_portal_has_followed(queue: Queue, step: Step) -> None:
    waiting, gone = queue.waits("desa"), queue.waits("desa")
    approval = queue.waiting_of(gone)
    queue.goes_on(gone, step)
    assert queue.due(finished=(approval,)) == [gone], "what was finished before it was retracted has something to do again"
    assert queue.waiting_of(gone).down
    queue.fails(gone, next_at=NOW + timedelta(seconds=8), sequence=5)
    assert (queue.due(), queue.attempts.not_down()) == ([], 1)
    queue.fails(gone, sequence=5)
    assert queue.due(finished=(queue.waiting_of(gone),)) == [waiting]
    assert (queue.attempts.not_down(), queue.attempts.of(gone)) == (0, None)
    queue.attempts.retry_now(gone, NOW)
    assert queue.due() == [waiting]


def test_what_was_handed_back_must_come_down_under_the_name_that_it_had_whatever_becomes_of_it(queue: Queue) -> None:
    gone = queue.waits("desa")
    again = revision_of(dataset_id="kota").by(KETUA.model_copy(update={"opd": "dinkes"}))
    queue.goes_on(gone, recalled, again, verified, approved.on(NOW))
    [found] = queue.look().due
    assert (found.submission_id, found.dataset_id, found.down) == (gone, "desa", True)
    queue.look(finished=(found,))
    assert [(one.dataset_id, one.down) for one in queue.look().due] == [("kota", False)]


def test_what_must_come_down_is_found_again_by_a_process_that_starts_anew(queue: Queue) -> None:
    down, gone = queue.waits("desa"), queue.waits("kota")
    queue.goes_on(down, published, retracted)
    queue.look(finished=(queue.waiting_of(down),))
    queue.goes_on(gone, retracted)
    anew = Attempts(queue.attempts.engine, Following(queue.attempts.engine, queue.journal))
    anew.following.prepare()
    assert [one.submission_id for one in anew.look(NOW, 9, busy=(), finished=()).due] == [gone]


def test_what_came_down_by_the_word_of_an_earlier_release_stays_down(queue: Queue) -> None:
    down, other = queue.waits("desa"), queue.waits("kota")
    queue.fails(down, state="done", sequence=5)  # type: ignore[arg-type]
    queue.goes_on(down, retracted)
    queue.goes_on(other, retracted)
    assert queue.due() == [other]


@pytest.mark.parametrize("queue", ["sqlite"], indirect=True)
def test_a_look_costs_the_same_however_much_was_taken_down_before(queue: Queue) -> None:
    """Counted in steps of SQLite's machine, and in events read from the journal."""
    steps, read = 0, 0
    select_rows = queue.journal.store.select_rows

    def stepped() -> None:
        nonlocal steps
        steps += 1

    def counted(*asked: Any) -> Any:
        nonlocal read
        found = select_rows(*asked)
        read += len(found)
        return found

    queue.journal.store.select_rows = counted  # type: ignore[method-assign, assignment]
    sa.event.listen(queue.attempts.engine, "checkout", lambda connection, *_: connection.set_progress_handler(stepped, 1))

    def cost_after(history: int) -> tuple[int, int]:
        nonlocal steps, read
        for number in range(history):
            queue.goes_on(queue.waits(f"desa-{history}-{number}"), published, retracted)
        queue.look(finished=tuple(queue.look(999).due))
        waits = queue.waits(f"kota-{history}")
        queue.look()
        steps = read = 0
        assert queue.due() == [waits]
        queue.goes_on(waits, published)
        return steps, read

    small, large = cost_after(3), cost_after(60)
    assert (small[1], large[1]) == (0, 0)
    assert large[0] <= small[0] * 1.1


def test_what_is_refused_for_good_is_not_tried_again_and_holds_up_no_other(queue: Queue) -> None:
    refused, later = queue.waits("desa"), queue.waits("desa")
    queue.fails(refused, state="refused")
    assert queue.due() == [later]
    assert [one.submission_id for one in queue.attempts.for_a_person()] == [refused]
    queue.attempts.retry_now(refused, NOW)
    assert queue.due() == [refused]


def test_what_was_approved_anew_begins_anew(queue: Queue) -> None:
    approved_again = queue.waits("desa")
    queue.fails(approved_again, state="refused", sequence=3)
    assert queue.due() == [approved_again]


@pytest.mark.parametrize(("asked", "seconds"), [(0.0, 0), (7.0, 7), (300.5, 300), (1e20, 300), (float("inf"), 300)])
def test_a_portal_that_asks_to_wait_is_asked_again_within_five_minutes(asked: float, seconds: int) -> None:
    """Whatever its Retry-After says: a pause that no clock holds ended the loop that publishes."""
    problem = PortalProblem(Code.BUSY, "Portal sedang sibuk.", retry_after=asked)
    assert delay_after(problem, 1) == timedelta(seconds=seconds)
