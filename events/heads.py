"""Heads as rows: one a submission, written in the transaction of its events. Head in, values out, and the other way round.

The table is told once, here; both stores take their statements from it.
"""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

from events.contracts import Lane
from events.submission import Head, State

VERSION: Final = 3
"""Of what a head holds. A journal with another one makes its heads anew when it is opened."""

HEADS: Final = sa.Table(
    "heads",
    sa.MetaData(),
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("holder", sa.Text),
    sa.Column("arrived_ms", sa.BigInteger, nullable=False),
    sa.Column("due_ms", sa.BigInteger),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("published", sa.Boolean, nullable=False),
    sa.Column("opd", sa.Text, nullable=False),
    sa.Column("begun_ms", sa.BigInteger, nullable=False),
    sa.Column("edition", sa.Integer),
    sa.Column("dataset_id", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("period_start", sa.Text, nullable=False),
    sa.Column("period_end", sa.Text, nullable=False),
    sa.Column("manifest", sa.Text, nullable=False),
    sa.Column("files", sa.Text, nullable=False),
    sa.Column("hands", sa.Text, nullable=False),
    sa.Column("renamed", sa.Boolean, nullable=False),
    sa.Column("errors", sa.Integer, nullable=False),
    sa.Column("warnings", sa.Integer, nullable=False),
)
"""On SQLite with its rowid: heads lie in the order in which they came, so those that move together share pages. In the order of their
random ids each would touch a page of its own: four times as much is written.
"""
NAMES: Final = [column.name for column in HEADS.columns]
MOVED: Final = ("sequence", "hash", "state", "holder", "arrived_ms", "due_ms", "actor", "published")
"""What changes with each event; the rest only with the content, and costs its indexes then only."""
Values = tuple[object, ...]
_STATES: Final[Mapping[str, State]] = {state.value: state for state in State}
_LANES: Final[Mapping[str | None, Lane | None]] = {None: None} | {lane.value: lane for lane in Lane}
_AFTER_HOLDER: Final = Head._fields.index("arrived_ms")


def values_of(head: Head) -> Values:
    """In the order of the columns; the id as a UUID."""
    hands = orjson.dumps(sorted(head.hands)).decode()
    state, holder = head.state.value, head.holder.value if head.holder else None
    return (*head[:3], state, holder, *head[_AFTER_HOLDER:-4], hands, *head[-3:])


def moved_of(head: Head) -> Values:
    """In the order of MOVED."""
    holder = head.holder.value if head.holder else None
    return (head.sequence, head.hash, head.state.value, holder, head.arrived_ms, head.due_ms, head.actor, head.published)


def head_of(submission_id: uuid.UUID, values: Sequence[Any]) -> Head:
    """`values`: those after the id."""
    known = (submission_id, *values[:2], _STATES[values[2]], _LANES[values[3]], *values[4:-4])
    return Head._make((*known, frozenset(orjson.loads(values[-4])), bool(values[-3]), *values[-2:]))
