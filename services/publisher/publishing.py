"""Step 4 by itself: what was approved or taken down in, the portal brought to what the log says, DataPublished out.

A failure stays with its submission: it is written down, tried again with growing pauses, and holds up nothing else. What the portal
refuses for good is not tried again until a person says so. A crash at any point is resumed by doing it again.
"""

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog

from bus.loops import WATCH_S, Progress, woken
from events.contracts import Actor, DataPublished, Published, Reason
from events.rules import standing_of
from events.submission import Head, Kind, Recorded, Refused, State
from lane.lane import Lane
from lane.tracing import Step
from portals.desired import Desired
from portals.portal import STEPS, Code, Portal, PortalProblem
from services.publisher.attempts import Attempt, Attempts, Outcome, Waiting
from services.publisher.commands import HandBack, Publish, Retract, Withdrawn
from services.publisher.outcomes import delay_after, portal_state, words_of
from services.publisher.policy import PUBLISHER
from services.publisher.standings import Standings

WORKERS: Final = 4
AT_ONCE: Final = 4 * WORKERS
"""Submissions that the workers have or that wait for one of them: the inbox need not be looked at after each."""
GATHER_S: Final = 0.02
GATHER_AT_MOST_S: Final = 1.0
SHARE: Final = 5
"""After a look there is a pause of GATHER_S, or of this many times what it took when it found less than the workers can have."""
ELSEWHERE_S: Final = 1.0
LAST_S: Final = 5.0
"""How long the end waits for what is being written to the portal; it is done again at the next start."""
log = structlog.get_logger("jejak.publisher")


class Elsewhere(Exception):
    """Another process of the lane is writing this dataset to the portal: no failure, only not ours."""


