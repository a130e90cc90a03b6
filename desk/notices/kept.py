"""How far the desk has read the log, and by what a loss on Kafka is found, in its own tables: `events.recorder.Bookmarks` over an engine.

Raises SQLAlchemyError, but for a row that is there already.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError
from sqlalchemy.dialects import postgresql, sqlite

from desk.tables import POSITIONS
from events.recorder import Batch


@dataclass(frozen=True)
class Kept:
    engine: sa.Engine

    def positions(self, names: Collection[str]) -> dict[str, int]:
        return {row[0]: row[1] for row in self.ask(sa.select(POSITIONS).where(POSITIONS.c.source.in_(names)))}

    def max_tracking_id(self, application_name: str) -> int | None:
        return self.positions([application_name]).get(application_name)

    def write(self, batch: Batch) -> None:
        """Positions only: where a source goes on by the operator's word. What was taken is written with its notices."""
        with self.engine.begin() as c:
            for source, at in batch.positions.items():
                c.execute(
                    new(c, POSITIONS).values(source=source, next=at).on_conflict_do_update(index_elements=["source"], set_={"next": at})
                )

    def ask(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        with self.engine.connect() as c:
            return [tuple(row) for row in c.execute(query)]

    def tell(self, *changes: sa.Insert | sa.Update | sa.Delete) -> None:
        try:
            with self.engine.begin() as c:
                for change in changes:
                    c.execute(change)
        except sa.exc.IntegrityError as error:
            raise IntegrityError(str(error.orig)) from error


def new(c: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if c.dialect.name == "postgresql" else sqlite.insert(table)
