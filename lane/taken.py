"""Who works on a case at the moment: a person takes it, the others see it. It orders work; no rule of the log asks for it.

A row ends by itself after some minutes, or with the next event of its submission. Taking is one statement, so of two who take a case at
once one has it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from events.contracts import Actor
from events.submission import Head
from events.values import moment_at, ms_of
from lane.inbox import migrating

TAKEN: Final = sa.Table(
    "taken",
    sa.MetaData(),
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("until_ms", sa.BigInteger, nullable=False),
)


@dataclass(frozen=True)
class TakenBy:
    """A person who has a case, and until when (UTC) if nothing happens."""

    id: str
    name: str
    until: datetime

    def as_json(self) -> dict[str, object]:
        return {"id": self.id, "name": self.name, "until": self.until}


@dataclass(frozen=True)
class Takings:
    engine: sa.Engine
    minutes: int

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            TAKEN.create(c, checkfirst=True)

    def of(self, heads: Collection[Head], now: datetime) -> Mapping[UUID, TakenBy]:
        """Those of these submissions that somebody has now."""
        sequences = {head.submission_id: head.sequence for head in heads}
        query = sa.select(TAKEN).where(TAKEN.c.submission_id.in_(sequences), TAKEN.c.until_ms > ms_of(now))
        with self.engine.connect() as c:
            rows = c.execute(query).all() if sequences else []
        return {
            row.submission_id: TakenBy(row.person, row.name, moment_at(row.until_ms))
            for row in rows
            if row.sequence == sequences[row.submission_id]
        }

    def take(self, head: Head, actor: Actor, now: datetime) -> TakenBy | None:
        """Whoever has it after this: the actor, or who was faster; taking again begins the minutes anew. None: it moved on meanwhile."""
        insert = sqlite.insert(TAKEN) if self.engine.dialect.name == "sqlite" else postgresql.insert(TAKEN)
        new = insert.excluded
        free = sa.or_(TAKEN.c.person == new.person, TAKEN.c.until_ms <= ms_of(now), TAKEN.c.sequence < new.sequence)
        said = {"sequence": new.sequence, "person": new.person, "name": new.name, "until_ms": new.until_ms}
        until_ms = ms_of(now + timedelta(minutes=self.minutes))
        row = {"submission_id": head.submission_id, "sequence": head.sequence, "person": actor.id, "name": actor.name, "until_ms": until_ms}
        with self.engine.begin() as c:
            c.execute(insert.on_conflict_do_update(index_elements=["submission_id"], set_=said, where=free), [row])
        return self.of([head], now).get(head.submission_id)

    def release(self, submission_id: UUID, person: str | None) -> None:
        """Of this person, or (None) of whoever has it."""
        gone = sa.delete(TAKEN).where(TAKEN.c.submission_id == submission_id)
        with self.engine.begin() as c:
            c.execute(gone if person is None else gone.where(TAKEN.c.person == person))
