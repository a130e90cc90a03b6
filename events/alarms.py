"""What stays red until the operator says a word: losses on Kafka, and dead letters after which events may be missing here.

In: a journal's store; out: `Loss` and `Alarm`. Tables beside the journal's own, told once here for both stores (with `events/marks.py`). A
loss is open until somebody ends it, and then the source goes on as its next generation, under another name.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError

from events.admission import key_claimed, place_in, source_of
from events.lawful import LAW
from events.marks import ENDS, MARKS, began, begin
from events.recorder import Bookmarks, LetterKind, Store

FORK: Final = "fork"
HOLES: Final = (FORK, *(code for code, _ in LAW))
"""Dead letters after which a submission's events may be missing here, or somebody writes who may not."""
SHORTER: Final = "shorter"
BEGINNING_GONE: Final = "beginning_gone"
OTHER_RECORD: Final = "other_record"
GONE: Final = "gone"
WITH_ITS_TOPIC: Final = "with_its_topic"
SHOWN: Final = 1_000
HEALED_AT_ONCE: Final = 100

TABLES: Final = MARKS.metadata
LOSSES: Final = sa.Table(
    "losses",
    TABLES,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("begins", sa.BigInteger, nullable=False),
    sa.Column("ends", sa.BigInteger, nullable=False),
    sa.Column("found_at", sa.Text, nullable=False),
    sa.Column("ended_at", sa.Text),
    sa.Column("ended_by", sa.Text),
    sa.Column("how", sa.Text),
    sa.Column("note", sa.Text),
)
ENDED: Final = sa.Table(
    "ended_alarms",
    TABLES,
    sa.Column("letter", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
)
ONE_OPEN: Final = sa.Index(
    "losses_open",
    LOSSES.c.source,
    unique=True,
    sqlite_where=LOSSES.c.ended_at.is_(None),
    postgresql_where=LOSSES.c.ended_at.is_(None),
)
"""Several processes of a lane may find the same loss."""
LETTERS: Final = sa.table("letters", *(sa.column(name) for name in ("number", "kind", "source", "position", "code", "about", "raw")))
IS_DEAD_LETTER: Final = LETTERS.c.kind == sa.literal_column(f"'{LetterKind.DEAD_LETTER}'")
"""As it stands in the index, so that the index is used."""
_IS_ALARM: Final = sa.and_(
    IS_DEAD_LETTER,
    LETTERS.c.code.in_(HOLES),
    LETTERS.c.number.not_in(sa.select(ENDED.c.letter)),
)


class Loss(NamedTuple):
    """Kafka holds less than was read from a source, or something else. Offsets as they were when it was found, times in ISO 8601.

    `position`: the next offset to read; `begins`, `ends`: the first offset on Kafka and the one after the last.
    """

    number: int
    source: str
    code: str
    position: int
    begins: int
    ends: int
    found_at: str
    ended_at: str | None = None
    ended_by: str | None = None
    how: str | None = None
    note: str | None = None


class Alarm(NamedTuple):
    """A dead letter of the log that nobody has answered for yet. What it holds is not read: it may be large, and there may be many."""

    number: int
    source: str
    position: int
    code: str


class Word(NamedTuple):
    """What the operator says: who, when, how to go on (`accept`, `refill`) and why. The lane itself says `healed`."""

    by: str
    at: datetime
    how: str
    note: str = ""


def losses(store: Bookmarks) -> list[Loss]:
    """All that were ever found, oldest first."""
    return [Loss(*row) for row in store.ask(sa.select(LOSSES).order_by(LOSSES.c.number))]


def open_losses(found: Sequence[Loss]) -> list[Loss]:
    return [loss for loss in found if loss.ended_at is None]


def generations(found: Sequence[Loss]) -> dict[str, int]:
    """Source → how many of its losses were ended; a source that is not named stands at none."""
    ended = [loss.source for loss in found if loss.ended_at is not None]
    return {source: ended.count(source) for source in ended}


def write_loss(store: Bookmarks, loss: Loss, *, generation: int | None = None) -> bool:
    """False when this source has an open loss already, or stands at another generation than the one of which it was found."""
    if generation is not None and generations(losses(store)).get(loss.source, 0) != generation:
        return False
    row = loss._asdict()
    del row["number"]
    try:
        store.tell(sa.insert(LOSSES).values(row))
    except IntegrityError:
        return False
    return True


def end_loss(store: Bookmarks, loss: Loss, word: Word, *, goes_on: str, at: int) -> None:
    """The source is read on as `goes_on`, from an offset. What is cut off in between is done again: the position comes first."""
    begin(store, goes_on, at)
    said = {"ended_at": word.at.isoformat(), "ended_by": word.by, "how": word.how, "note": word.note}
    store.tell(sa.update(LOSSES).where(LOSSES.c.number == loss.number, LOSSES.c.ended_at.is_(None)).values(said))


def begins_on_log(store: Bookmarks, topic: str) -> dict[int, int]:
    """Partition → the offset at which a topic may begin by the operator's word; on whichever cluster that is furthest."""
    places = [(*place_in(source)[:3], generation) for source, generation in generations(losses(store)).items()]
    found: dict[int, int] = {}
    for source, at in began(store, [source_of(*place) for place in places if place[1] == topic]).items():
        found[place_in(source)[2]] = max(found.get(place_in(source)[2], 0), at)
    return found


def alarms(store: Store, limit: int = SHOWN) -> list[Alarm]:
    """The open ones, oldest first."""
    found = sa.select(*(LETTERS.c[name] for name in Alarm._fields)).where(_IS_ALARM).order_by(LETTERS.c.number)
    return [Alarm(*row) for row in store.ask(found.limit(limit))]


def count_alarms(store: Store) -> dict[str, int]:
    """Code → how many are open."""
    rows = store.ask(sa.select(LETTERS.c.code, sa.func.count()).where(_IS_ALARM).group_by(LETTERS.c.code))
    return {str(code): int(count) for code, count in rows}


def heal(store: Store, now: datetime, after: int = 0) -> int:
    """End the alarms of events that came after all, once what was missing before them was there. A fork never heals.

    Some at once, of letters after a number; returns after which one to go on the next time. One record is in memory at a time.
    """
    may_heal = sa.select(LETTERS.c.number).where(_IS_ALARM, LETTERS.c.code != FORK, LETTERS.c.number > after)
    numbers = [row[0] for row in store.ask(may_heal.order_by(LETTERS.c.number).limit(HEALED_AT_ONCE))]
    for number in numbers:
        ((raw,),) = store.ask(sa.select(LETTERS.c.raw).where(LETTERS.c.number == number))
        key = key_claimed(raw)
        if key and any(there == raw for _, _, there in store.select_states([key])):
            end_alarm(store, number, Word("jejak", now, "healed", "its event is in the journal by now"))
    return numbers[-1] if len(numbers) == HEALED_AT_ONCE else 0


def end_alarm(store: Store, number: int, word: Word) -> None:
    """Said twice changes nothing."""
    row = {"letter": number, "at": word.at.isoformat(), "by": word.by, "note": word.note}
    try:
        store.tell(sa.insert(ENDED).values(row))
    except IntegrityError:
        if not store.ask(sa.select(ENDED.c.letter).where(ENDED.c.letter == number)):
            raise


def make_tables(dialect: sa.Dialect) -> list[str]:
    """The statements that make what is missing, for a connection whose search path is the journal's schema."""
    made: list[Any] = [sa.schema.CreateTable(table, if_not_exists=True) for table in (MARKS, ENDS, LOSSES, ENDED)]
    made.append(sa.schema.CreateIndex(ONE_OPEN, if_not_exists=True))
    index = f"CREATE INDEX IF NOT EXISTS letters_alarms ON letters (code) WHERE kind = '{LetterKind.DEAD_LETTER}'"
    return [*(str(statement.compile(dialect=dialect)) for statement in made), index]


NAMES: Final = frozenset({MARKS.name, ENDS.name, LOSSES.name, ENDED.name})
