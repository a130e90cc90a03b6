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
from events.contracts import Actor, Published, Reason
from events.rules import standing_of
from events.submission import Kind, Recorded, Refused
from lane.lane import Lane
from lane.tracing import Step
from portals.desired import Desired
from portals.portal import Code, Portal, PortalProblem
from services.publisher.attempts import Attempt, Attempts, Outcome, Waiting
from services.publisher.commands import HandBack, Publish
from services.publisher.outcomes import delay_after, words_of
from services.publisher.policy import PUBLISHER
from services.publisher.standings import Standings
from services.publisher.turns import StillMine, Turns

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


class TurnLost(Elsewhere):
    """It may have begun to while we were writing, and by a newer log."""


@dataclass
class Publishing:
    """`working_at`: submission → the step at which a worker is now."""

    lane: Lane
    portal: Portal
    attempts: Attempts
    turns: Turns
    standings: Standings
    progress: Progress
    wake: asyncio.Event
    failures: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    working_at: dict[uuid.UUID, str] = field(default_factory=dict)
    _running: dict[asyncio.Future[None], Waiting] = field(default_factory=dict)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="publish"))
    _elsewhere: dict[str, float] = field(default_factory=dict)
    _finished: list[Waiting] = field(default_factory=list)
    _overtaken: list[Waiting] = field(default_factory=list)
    """Written to the portal while another may have written too: to be looked at once more."""

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
        largest = self.lane.shared.settings.largest_published()
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
        while self._overtaken:
            one = self._overtaken[-1]
            await asyncio.to_thread(self.attempts.following.look_again, one.submission_id, one.dataset_id)
            self._overtaken.pop()
        now = time.monotonic()
        self._elsewhere = {dataset_id: until for dataset_id, until in self._elsewhere.items() if until > now}
        busy = {waiting.dataset_id for waiting in self._running.values()} | self._elsewhere.keys()
        look = await asyncio.to_thread(self.attempts.look, datetime.now(UTC), free, busy=busy, finished=tuple(self._finished))
        self._finished = [one for one in self._finished if one.key in look.unseen]
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
        with self.turns.turn(waiting.dataset_id) as still_mine:
            if not still_mine:
                raise Elsewhere
            began = time.monotonic()
            step = Step(self.lane.name, *waiting.key)
            with self.lane.shared.traces.work("portal", step, opd=waiting.opd) as told:
                if waiting.down:
                    self._apply(self.standings.desired(waiting.dataset_id), waiting.submission_id, told, still_mine)
                else:
                    self._publish(waiting, told, still_mine)
            took_s = round(time.monotonic() - began, 3)
            log.info("portal_follows", submission_id=str(waiting.submission_id), down=waiting.down, took_s=took_s)

    def _publish(self, waiting: Waiting, told: Callable[[str], None], still_mine: StillMine) -> None:
        found = self.standings.with_approved(waiting.dataset_id, *waiting.key)
        if found is None:
            return  # another process published it, or it was taken back
        desired, owner = found
        if owner not in (None, self.standings.directory.heir_of(waiting.opd)):
            raise PortalProblem(
                Code.NAME_TAKEN,
                f"Nama data “{waiting.dataset_id}” sudah dipakai OPD {owner}. Kembalikan data ini agar dataset_id diganti, "
                "atau minta pengelola mengalihkan nama itu.",
            )
        published = self._apply(desired, waiting.submission_id, told, still_mine)
        if published is None:
            raise PortalProblem(
                Code.CLOSED, "Edisi yang lebih baru sudah ditarik, sehingga data ini ditutup. Kembalikan, lalu serahkan sebagai edisi baru."
            )
        body = Publish(expected_sequence=waiting.sequence, published=published)
        self.standings.went_public(self.lane.do("publish", waiting.submission_id, body, actor=PUBLISHER))
        self.progress.counts["published"] += 1

    def _apply(self, desired: Desired, about: uuid.UUID, told: Callable[[str], None], still_mine: StillMine) -> Published | None:
        def stepped(step: str) -> None:
            if not still_mine():
                raise TurnLost
            self.steps[step] += 1
            self.working_at[about] = step
            told(step)

        try:
            return self.portal.apply(desired, self.lane.shared.files, about=about, step=stepped)
        finally:
            if not still_mine():
                raise TurnLost

    async def _ended(self, waiting: Waiting, error: BaseException | None) -> None:
        """Who comes too late to say that it published may have shown what another had taken down already."""
        step = self.working_at.pop(waiting.submission_id, "look")
        too_late = isinstance(error, Refused) and error.kind is Kind.CONFLICT
        if too_late or isinstance(error, TurnLost):
            self._overtaken.append(waiting)
        if isinstance(error, Elsewhere):
            self._elsewhere[waiting.dataset_id] = time.monotonic() + ELSEWHERE_S
        elif error is None or too_late:
            self._finished.append(waiting)
        else:
            await asyncio.to_thread(self._failed, waiting, step, error)

    def _failed(self, waiting: Waiting, step: str, error: BaseException) -> None:
        """What must come down is tried for ever; what cannot be shown for good waits for a person."""
        code, message = words_of(error)
        for_good = not waiting.down and isinstance(error, PortalProblem) and error.permanent
        attempts = (waiting.attempt.attempts if waiting.attempt else 0) + 1
        next_at = datetime.now(UTC) + delay_after(error, attempts)
        state: Outcome = "refused" if for_good else "retrying"
        self.attempts.put(Attempt(waiting.submission_id, waiting.sequence, state, attempts, step, code, message, next_at))
        self.failures[code] += 1
        log.warning(
            "portal_does_not_follow",
            submission_id=str(waiting.submission_id),
            state=state,
            step=step,
            attempts=attempts,
            code=code,
            error=repr(error),
            next_at=None if for_good else next_at.isoformat(),
        )

    def retry(self, submission_id: uuid.UUID) -> None:
        """Try again now. Raises `Refused` when the portal has nothing to follow. Blocking."""
        head = self.lane.find(submission_id)
        if self.attempts.of(submission_id) is None:
            reason = Reason(code="not_holder", note=f"Tidak ada yang perlu diterbitkan: {standing_of(head)}.")
            raise Refused(Kind.CONFLICT, reason, state=head.state)
        self.attempts.retry_now(submission_id, datetime.now(UTC))
        for changed in self.lane.journal.on_commit:
            changed()

    def hand_back(self, submission_id: uuid.UUID, body: HandBack, *, actor: Actor) -> Recorded:
        """Back to the agency before it is written down as published; what the portal may have of it already is taken down.

        Raises `Refused`. Blocking.
        """
        with self.turns.turn(self.lane.find(submission_id).dataset_id) as still_mine:
            if not still_mine:
                raise Refused(Kind.CONFLICT, Reason(code="busy", note="Data ini sedang ditulis ke portal; coba lagi sebentar lagi."))
            return self.lane.do("reject", submission_id, body, actor=actor)
