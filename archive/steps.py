"""How long each step took and whether it was in time, as rows by month: events in as they follow their journal, the SOP's numbers out.

A step begins and is due as the trail tells it (trail.py). What a month's numbers cost depends on that month, not on the years before.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import sqlalchemy as sa

from archive.trail import ELSEWHERE, STEPS, Due
from events.contracts import EVENT
from events.submission import Head
from lane.due import WIB, is_overdue
from lane.inbox import add_rows

Said = Mapping[str, Any]
"""An event as it stands in its bytes."""
METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "view_steps",
    METADATA,
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, primary_key=True),
    sa.Column("month", sa.String(7), nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("took_s", sa.BigInteger, nullable=False),
    sa.Column("on_time", sa.Boolean),
    sa.Column("published_by", sa.Text),
    sa.Index("view_steps_month", "month", "step", "took_s", "on_time"),
    sa.Index("view_steps_published", "month", "published_by", sqlite_where=sa.text("published_by IS NOT NULL")),
    sqlite_with_rowid=False,
)
"""`published_by`: the OPD whose dataset this event published. `on_time`: none for what has no due time."""
KEPT_S: Final = 30.0
MONTHS_KEPT: Final = 24


def said_by(raw: bytes) -> Said | None:
    """None for bytes that somebody damaged: the proof names them, the views pass over them. No head vouches for them: it may have been made
    of what lies there.
    """
    try:
        EVENT.validate_json(raw)
    except (ValueError, RecursionError):
        return None
    said: Said = orjson.loads(raw)
    return said


def row_of(said: Said, before: Said | None, head: Head, due: Due) -> dict[str, object]:
    """`before`: the event before it, none for the first one; `due`: for events from before they said themselves when they are due."""
    at = datetime.fromisoformat(said["occurred_at"])
    began = datetime.fromisoformat(before["occurred_at"]) if before else min(at, _sent_at(said, at))
    due_at = datetime.fromisoformat(before["due"]["at"]) if before and before.get("due") else due(began)
    retracted = said["type"] == "DataRetracted"
    return {
        "submission_id": head.submission_id,
        "sequence": said["sequence"],
        "month": month_of(at),
        "step": ELSEWHERE.get((said["type"], said.get("lane", "")), STEPS[said["type"]])[0],
        "took_s": max(0, round((at - began).total_seconds())),
        "on_time": None if retracted else not is_overdue(due_at, now=at),
        "published_by": head.opd if said["type"] == "DataPublished" else None,
    }


def put_rows(c: sa.Connection, rows: Sequence[Mapping[str, object]]) -> None:
    add_rows(c, ROWS, rows)


def month_of(moment: datetime) -> str:
    """The month on the calendars of the offices, `2026-11`."""
    return moment.astimezone(WIB).isoformat()[:7]


@dataclass
class Statistics:
    """A month's numbers, kept for half a minute: this is asked by anybody, without a token."""

    engine: sa.Engine
    name_of: Callable[[str], str]
    _kept: dict[str, tuple[datetime, dict[str, object]]] = field(default_factory=dict)

    def of(self, month: str, now: datetime) -> dict[str, object]:
        """What was published in that month, and the steps that ended in it: `{"month", "published_this_month",
        "by_opd": [{opd, name, published}], "steps": [{step, median_minutes, on_time_percent, count}]}`.
        """
        kept = self._kept.get(month)
        if kept is None or now - kept[0] > timedelta(seconds=KEPT_S):
            if len(self._kept) >= MONTHS_KEPT:
                self._kept.clear()
            kept = self._kept[month] = (now, self._counted(month))
        return kept[1]

    def _counted(self, month: str) -> dict[str, object]:
        in_month = ROWS.c.month == month
        published = sa.select(ROWS.c.published_by, sa.func.count()).where(in_month, ROWS.c.published_by.is_not(None))
        on_time = sa.func.sum(sa.case((ROWS.c.on_time, 1), else_=0))
        steps = sa.select(ROWS.c.step, sa.func.count(), on_time, sa.func.count(ROWS.c.on_time)).where(in_month)
        with self.engine.connect() as c:
            by_opd = [(opd, count) for opd, count in c.execute(published.group_by(ROWS.c.published_by))]
            counted = {row[0]: row[1:] for row in c.execute(steps.group_by(ROWS.c.step))}
            told = [self._step(c, month, step, *counted.get(step, (0, 0, 0))) for step in sorted({step for step, _ in STEPS.values()})]
        most_first = sorted(by_opd, key=lambda one: (-one[1], one[0]))
        return {
            "month": month,
            "published_this_month": sum(count for _, count in by_opd),
            "by_opd": [{"opd": opd, "name": self.name_of(opd), "published": count} for opd, count in most_first],
            "steps": told,
        }

    def _step(self, c: sa.Connection, month: str, step: int, count: int, on_time: int, with_due: int) -> dict[str, object]:
        took = sa.select(ROWS.c.took_s).where(ROWS.c.month == month, ROWS.c.step == step).order_by(ROWS.c.took_s)
        middle = list(c.execute(took.offset((count - 1) // 2).limit(2 - count % 2)).scalars()) if count else []
        return {
            "step": step,
            "median_minutes": round(sum(middle) / len(middle) / 60, 1) if middle else None,
            "on_time_percent": round(100 * on_time / with_due, 1) if with_due else None,
            "count": count,
        }


def _sent_at(said: Said, at: datetime) -> datetime:
    received = said["data"].get("received") or {}
    return datetime.fromisoformat(received["submitted_at"]) if received.get("submitted_at") else at
