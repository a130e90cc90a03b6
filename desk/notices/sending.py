"""Notices that wait → sent, each once. One desk at a time sends to a target; what fails is tried again with pauses and holds up no other.

A desk that dies between a sending and its mark sends that one notice again: at most one for each target that it was sending to.
"""

import threading
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
import structlog

from desk.clock import now_ms
from desk.notices.kinds import ENDS_WITH_THE_STEP, words
from desk.notices.taking import DAY_MS, head_now
from desk.notices.targets import deliver
from desk.tables import NOTICES, TARGETS

LEASE_MS: Final = 120_000
"""Longer than apprise waits for any server. After a crash nobody else sends to that target for so long."""
PAUSES_MS: Final = (60_000, 300_000, 900_000, 3_600_000)
log = structlog.get_logger("jejak.desk")


@dataclass(frozen=True)
class Sending:
    """`address`: where the pages are, without a slash at its end. `counts`: what became of notices, by outcome, and `failed` attempts.

    `stopped`: no further notice is begun, and the targets are free for the next desk at once.
    """

    engine: sa.Engine
    address: str
    deliver: Callable[[str, str, str], bool] = deliver
    clock: Callable[[], int] = now_ms
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    counts: Counter[str] = field(default_factory=Counter)
    stopped: threading.Event = field(default_factory=threading.Event)

    def claim(self) -> list[int]:
        """Targets with something to send, which from now on are this desk's for LEASE_MS. Raises SQLAlchemyError."""
        now = self.clock()
        waits = sa.exists().where(NOTICES.c.target == TARGETS.c.id, NOTICES.c.outcome.is_(None))
        query = sa.select(TARGETS.c.id, TARGETS.c.next_ms).where(TARGETS.c.ended_ms.is_(None), TARGETS.c.next_ms <= now, waits)
        with self.engine.begin() as c:
            found = c.execute(query.limit(4)).all()
            return [row.id for row in found if self._take(c, row.id, row.next_ms, now)]

    def waiting(self) -> int:
        """Notices that are not sent yet. Raises SQLAlchemyError."""
        query = sa.select(sa.func.count()).select_from(NOTICES.join(TARGETS))
        with self.engine.connect() as c:
            return c.execute(query.where(NOTICES.c.outcome.is_(None), TARGETS.c.ended_ms.is_(None))).scalar_one()

    def _take(self, c: sa.Connection, target: int, next_ms: int, now: int) -> bool:
        free = sa.update(TARGETS).where(TARGETS.c.id == target, TARGETS.c.next_ms == next_ms)
        return c.execute(free.values(next_ms=now + LEASE_MS, claim=self.name)).rowcount == 1

    def work_off(self, target: int) -> None:
        """Send what waits for a claimed target, until none does, one fails, the claim is lost or it is stopped. Raises SQLAlchemyError."""
        while not self.stopped.is_set():
            if not self._keep(target, next_ms=self.clock() + LEASE_MS) or not (notice := self._next(target)):
                break
            subject, text = words(notice.what, notice.submission, notice.title, self.address)
            if self.deliver(notice.url, subject, text):
                self._mark(notice.id, "sent")
                self._keep(target, failures=0)
                continue
            with self.engine.begin() as c:
                c.execute(sa.update(NOTICES).where(NOTICES.c.id == notice.id).values(attempts=NOTICES.c.attempts + 1))
            self.counts["failed"] += 1
            pause = PAUSES_MS[min(notice.failures, len(PAUSES_MS) - 1)]
            log.warning("notice_failed", target=target, notice=notice.id, again_in_s=pause // 1000)
            self._keep(target, failures=notice.failures + 1, next_ms=self.clock() + pause, claim="")
            return
        self._keep(target, next_ms=0, claim="")

    def _next(self, target: int) -> sa.Row[tuple[object, ...]] | None:
        """The next one that is still true; those that are not are ended on the way."""
        mine = sa.and_(NOTICES.c.target == target, NOTICES.c.outcome.is_(None), TARGETS.c.ended_ms.is_(None))
        query = sa.select(NOTICES, TARGETS.c.url, TARGETS.c.failures).join(TARGETS).where(mine).order_by(NOTICES.c.attempts, NOTICES.c.id)
        while True:
            with self.engine.connect() as c:
                notice = c.execute(query.limit(1)).first()
                head = head_now(c, notice.submission) if notice else None
            if notice is None:
                return None
            if self.clock() - notice.made_ms > DAY_MS:
                log.error("notice_given_up", target=target, notice=notice.id)
                self._mark(notice.id, "given_up")
            elif notice.what in ENDS_WITH_THE_STEP and head and head.sequence != notice.sequence:
                self._mark(notice.id, "past")
            else:
                return notice

    def _mark(self, notice: int, outcome: str) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(NOTICES).where(NOTICES.c.id == notice).values(outcome=outcome))
        self.counts[outcome] += 1

    def _keep(self, target: int, **values: object) -> bool:
        with self.engine.begin() as c:
            mine = sa.update(TARGETS).where(TARGETS.c.id == target, TARGETS.c.claim == self.name)
            return c.execute(mine.values(**values)).rowcount == 1
