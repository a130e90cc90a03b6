"""Which submissions a list is asked for, and where its next page goes on: conditions over the heads and cursors. Pure."""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from events.contracts import Lane
from events.heads import HEADS
from events.submission import Head, State
from events.values import ms_of

NUMBER: Final = re.compile(r"[0-9a-f]{4,32}")


@dataclass(frozen=True)
class Page:
    items: tuple[Head, ...]
    next: str | None


@dataclass(frozen=True)
class Overdue:
    """What is late now; what does not say itself when it is due is late when it arrived before a moment."""

    now: datetime
    arrived_before: datetime

    def condition(self) -> sa.ColumnElement[bool]:
        late, came_before = HEADS.c.due_ms < ms_of(self.now), HEADS.c.arrived_ms < ms_of(self.arrived_before)
        return sa.or_(late, sa.and_(HEADS.c.due_ms.is_(None), came_before))


@dataclass(frozen=True)
class Asked:
    """Which submissions: all, or those that somebody holds (`waiting`), that this lane holds, of these OPDs, in this state, late ones.

    `words`: each is part of the title, the dataset's name or the OPD's, or begins the submission's number. What waits is a short list; it
    is looked through.
    """

    holder: Lane | None = None
    waiting: bool = False
    opds: Sequence[str] | None = None
    state: State | None = None
    overdue: Overdue | None = None
    words: Sequence[str] = ()

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        if self.holder or self.waiting:
            yield held_by_lane(self.holder) if self.holder else HEADS.c.holder.is_not(None)
        if self.opds is not None:
            yield HEADS.c.opd == self.opds[0] if len(self.opds) == 1 else HEADS.c.opd.in_(self.opds)
        if self.state:
            yield HEADS.c.state == self.state.value
        if self.overdue:
            yield self.overdue.condition()
        for word in self.words:
            yield sa.or_(
                *(column.icontains(word, autoescape=True) for column in (HEADS.c.title, HEADS.c.dataset_id, HEADS.c.opd)),
                *([numbered(number)] if (number := number_in(word)) else []),
            )


def number_in(text: str) -> str | None:
    """The hexadecimal signs of a submission's number, or of its beginning from four signs on."""
    plain = text.strip().lower().replace("-", "")
    return plain if NUMBER.fullmatch(plain) else None


def numbered(beginning: str) -> sa.ColumnElement[bool]:
    """Its number begins with these signs."""
    first, last = (sa.literal(UUID(beginning.ljust(32, edge)), sa.Uuid) for edge in "0f")
    return HEADS.c.submission_id.between(first, last)


def held_by_lane(lane: Lane) -> sa.ColumnElement[bool]:
    """The lane's name stands in the statement, so that its own index can be used."""
    return HEADS.c.holder == sa.literal_column(f"'{lane}'")


def cursor_of(moment_ms: int, submission_id: UUID) -> str:
    """Where the page after this one goes on: behind the submission of that moment."""
    return base64.urlsafe_b64encode(f"{moment_ms}:{submission_id}".encode()).decode()


def read_cursor(text: str) -> tuple[int, UUID]:
    """Raises ValueError."""
    moment, _, submission_id = base64.urlsafe_b64decode(text.encode()).decode().partition(":")
    if not (moment.isdecimal() and len(moment) < 16):
        raise ValueError("not a cursor of an inbox")
    return int(moment), UUID(submission_id)
