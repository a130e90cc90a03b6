"""What the archive adds to its copy so that questions over all submissions stay quick: words, steps, what falls due. Events in, rows out.

Derived and never asked by a rule: it follows the journal a moment later and begins anew when the journal did. Writing an event's rows
twice does nothing, so two processes of the archive may follow at once.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import sqlalchemy as sa

from archive import falling_due, search_words, steps
from archive.steps import Said, said_by
from archive.trail import Due
from bus.loops import WATCH_S, Progress, woken
from events.journal import Journal
from events.submission import TELL_CONTENT
from lane.inbox import migrating, put_rows

BATCH: Final = 500
VERSION: Final = "1"
"""Of what is written; another one is begun from the first event."""
METADATA: Final = sa.MetaData()
PLACE: Final = sa.Table(
    "view_position",
    METADATA,
    sa.Column("version", sa.String(32), primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""How far they have read the journal."""
_STANDS: Final = sa.select(PLACE.c.position).where(PLACE.c.version == VERSION)
TABLES: Final = (METADATA, search_words.METADATA, steps.METADATA, falling_due.METADATA)
MADE_PUBLIC: Final = frozenset({"DataPublished", "DataRetracted"})


@dataclass(frozen=True)
class Views:
    journal: Journal
    engine: sa.Engine
    due: Due
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
            position = c.execute(_STANDS).scalar() or 0
        if position > self.journal.last_id():
            position = self._begin_anew()
        entries = self.journal.read(position, BATCH)
        if not entries:
            return 0
        heads = self.journal.heads(list({entry.stream for entry in entries}))
        said = [(e.stream, event) for e in entries if e.stream in heads and (event := said_by(e.raw))]
        before = self._before(said)
        rows = [steps.row_of(event, before.get((stream, event["sequence"] - 1)), heads[stream], self.due) for stream, event in said]
        with self.engine.begin() as c:
            # First, and never back: another process of the archive waits here, and then sees the heads as they are.
            put_rows(c, PLACE, [{"version": VERSION, "position": entries[-1].id}], rising="position")
            search_words.put_words(c, ((heads[stream], e["data"]["dataset"]) for stream, e in said if e["type"] in TELL_CONTENT))
            steps.put_rows(c, rows)
            falling_due.put_rows(c, self.journal, {heads[stream].dataset_id for stream, e in said if e["type"] in MADE_PUBLIC})
        self.progress.counts["taken"] += len(said)
        self.progress.counts["unreadable"] += len(entries) - len(said)
        return len(entries)

    def _before(self, said: Sequence[tuple[UUID, Said]]) -> dict[tuple[UUID, int], Said]:
        """The events of this batch, and those of the journal that come before one of it, by submission and sequence."""
        found: dict[tuple[UUID, int], Said] = {(stream, event["sequence"]): event for stream, event in said}
        earlier = {(stream, event["sequence"] - 1) for stream, event in said if event["sequence"] > 1} - found.keys()
        stored = self.journal.store.select_states(list(earlier))
        return found | {(stream, version): event for stream, version, raw in stored if (event := said_by(raw))}

    def _begin_anew(self) -> int:
        """The journal is another one, shorter than what was read."""
        with self.engine.begin() as c:
            for tables in TABLES:
                for table in tables.sorted_tables:
                    c.execute(sa.delete(table))
        return 0
