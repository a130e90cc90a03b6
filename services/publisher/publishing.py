"""Step 4 by itself: every approved submission in, shown on the portal and read back, DataPublished out.

A failure stays with its submission: it is written down, tried again with growing pauses, and holds up nothing else. What the
portal already has is looked at before anything is written, so a crash at any point is resumed by doing it again.
"""

import asyncio
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import DBAPIError

from bus.loops import WATCH_S, Progress, woken
from events.contracts import Actor, DataPublished, Reason, Retracted
from events.submission import Kind, Recorded, Refused, fold
from lane.files import FileProblem
from lane.lane import Lane
from portals.portal import STEPS, Portal, PortalProblem
from services.publisher.attempts import Attempt, Attempts, Waiting
from services.publisher.commands import HandBack, Publish, Retract, Withdrawn
from services.publisher.policy import PUBLISHER
from services.publisher.standings import Upkeep, publication_of

WORKERS: Final = 4
AT_ONCE: Final = 4 * WORKERS
"""Submissions that the workers have or that wait for one of them: the worklist need not be looked at after each."""
GATHER_S: Final = 0.02
GATHER_AT_MOST_S: Final = 1.0
SHARE: Final = 5
"""After a look there is a pause of GATHER_S, or of this many times what it took when it found less than the workers can have."""
ELSEWHERE_S: Final = 1.0
LONGEST_PAUSE: Final = timedelta(minutes=5)
log = structlog.get_logger("jejak.publisher")


class Elsewhere(Exception):
    """Another process of the lane is writing this dataset to the portal: no failure, only not ours."""


