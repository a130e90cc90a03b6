"""Which published dataset's next period falls due, and when: a row each, made anew when something of it is published or taken down."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from archive.steps import said_by
from events.admission import said_in
from events.heads import HEADS
from events.journal import Journal
from events.submission import TELL_CONTENT, State
from lane import inbox

METADATA: Final = sa.MetaData()
ROWS: Final = sa.Table(
    "view_due",
    METADATA,
    sa.Column("dataset_id", sa.String(100), primary_key=True),
    sa.Column("submission_id", sa.Uuid, nullable=False),
    sa.Column("opd", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("frequency", sa.String(32), nullable=False),
    sa.Column("period_end", sa.String(10), nullable=False),
    sa.Column("due_on", sa.String(10), nullable=False),
    sa.Index("view_due_on", "due_on", "dataset_id"),
    sa.Index("view_due_opd", "opd", "due_on", "dataset_id"),
)
DAYS: Final[Mapping[str, int]] = {"daily": 1, "weekly": 7}
MONTHS: Final[Mapping[str, int]] = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12, "biennial": 24, "quinquennial": 60}
_NEWEST: Final = (HEADS.c.period_end.desc(), HEADS.c.edition.desc().nulls_last(), HEADS.c.begun_ms.desc(), HEADS.c.submission_id)
_NUMBERED: Final = (
    sa.select(
        *(HEADS.c.dataset_id, HEADS.c.submission_id, HEADS.c.opd, HEADS.c.title, HEADS.c.period_end),
        sa.func.row_number().over(partition_by=HEADS.c.dataset_id, order_by=_NEWEST).label("place"),
    )
    .where(HEADS.c.dataset_id.in_(sa.bindparam("datasets", expanding=True)), HEADS.c.state == State.PUBLISHED.value)
    .subquery()
)
_SHOWN: Final = sa.select(_NUMBERED).where(_NUMBERED.c.place == 1)
"""Of each of these datasets the submission with the newest period that is published."""
LAST_YEAR: Final = 9_000
"""What comes continuously, irregularly or never again falls due on no day."""


@dataclass(frozen=True)
class Page:
    items: tuple[dict[str, object], ...]
    next: str | None


def next_due(period_end: date, frequency: str) -> date | None:
    """The last day of the period after this one: by its end the next data are due. None: on no day."""
    if period_end.year > LAST_YEAR:
        return None
    if days := DAYS.get(frequency):
        return period_end + timedelta(days=days)
    if not (months := MONTHS.get(frequency)):
        return None
    year, month = divmod(period_end.year * 12 + period_end.month - 1 + months, 12)
    last = _last_day(year, month + 1)
    ends_with_month = period_end == _last_day(period_end.year, period_end.month)
    return last if ends_with_month else last.replace(day=min(period_end.day, last.day))


def put_rows(c: sa.Connection, journal: Journal, dataset_ids: Collection[str]) -> None:
    """Of these datasets, as the heads say now. By the newest period that is published, whichever edition brought it."""
    if not dataset_ids:
        return
    shown = c.execute(_SHOWN, {"datasets": sorted(dataset_ids)}).all()
    frequencies = _frequencies(journal, [row.submission_id for row in shown])
    rows = [row for one in shown if (row := _row(one, frequencies))]
    inbox.put_rows(c, ROWS, rows)
    if gone := set(dataset_ids) - {row["dataset_id"] for row in rows}:
        c.execute(sa.delete(ROWS).where(ROWS.c.dataset_id.in_(sorted(gone))))


def page(engine: sa.Engine, *, today: date, within_days: int | None, opds: Sequence[str] | None, after: str | None, limit: int) -> Page:
    """Soonest first. `after` is the `next` of the page before; raises ValueError when it is not."""
    order = (ROWS.c.due_on, ROWS.c.dataset_id)
    query = sa.select(ROWS).order_by(*order).limit(limit + 1)
    if within_days is not None:
        query = query.where(ROWS.c.due_on <= (today + timedelta(days=within_days)).isoformat())
    if opds is not None:
        query = query.where(ROWS.c.opd == opds[0] if len(opds) == 1 else ROWS.c.opd.in_(opds))
    if after is not None:
        query = query.where(sa.tuple_(*order) > sa.tuple_(*(sa.literal(part) for part in _read(after))))
    with engine.connect() as c:
        rows = c.execute(query).all()
        on_their_way = _on_their_way(c, [row.dataset_id for row in rows[:limit]])
    items = [
        row._asdict() | {"overdue": row.due_on < today.isoformat(), "on_its_way": on_their_way.get(row.dataset_id)} for row in rows[:limit]
    ]
    return Page(tuple(items), _cursor(rows[limit - 1]) if len(rows) > limit else None)


def _row(shown: sa.Row[Any], frequencies: Mapping[UUID, str]) -> dict[str, object] | None:
    frequency = frequencies.get(shown.submission_id)
    due_on = next_due(date.fromisoformat(shown.period_end), frequency) if frequency else None
    if due_on is None:
        return None
    row = {"dataset_id": shown.dataset_id, "submission_id": shown.submission_id, "opd": shown.opd, "title": shown.title}
    return row | {"frequency": frequency, "period_end": shown.period_end, "due_on": due_on.isoformat()}


def _frequencies(journal: Journal, ids: Sequence[UUID]) -> dict[UUID, str]:
    """As the newest metadata of each submission say, in an event's bytes."""
    found: dict[UUID, str] = {}
    for submission_id, raw in reversed(journal.store.select_streams(ids)):
        if submission_id not in found and said_in(raw).get("type") in TELL_CONTENT and (said := said_by(raw)):
            found[submission_id] = said["data"]["dataset"]["frequency"]
    return found


def _on_their_way(c: sa.Connection, dataset_ids: Sequence[str]) -> dict[str, dict[str, object]]:
    """The submissions of these datasets that somebody holds: the next period may be among them."""
    columns = (HEADS.c.dataset_id, HEADS.c.submission_id, HEADS.c.state, HEADS.c.period_end)
    held = sa.select(*columns).where(HEADS.c.dataset_id.in_(dataset_ids), HEADS.c.holder.is_not(None)).order_by(HEADS.c.begun_ms)
    return {row[0]: {"submission_id": row[1], "state": row[2], "period_end": row[3]} for row in c.execute(held)}


def _last_day(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _cursor(row: sa.Row[Any]) -> str:
    return base64.urlsafe_b64encode(f"{row.due_on}:{row.dataset_id}".encode()).decode()


def _read(after: str) -> tuple[str, str]:
    """Raises ValueError."""
    due_on, _, dataset_id = base64.urlsafe_b64decode(after.encode()).decode().partition(":")
    return date.fromisoformat(due_on).isoformat(), dataset_id