@dataclass
class Publishing:
    """`working_at`: submission → the step at which a worker is now."""

    lane: Lane
    portal: Portal
    attempts: Attempts
    standings: Standings
    progress: Progress
    wake: asyncio.Event
    failures: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    working_at: dict[str, str] = field(default_factory=dict)
    _running: dict[asyncio.Future[None], Waiting] = field(default_factory=dict)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="publish"))
    _elsewhere: dict[str, float] = field(default_factory=dict)
    _finished: set[tuple[str, int]] = field(default_factory=set)

    async def run(self) -> None:
        await self.lane.until_ready()
        await self._look_at_portal()
        try:
            while True:
                began = time.monotonic()
                next_at = await self._start_due()
                self.progress.moved()
                pause = GATHER_S if len(self._running) >= AT_ONCE else SHARE * (time.monotonic() - began)
                await asyncio.sleep(min(max(GATHER_S, pause), GATHER_AT_MOST_S))
                await woken(self.wake, self._pause(next_at))
                for task in [t for t in self._running if t.done()]:
                    await self._ended(self._running.pop(task), task.exception())
        except asyncio.CancelledError:  # after any other failure this loop starts anew and finds them still running
            if self._running:  # they use the store, which is closed next
                await asyncio.wait(self._running, timeout=LAST_S)
            for task in self._running:
                task.cancel()
            raise

    async def _look_at_portal(self) -> None:
        """What is wrong with the portal's settings is said at start; publishing is tried all the same."""
        largest = self.lane.shared.settings.files_limit_mb * 1024 * 1024
        try:
            problems = await asyncio.to_thread(lambda: self.portal.check(largest_file=largest))
        except PortalProblem as silent:
            problems = [silent.message]
        for problem in problems:
            self.progress.counts["portal_problem"] += 1
            log.error("portal_problem", problem=problem)

    async def _start_due(self) -> datetime | None:
        """Give the workers what is due; returns when the next pause ends."""
        free = AT_ONCE - len(self._running)
        if free <= 0:
            return None
        now = time.monotonic()
        self._elsewhere = {dataset_id: until for dataset_id, until in self._elsewhere.items() if until > now}
        busy = {waiting.dataset_id for waiting in self._running.values()} | self._elsewhere.keys()
        look = await asyncio.to_thread(self.attempts.look, datetime.now(UTC), free, busy=busy, finished=frozenset(self._finished))
        self._finished = look.unseen
        for waiting in look.due:
            task = asyncio.get_running_loop().run_in_executor(self._workers, self._bring, waiting)
            task.add_done_callback(lambda _: self.wake.set())
            self._running[task] = waiting
        return look.next_at

    def _pause(self, next_at: datetime | None) -> float:
        left = (next_at - datetime.now(UTC)).total_seconds() if next_at else WATCH_S
        return min(ELSEWHERE_S if self._elsewhere else WATCH_S, max(0.05, left))

    def _bring(self, waiting: Waiting) -> None:
        """Bring the portal to what the log says of this submission's dataset. Blocking: runs in a thread."""
        with self.attempts.turn(waiting.dataset_id) as mine:
            head = self.lane.find(uuid.UUID(waiting.submission_id))
            if head.state not in (State.APPROVED, State.RETRACTED):
                return
            if not mine:
                raise Elsewhere
            began = time.monotonic()
            with self.lane.shared.traces.work("portal", Step(self.lane.name, head.submission_id, head.sequence), opd=head.opd) as told:
                if head.state == State.APPROVED:
                    self._publish(head, waiting.dataset_id, told)
                else:
                    self._apply(self.standings.desired(waiting.dataset_id), head.submission_id, told)
                    self.attempts.put(Attempt(waiting.submission_id, head.sequence, "done", 1, "withdraw", None, None, datetime.now(UTC)))
            log.info("portal_follows", submission_id=waiting.submission_id, state=head.state, took_s=round(time.monotonic() - began, 3))

    def _publish(self, head: Head, dataset_id: str, told: Callable[[str], None]) -> None:
        desired, owner = self.standings.with_approved(dataset_id, head.submission_id)
        if owner not in (None, self.standings.directory.heir_of(head.opd)):
            raise PortalProblem(
                Code.NAME_TAKEN,
                f"Nama data “{dataset_id}” sudah dipakai OPD {owner}. Kembalikan data ini agar dataset_id diganti, "
                "atau minta pengelola mengalihkan nama itu.",
            )
        published = self._apply(desired, head.submission_id, told)
        if published is None:
            raise PortalProblem(
                Code.CLOSED, "Edisi yang lebih baru sudah ditarik, sehingga data ini ditutup. Kembalikan, lalu serahkan sebagai edisi baru."
            )
        self.lane.do("publish", head.submission_id, Publish(expected_sequence=head.sequence, published=published), actor=PUBLISHER)
        self.progress.counts["published"] += 1

    def _apply(self, desired: Desired, about: uuid.UUID, told: Callable[[str], None]) -> Published | None:
        def stepped(step: str) -> None:
            self.steps[step] += 1
            self.working_at[str(about)] = step
            told(step)

        return self.portal.apply(desired, self.lane.shared.files, about=about, step=stepped)

    async def _ended(self, waiting: Waiting, error: BaseException | None) -> None:
        step = self.working_at.pop(waiting.submission_id, "look")
        if isinstance(error, Elsewhere):
            self._elsewhere[waiting.dataset_id] = time.monotonic() + ELSEWHERE_S
        elif error is None or (isinstance(error, Refused) and error.kind is Kind.CONFLICT):
            self._finished.add((waiting.submission_id, waiting.sequence))
        else:
            await asyncio.to_thread(self._failed, waiting, step, error)

    def _failed(self, waiting: Waiting, step: str, error: BaseException) -> None:
        """What must come down is tried for ever; what cannot be shown for good waits for a person."""
        code, message = words_of(error)
        approved = self.lane.find(uuid.UUID(waiting.submission_id)).state == State.APPROVED
        for_good = approved and isinstance(error, PortalProblem) and error.permanent
        before = self.attempts.of(waiting.submission_id, waiting.sequence)
        attempts = (before.attempts if before else 0) + 1
        next_at = datetime.now(UTC) + delay_after(error, attempts)
        state: Outcome = "refused" if for_good else "retrying"
        self.attempts.put(Attempt(waiting.submission_id, waiting.sequence, state, attempts, step, code, message, next_at))
        self.failures[code] += 1
        log.warning(
            "portal_does_not_follow",
            submission_id=waiting.submission_id,
            state=state,
            step=step,
            attempts=attempts,
            code=code,
            error=repr(error),
            next_at=None if for_good else next_at.isoformat(),
        )

    def state_of(self, submission_id: uuid.UUID) -> dict[str, object]:
        """For the admin: how far the portal is, which step, how many attempts, what went wrong, when next."""
        head = self.lane.find(submission_id)
        attempt = self.attempts.of(str(submission_id), head.sequence)
        running = self.working_at.get(str(submission_id))
        step = running or (attempt.step if attempt else None)
        state = portal_state(head, attempt)
        return {
            "state": state,
            "running": running is not None,
            "step": step,
            "step_name": STEPS.get(step) if step else None,
            "attempts": attempt.attempts if attempt else 0,
            "error": {"code": attempt.code, "message": attempt.message} if attempt and attempt.code else None,
            "next_at": attempt.next_at.isoformat() if attempt and state in ("retrying", "not_down") else None,
            "still_shown": self._still_shown(head) if head.state == State.RETRACTED else [],
        }

    def _still_shown(self, head: Head) -> list[str]:
        """Other editions of the dataset that the public still gets: the same mistake may be in them."""
        return [str(one.submission_id) for one in self.standings.desired(head.dataset_id).shown]

    def for_a_person(self) -> list[dict[str, object]]:
        """What the portal refuses for good, and what was taken down and is not yet down."""
        rows = self.attempts.for_a_person()
        return [{"submission_id": one, "dataset_id": name, "publication": self.state_of(uuid.UUID(one))} for one, name, _ in rows]

    def retry(self, submission_id: uuid.UUID) -> None:
        """Try again now. Raises `Refused` when the portal has nothing to follow. Blocking."""
        head = self.lane.find(submission_id)
        if head.state not in (State.APPROVED, State.RETRACTED):
            reason = Reason(code="not_holder", note=f"Tidak ada yang perlu diterbitkan: {standing_of(head)}.")
            raise Refused(Kind.CONFLICT, reason, state=head.state)
        self.attempts.retry_now(str(submission_id), datetime.now(UTC))
        self._look_again()

    def hand_back(self, submission_id: uuid.UUID, body: HandBack, *, actor: Actor) -> Recorded:
        """Back to the agency before it is written down as published; what the portal has of it already is taken away.

        Raises `Refused`. Blocking.
        """
        dataset_id = self.lane.find(submission_id).dataset_id
        with self.attempts.turn(dataset_id) as mine:
            if not mine:
                raise Refused(Kind.CONFLICT, Reason(code="busy", note="Data ini sedang ditulis ke portal; coba lagi sebentar lagi."))
            recorded = self.lane.do("reject", submission_id, body, actor=actor)
            try:
                self.portal.apply(self.standings.desired(dataset_id), self.lane.shared.files, about=None, step=lambda _: None)
            except PortalProblem as problem:  # the regular check finds what is left there
                log.error("handed_back_portal_unseen", submission_id=str(submission_id), dataset_id=dataset_id, error=repr(problem))
        self._look_again()
        return recorded

    def retract(self, submission_id: uuid.UUID, body: Retract, *, actor: Actor) -> Recorded:
        """Write down that it is taken down, whatever the portal does now; the portal is made to follow. Raises `Refused`. Blocking."""
        history = self.lane.journal.history(submission_id)
        published = next((r.event for r in history if isinstance(r.event, DataPublished)), None)
        url = published.data.url if published else ""
        withdrawn = Withdrawn(**dict(body), portal=self.portal.kind, url=url)
        recorded = self.lane.do("retract", submission_id, withdrawn, actor=actor)
        self._look_again()
        return recorded

    def _look_again(self) -> None:
        for changed in self.lane.journal.on_commit:
            changed()