@dataclass
class Publishing:
    lane: Lane
    portal: Portal
    attempts: Attempts
    progress: Progress
    wake: asyncio.Event
    failures: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    differences: int | None = None
    _running: dict[asyncio.Future[None], Waiting] = field(default_factory=dict)
    _workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, thread_name_prefix="publish"))
    _step: dict[str, str] = field(default_factory=dict)
    _elsewhere: dict[str, float] = field(default_factory=dict)
    _finished: set[str] = field(default_factory=set)

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
            task = asyncio.get_running_loop().run_in_executor(self._workers, self._publish, waiting)
            task.add_done_callback(lambda _: self.wake.set())
            self._running[task] = waiting
        return look.next_at

    def _pause(self, next_at: datetime | None) -> float:
        left = (next_at - datetime.now(UTC)).total_seconds() if next_at else WATCH_S
        return min(ELSEWHERE_S if self._elsewhere else WATCH_S, max(0.05, left))

    async def check_regularly(self) -> None:
        """Compare the portal with the log every so many hours (JEJAK_PORTAL_CHECK_HOURS) and count what differs."""
        shared = self.lane.shared
        upkeep = Upkeep(self.portal, self.lane.journal, self.attempts, shared.directory, shared.files)
        await self.lane.until_ready()
        while True:
            try:
                differences = await asyncio.get_running_loop().run_in_executor(self._workers, lambda: list(upkeep.check()))
                self.differences = len(differences)
                for difference in differences:
                    log.error("portal_differs", what=difference.what, words=str(difference))
            except (PortalProblem, OSError, DBAPIError, PersistenceError) as error:
                log.warning("portal_not_checked", error=repr(error))
            await asyncio.sleep(shared.settings.portal_check_hours * 3600)

    def _publish(self, waiting: Waiting) -> None:
        """Blocking: runs in a thread."""
        with self.attempts.turn(waiting.dataset_id) as mine:
            history = self.lane.journal.history(uuid.UUID(waiting.submission_id))
            submission = fold(history)
            if submission is None or "DataPublished" not in submission.next:
                return
            if not mine:
                raise Elsewhere
            started = time.monotonic()
            publication = publication_of(history, self.lane.shared.directory)
            published = self.portal.publish(
                publication, self.lane.shared.files, step=lambda step: self._stepped(waiting.submission_id, step)
            )
            body = Publish(expected_sequence=submission.sequence, published=published)
            self.lane.do("publish", submission.id, body, actor=PUBLISHER)
            self.progress.counts["published"] += 1
            log.info("published", submission_id=waiting.submission_id, url=published.url, took_s=round(time.monotonic() - started, 3))

    def _stepped(self, submission_id: str, step: str) -> None:
        self.steps[step] += 1
        self._step[submission_id] = step

    async def _ended(self, waiting: Waiting, error: BaseException | None) -> None:
        step = self._step.pop(waiting.submission_id, "look")
        if isinstance(error, Elsewhere):
            self._elsewhere[waiting.dataset_id] = time.monotonic() + ELSEWHERE_S
            return
        if error is None or (isinstance(error, Refused) and error.kind is Kind.CONFLICT):
            self._finished.add(waiting.submission_id)
            return
        code, message = _words(error)
        before = await asyncio.to_thread(self.attempts.of, waiting.submission_id)
        attempts = (before.attempts if before else 0) + 1
        next_at = datetime.now(UTC) + _delay(error, attempts)
        await asyncio.to_thread(
            lambda: self.attempts.failed(waiting.submission_id, attempts=attempts, step=step, code=code, message=message, next_at=next_at)
        )
        self.failures[code] += 1
        log.warning(
            "not_published",
            submission_id=waiting.submission_id,
            step=step,
            attempts=attempts,
            code=code,
            error=repr(error),
            next_at=next_at.isoformat(),
        )

    def state_of(self, submission_id: uuid.UUID) -> dict[str, object]:
        """For the admin: which step, how many attempts, what went wrong, when next."""
        attempt: Attempt | None = self.attempts.of(str(submission_id))
        step = self._step.get(str(submission_id)) or (attempt.step if attempt else None)
        return {
            "running": str(submission_id) in self._step,
            "step": step,
            "step_name": STEPS.get(step) if step else None,
            "attempts": attempt.attempts if attempt else 0,
            "error": {"code": attempt.code, "message": attempt.message} if attempt else None,
            "next_at": attempt.next_at.isoformat() if attempt else None,
        }

    def retry(self, submission_id: uuid.UUID) -> None:
        """Try again now. Raises `Refused` when it is not this lane's turn. Blocking."""
        submission = self.lane.find(submission_id)
        if "DataPublished" not in submission.next:
            raise Refused(
                Kind.CONFLICT,
                Reason(code="not_holder", note=f"Tidak menunggu penerbitan: keadaan {submission.state}."),
                state=submission.state,
            )
        self.attempts.retry_now(str(submission_id), datetime.now(UTC))
        for changed in self.lane.journal.on_commit:
            changed()

    def hand_back(self, submission_id: uuid.UUID, body: HandBack, *, actor: Actor) -> Recorded:
        """Back to the agency, as long as the public does not see it. Raises `Refused`. Blocking."""
        self.lane.check("reject", submission_id, body, actor=actor)
        dataset_id = self.lane.find(submission_id).dataset_id
        with self.attempts.turn(dataset_id) as mine:
            if not mine:
                raise Refused(Kind.CONFLICT, Reason(code="busy", note="Data ini sedang ditulis ke portal; coba lagi sebentar lagi."))
            if self._is_shown(dataset_id, submission_id):
                note = "Data ini sudah tampil di portal; tunggu sampai tercatat terbit, lalu turunkan dengan alasan."
                raise Refused(Kind.CONFLICT, Reason(code="shown", note=note))
            return self.lane.do("reject", submission_id, body, actor=actor)

    def _is_shown(self, dataset_id: str, submission_id: uuid.UUID) -> bool:
        """A portal that does not answer shows nothing now, and the regular check finds what it shows later."""
        try:
            shown = self.portal.shown(dataset_id)
        except PortalProblem as problem:
            log.warning("handed_back_unseen", submission_id=str(submission_id), error=repr(problem))
            return False
        return shown is not None and shown.public and shown.submission_id == submission_id

    def retract(self, submission_id: uuid.UUID, body: Retract, *, actor: Actor) -> Recorded:
        """Take a published dataset down, then write it down. Raises `Refused`, `PortalProblem`. Blocking."""
        history = self.lane.journal.history(submission_id)
        published = next((r.event for r in history if isinstance(r.event, DataPublished)), None)
        url = published.data.url if published else ""
        data = Retracted(manifest=self.lane.find(submission_id).manifest, portal=self.portal.kind, url=url, reason=body.reason)
        withdrawn = Withdrawn(expected_sequence=body.expected_sequence, data=data)
        self.lane.check("retract", submission_id, withdrawn, actor=actor)
        publication = publication_of(history, self.lane.shared.directory)
        with self.attempts.turn(publication.dataset.dataset_id) as mine:
            if not mine:
                raise Refused(Kind.CONFLICT, Reason(code="busy", note="Data ini sedang ditulis ke portal; coba lagi sebentar lagi."))
            self.portal.retract(publication, reason=body.reason, step=lambda step: self._stepped(str(submission_id), step))
            return self.lane.do("retract", submission_id, withdrawn, actor=actor)


def _words(error: BaseException) -> tuple[str, str]:
    """A stable code and Indonesian words for what went wrong, also for what nobody expected."""
    match error:
        case PortalProblem():
            return str(error.code), error.message
        case FileProblem():
            return f"file_{error.code}", error.message
        case OSError() | PersistenceError() | DBAPIError():
            return "unavailable", "Penyimpanan sedang tidak dapat dipakai; dicoba lagi secara otomatis."
        case _:
            return "internal", "Kesalahan yang tidak terduga; lihat catatan (log) penerbit. Dicoba lagi secara otomatis."


def _delay(error: BaseException, attempts: int) -> timedelta:
    """As the portal asked, else 1, 2, 4 … seconds, at most five minutes."""
    if isinstance(error, PortalProblem) and error.retry_after is not None:
        return min(timedelta(seconds=error.retry_after), LONGEST_PAUSE)
    return min(timedelta(seconds=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)
