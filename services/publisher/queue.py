"""The publishing queue as the admin sees it: what the portal has still to follow, in order. Heads and attempts in, a page out."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from events.journal import Journal
from events.submission import EPOCH, MILLISECOND, Head
from lane.asked import cursor_of, read_cursor
from portals.portal import STEPS
from services.publisher.attempts import ATTEMPTS, EITHER, Attempt, attempt_of
from services.publisher.outcomes import portal_state

_COLUMNS: Final = (EITHER.c.turn, EITHER.c.arrived_ms, EITHER.c.submission_id)
_WAITS: Final = sa.or_(EITHER.c.attempt.is_(None), EITHER.c.attempt != "done")


@dataclass(frozen=True)
class Queue:
    """`step_of`: the step that a worker is at now, None when none works on it."""

    journal: Journal
    engine: sa.Engine
    step_of: Callable[[str], str | None]

    def page(self, *, after: str | None, limit: int) -> dict[str, object]:
        """`{"items", "next"}`, oldest first. Raises ValueError when `after` is not the `next` of a page."""
        query = sa.select(*_COLUMNS).where(_WAITS).order_by(*_COLUMNS).limit(limit + 1)
        if after is not None:
            query = query.where(sa.tuple_(*_COLUMNS) > sa.tuple_(*_read(after)))
        with self.engine.connect() as c:
            found = c.execute(query).all()
            ids = [row.submission_id for row in found[:limit]]
            tried = {row.submission_id: attempt_of(row) for row in c.execute(sa.select(ATTEMPTS).where(ATTEMPTS.c.submission_id.in_(ids)))}
        heads = self.journal.heads(ids)
        items = [self._line(heads[one], tried.get(one)) for one in ids if one in heads]
        more = f"{found[limit - 1].turn}.{cursor_of(*found[limit - 1][1:])}" if len(found) > limit else None
        return {"items": items, "next": more}

    def _line(self, head: Head, attempt: Attempt | None) -> dict[str, object]:
        tried = attempt if attempt and attempt.sequence == head.sequence else None
        running = self.step_of(str(head.submission_id))
        step = running or (tried.step if tried else None)
        waits = tried is not None and tried.state == "retrying" and tried.next_at > datetime.now(UTC)
        return {
            "submission_id": head.submission_id,
            "dataset_id": head.dataset_id,
            "title": head.title,
            "opd": head.opd,
            "sequence": head.sequence,
            "state": portal_state(head, tried),
            "running": running is not None,
            "step": step,
            "step_name": STEPS.get(step) if step else None,
            "attempts": tried.attempts if tried else 0,
            "last_error": {"code": tried.code, "message": tried.message} if tried and tried.code else None,
            "next_attempt_at": tried.next_at if tried and waits else None,
            "since": EPOCH + head.arrived_ms * MILLISECOND,
        }


def _read(after: str) -> tuple[sa.ColumnElement[int], sa.ColumnElement[int], sa.ColumnElement[UUID]]:
    """Raises ValueError."""
    turn, _, rest = after.partition(".")
    if turn not in ("0", "1"):
        raise ValueError("not a cursor of the queue")
    moment_ms, submission_id = read_cursor(rest)
    return sa.literal(int(turn)), sa.literal(moment_ms), sa.literal(submission_id, sa.Uuid)
