"""What the archive adds to its copy so that questions over all submissions stay quick: words, steps, what falls due. Events in, rows out.

Derived and never asked by a rule: it follows the journal a moment later and begins anew when the journal did. Writing an event's rows
twice does nothing, so two processes of the archive may follow at once.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from archive import search_words
from bus.loops import WATCH_S, Progress, woken
from events.journal import Journal
from events.submission import TELL_CONTENT
from lane.inbox import migrating

BATCH: Final = 500
SEARCH: Final = "search"
METADATA: Final = sa.MetaData()
PLACE: Final = sa.Table(
    "views",
    METADATA,
    sa.Column("name", sa.String(32), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""How far each view has read the journal."""
TABLES: Final = (METADATA, search_words.METADATA)


@dataclass(frozen=True)
class Views:
    journal: Journal
    engine: sa.Engine
    progress: Progress
    wake: asyncio.Event

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            for tables in TABLES:
                tables.create_all(c)

    async def run(self) -> None:
        while True:
            taken = await asyncio.to_thread(self.follow)
            self.progress.moved()
            if taken < BATCH:
                await woken(self.wake, WATCH_S)

    def follow(self) -> int:
        """Take the next events of the journal, as one transaction; returns how many. Blocking."""
        with self.engine.connect() as c:
            position = c.execute(sa.select(PLACE.c.position).where(PLACE.c.name == SEARCH)).scalar() or 0
        if position > self.journal.last_id():
            position = self._begin_anew()
        entries = self.journal.read(position, BATCH)
        if not entries:
            return 0
        said = [(entry, orjson.loads(entry.raw)) for entry in entries]
        heads = self.journal.heads(list({entry.stream for entry in entries}))
        with self.engine.begin() as c:
            search_words.put_words(c, ((heads[e.stream], s["data"]["dataset"]) for e, s in said if s["type"] in TELL_CONTENT))
            self._move(c, entries[-1].id)
        self.progress.counts["taken"] += len(entries)
        return len(entries)

    def _move(self, c: sa.Connection, position: int) -> None:
        """Further, never back: another process may have been here."""
        insert = sqlite.insert(PLACE) if c.dialect.name == "sqlite" else postgresql.insert(PLACE)
        further = insert.excluded.position > PLACE.c.position
        moved = insert.on_conflict_do_update(index_elements=["name"], set_={"position": insert.excluded.position}, where=further)
        c.execute(moved, {"name": SEARCH, "position": position})

    def _begin_anew(self) -> int:
        """The journal is another one, shorter than what was read."""
        with self.engine.begin() as c:
            for tables in TABLES:
                for table in tables.sorted_tables:
                    c.execute(sa.delete(table))
        return 0
