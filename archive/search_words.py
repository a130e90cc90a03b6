"""Which submissions have these words in title, dataset or OPD: heads in as they change, ids out in the order in which they were submitted.

A word is a row (word, when it was submitted, id), so a page is a short walk along an index, however many submissions share a word. Words of
a title from before a revision stay: who looks for the old title finds it. Rows are never changed, so writing them twice does nothing.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from events.submission import Head

PREFIX_FROM: Final = 3
"""Letters from which on the beginning of a word is enough."""
WORDS_AT_MOST: Final = 8
EXPANDED_AT_MOST: Final = 20
"""Words that one beginning may stand for."""
COMMON: Final = 1_000
METADATA: Final = sa.MetaData()
WORDS: Final = sa.Table(
    "search_words",
    METADATA,
    sa.Column("word", sa.String(40).with_variant(sa.String(40, collation="C"), "postgresql"), primary_key=True),
    sa.Column("begun_ms", sa.BigInteger, primary_key=True),
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("opd", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
_PUT: Final[Mapping[str, str]] = {
    "sqlite": "INSERT INTO search_words (begun_ms, submission_id, opd, word) SELECT ?, ?, ?, value FROM json_each(?)"
    " WHERE true ON CONFLICT DO NOTHING",
    "postgresql": "INSERT INTO search_words (begun_ms, submission_id, opd, word)"
    " SELECT %s, %s::uuid, %s, value FROM json_array_elements_text(%s::json) AS value ON CONFLICT DO NOTHING",
}
"""All words of a submission as one row of values, in the driver's own SQL."""
Place = tuple[int, UUID]
"""When a submission was submitted (ms since 1970), and its id: the order of every list."""


@dataclass(frozen=True)
class Walk:
    """From where a list goes on, which way, how far, and for which OPDs (None: all)."""

    after: Place | None
    newest_first: bool
    limit: int
    opds: Sequence[str] | None = None

    def of(self, query: sa.Select[int, UUID], begun: sa.Column[int], number: sa.Column[UUID]) -> sa.Select[int, UUID]:
        place = (begun, number)
        if self.after:
            here, there = sa.tuple_(*place), sa.tuple_(sa.literal(self.after[0]), sa.literal(self.after[1], sa.Uuid))
            query = query.where(here < there if self.newest_first else here > there)
        return query.order_by(*(column.desc() if self.newest_first else column for column in place)).limit(self.limit)


def words_in(text: str) -> list[str]:
    """The words of a text, in small letters without accents, each once."""
    plain = text.casefold()
    if not plain.isascii():
        plain = "".join(letter for letter in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(letter))
    return list(dict.fromkeys(word[:40] for word in re.findall(r"[^\W_]+", plain)))


def put_words(c: sa.Connection, told: Iterable[tuple[Head, Mapping[str, Any]]]) -> None:
    """`told`: metadata as an event says it, and the submission's head."""
    rows = [
        (head.begun_ms, head.submission_id.hex, head.opd, json.dumps(words_in(f"{dataset['title']} {dataset['dataset_id']} {head.opd}")))
        for head, dataset in told
    ]
    if rows:
        c.exec_driver_sql(_PUT[c.dialect.name], rows)


def meanings(c: sa.Connection, words: Sequence[str]) -> list[list[str]]:
    """For each word that is looked for, the words that it may stand for; the rarest first."""
    found = [_expanded(c, word) if len(word) >= PREFIX_FROM else [word] for word in words[:WORDS_AT_MOST]]
    return sorted(found, key=lambda stands_for: sum(_how_many(c, word) for word in stands_for))


def with_words(found: Sequence[Sequence[str]], begun: sa.Column[int], number: sa.Column[UUID]) -> list[sa.ColumnElement[bool]]:
    """One condition for each word: the submission of that place has it. Asked row by row: as EXISTS, PostgreSQL joins all rows first."""
    other = WORDS.alias()
    same = sa.and_(other.c.begun_ms == begun, other.c.submission_id == number)
    has = sa.select(sa.literal(1)).where(same).limit(1)
    return [has.where(other.c.word.in_(stands_for)).scalar_subquery().is_not(None) for stands_for in found]


def places(c: sa.Connection, found: Sequence[Sequence[str]], walk: Walk, *wanted: sa.ColumnElement[bool]) -> set[Place]:
    """Of the submissions that have all these words and are `wanted`, the first ones of the walk (or more)."""
    rarest, *others = found
    conditions = [*wanted, *with_words(others, WORDS.c.begun_ms, WORDS.c.submission_id)]
    if walk.opds is not None:
        conditions.append(WORDS.c.opd.in_(walk.opds))
    query = sa.select(WORDS.c.begun_ms, WORDS.c.submission_id).where(WORDS.c.word == sa.bindparam("looked_for"), *conditions)
    ordered = walk.of(query, WORDS.c.begun_ms, WORDS.c.submission_id)
    return {(begun, number) for word in rarest for begun, number in c.execute(ordered, {"looked_for": word})}


def _expanded(c: sa.Connection, beginning: str) -> list[str]:
    """Words with this beginning, found by leaping from one to the next."""
    found: list[str] = []
    nearest = WORDS.c.word >= beginning
    while len(found) < EXPANDED_AT_MOST:
        word = c.execute(sa.select(sa.func.min(WORDS.c.word)).where(nearest, WORDS.c.word < f"{beginning}\U0010ffff")).scalar()
        if word is None:
            break
        found.append(word)
        nearest = WORDS.c.word > word
    return found


def _how_many(c: sa.Connection, word: str) -> int:
    some = sa.select(sa.literal(1)).where(WORDS.c.word == word).limit(COMMON).subquery()
    return c.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
