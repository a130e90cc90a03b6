"""By what a loss is found: the last record taken from each source, the last one found on Kafka again, the ends of the batches between them,
where a generation began, and its last record then.

In: a journal's store; out: `Mark`s and offsets. One table for both stores; the beginnings are positions under a name of their own.
"""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError

from events.recorder import Batch, Bookmarks, Mark

BEGAN: Final = "began:"
MARKS: Final = sa.Table(
    "marks",
    sa.MetaData(),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("proved", sa.BigInteger, nullable=False),
    sa.Column("proved_hash", sa.Text, nullable=False),
)
ENDS: Final = sa.Table(
    "batch_ends",
    MARKS.metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("taken", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),
)
"""The last records of the batches taken since a source was proved: a log may be cut between any two of them. And what is expected still."""


def marks(store: Bookmarks, sources: Collection[str]) -> dict[str, tuple[Mark, Mark]]:
    """Source → the last record taken, and the last one that was found on Kafka again. None of before marks were kept are left out."""
    rows = store.ask(sa.select(MARKS).where(MARKS.c.source.in_(sources)))
    return {row[0]: (Mark(row[0], row[1], row[2]), Mark(row[0], row[3], row[4])) for row in rows}


def all_marks(store: Bookmarks) -> list[Mark]:
    """The last record taken from every source there ever was."""
    return [Mark(*row) for row in store.ask(sa.select(MARKS.c.source, MARKS.c.taken, MARKS.c.hash))]


def ends(store: Bookmarks, sources: Collection[str]) -> dict[str, list[Mark]]:
    """Source → the ends of batches that were not found on Kafka again yet, and what is expected; those that have none are left out."""
    found: dict[str, list[Mark]] = {}
    for row in store.ask(sa.select(ENDS).where(ENDS.c.source.in_(sources))):
        found.setdefault(row[0], []).append(Mark(*row))
    return found


def first_mark(store: Bookmarks, mark: Mark) -> None:
    """Of a source that has none yet. Said twice changes nothing."""
    row = {"source": mark.source, "taken": mark.taken, "hash": mark.hash, "proved": mark.taken, "proved_hash": mark.hash}
    with suppress(IntegrityError):
        store.tell(sa.insert(MARKS).values(row))


def expect(store: Bookmarks, mark: Mark) -> None:
    """A record of a source that is not read yet: it must be there still when it is its turn. What was expected before is forgotten."""
    store.tell(sa.delete(ENDS).where(ENDS.c.source == mark.source), sa.insert(ENDS).values(mark._asdict()))


def all_expected(store: Bookmarks) -> list[Mark]:
    """Of every source, what is waited for or was taken lately."""
    return [Mark(*row) for row in store.ask(sa.select(ENDS))]


def prove(store: Bookmarks, proved: Mapping[str, Mark]) -> None:
    """What is found on Kafka again the next time; the ends of batches before it are done with."""
    if proved:
        by_source = sorted(proved.items())
        moved = [sa.update(MARKS).where(MARKS.c.source == s).values(proved=mark.taken, proved_hash=mark.hash) for s, mark in by_source]
        store.tell(*moved, *(sa.delete(ENDS).where(ENDS.c.source == s, ENDS.c.taken <= mark.taken) for s, mark in by_source))


def begin(store: Bookmarks, source: str, at: int) -> None:
    """A generation that begins at an offset, where nothing is before it any more. Said twice changes nothing."""
    if at > (store.max_tracking_id(source) or 0):
        store.write(Batch(positions={source: at, f"{BEGAN}{source}": at}))


def began(store: Bookmarks, sources: Collection[str]) -> dict[str, int]:
    """Source → the offset at which its generation began; those that began at 0 are left out."""
    found = store.positions([f"{BEGAN}{source}" for source in sources])
    return {name.removeprefix(BEGAN): at for name, at in found.items()}
