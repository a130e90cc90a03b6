"""Lists of submissions, in the order in which they were submitted: what is looked for in, a page of heads out.

Every question walks an index of the archive (lane/inbox.py) or of the words (search_words.py) and stops when the page is full.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from archive.search_words import WORDS, Place, Walk, meanings, places, with_words, words_in
from bus.directory import Directory
from events.contracts import Lane
from events.heads import HEADS, head_of
from events.submission import BATON, Head, State
from lane.asked import Page, cursor_of, number_in, numbered, read_cursor

FEW: Final = frozenset({state for state, baton in BATON.items() if state and baton.holder} | {State.RETRACTED})
"""States that have an index of their own: of all that was ever submitted, few are in them."""


@dataclass(frozen=True)
class Wanted:
    """Which submissions: None is all. `q`: a number, whole or from its first four signs on, words of title or dataset, or an OPD."""

    q: str = ""
    state: State | None = None
    holder: Lane | None = None
    opds: Sequence[str] | None = None
    dataset_id: str | None = None

    @property
    def are_few(self) -> bool:
        """The heads themselves are a short list, shorter than that of a word may be."""
        return self.holder is not None or self.state in FEW or self.dataset_id is not None


@dataclass(frozen=True)
class Search:
    engine: sa.Engine
    directory: Directory

    def page(self, wanted: Wanted, *, newest_first: bool = False, after: str | None = None, limit: int = 50) -> Page:
        """`after` is the `next` of the page before; raises ValueError when it is not."""
        walk = Walk(read_cursor(after) if after is not None else None, newest_first, limit + 1, wanted.opds)
        with self.engine.connect() as c:
            found = sorted(self._found(c, wanted, walk), reverse=newest_first)[: limit + 1]
            query = sa.select(HEADS).where(HEADS.c.submission_id.in_([number for _, number in found]))
            heads = {row[0]: head_of(row[0], row[1:]) for row in c.execute(query)}
        shown = [heads[number] for _, number in found[:limit]]
        return Page(tuple(shown), _next(shown[-1]) if len(found) > limit else None)

    def _found(self, c: sa.Connection, wanted: Wanted, walk: Walk) -> set[Place]:
        if not wanted.q.strip():
            return _walked(c, wanted, walk)
        found = set[Place]()
        if number := number_in(wanted.q):
            found |= _walked(c, wanted, walk, numbered(number))
        words = words_in(wanted.q)
        if named := self._named(words):
            found |= _walked(c, wanted, walk, HEADS.c.opd.in_(named))
        stand_for = meanings(c, words)
        if stand_for and all(stand_for):
            found |= _with_words(c, wanted, walk, stand_for)
        return found

    def _named(self, words: Sequence[str]) -> list[str]:
        """The OPDs whose name has all these words."""
        names = {opd: set(words_in(self.directory.name_of(opd))) for opd in list(self.directory.opds)}
        return [opd for opd, has in names.items() if words and has.issuperset(words)]


def _with_words(c: sa.Connection, wanted: Wanted, walk: Walk, stand_for: Sequence[Sequence[str]]) -> set[Place]:
    if wanted.are_few:
        return _walked(c, wanted, walk, *with_words(stand_for, HEADS.c.begun_ms, HEADS.c.submission_id))
    if wanted.state is None:
        return places(c, stand_for, walk)
    in_state = sa.exists().where(HEADS.c.submission_id == WORDS.c.submission_id, HEADS.c.state == _literal(wanted.state))
    return places(c, stand_for, walk, in_state)


def _walked(c: sa.Connection, wanted: Wanted, walk: Walk, *also: sa.ColumnElement[bool]) -> set[Place]:
    """The first places of the walk over the heads."""
    query = sa.select(HEADS.c.begun_ms, HEADS.c.submission_id).where(*_conditions(wanted), *also)
    return {(begun, number) for begun, number in c.execute(walk.of(query, HEADS.c.begun_ms, HEADS.c.submission_id))}


def _conditions(wanted: Wanted) -> Iterable[sa.ColumnElement[bool]]:
    """Names of states and lanes stand in the statement, so that their own indexes can be used."""
    holder = wanted.holder or (BATON[wanted.state].holder if wanted.state else None)
    if wanted.state:
        yield HEADS.c.state == _literal(wanted.state)
    if holder:
        yield HEADS.c.holder == _literal(holder)
    if wanted.opds is not None:
        yield HEADS.c.opd.in_(wanted.opds) if len(wanted.opds) != 1 else HEADS.c.opd == wanted.opds[0]
    if wanted.dataset_id is not None:
        yield HEADS.c.dataset_id == wanted.dataset_id


def _literal(name: State | Lane) -> sa.ColumnClause[str]:
    return sa.literal_column(f"'{name.value}'")


def _next(head: Head) -> str:
    return cursor_of(head.begun_ms, head.submission_id)
