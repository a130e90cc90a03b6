"""What must come down: the journal's events in, a row for each submission that the portal may show and must not out.

Rows go when the portal was seen to follow. Each event is read once, so what came down before costs nothing; where the rows are lost, all
is looked at once more.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import orjson
import sqlalchemy as sa

from events.contracts import Lane
from events.journal import Entry, Journal
from events.submission import fold
from lane.inbox import migrating, put_rows

METADATA: Final = sa.MetaData()
ATTEMPTS: Final = sa.Table(
    "publishing_v3",
    METADATA,
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("step", sa.String(32), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("message", sa.Text),
    sa.Column("next_ms", sa.BigInteger, nullable=False),
)
"""What failed, see `attempts`. `done`: earlier releases kept a row of all that had come down."""
DOWN: Final = sa.Table(
    "portal_down",
    METADATA,
    sa.Column("submission_id", sa.Uuid, primary_key=True),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("dataset_id", sa.Text, nullable=False),
)
"""`sequence`: of the event that ended the approval, or higher, so that it is looked at once more; `dataset_id`: as it was then."""
FOLLOWED: Final = sa.Table(
    "portal_followed",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
"""One row: up to which event of the journal DOWN is complete."""
BATCH: Final = 1_000
ENDS: Final = (b"DataRetracted", b"DataRejected")


@dataclass
class Following:
    engine: sa.Engine
    journal: Journal
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _read: int = 0
    _kept: int = 0

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            METADATA.create_all(c)
            if (position := c.execute(sa.select(FOLLOWED.c.position)).scalar() or 0) > self.journal.last_id():
                c.execute(sa.delete(FOLLOWED))  # another journal lies beside these tables now
                position = 0
            self._read = self._kept = position

    def follow(self) -> None:
        """Note what was taken down or handed back since the last time."""
        with self._turn:
            while entries := self.journal.read(self._read, BATCH):
                last = entries[-1].id
                if (found := [one for one in entries if _ends_an_approval(one.raw)]) or last - self._kept >= BATCH:
                    self._note(found, last)
                self._read = last

    def look_again(self, submission_id: UUID, dataset_id: str) -> None:
        """Have the portal brought to what the log says of this dataset, also where that was done before, or is being done now."""
        head = self.journal.head(submission_id)
        again = sa.update(DOWN).where(DOWN.c.submission_id == submission_id).values(sequence=DOWN.c.sequence + 1)
        with self.engine.begin() as c:
            if head and not c.execute(again).rowcount:
                put_rows(c, DOWN, [{"submission_id": submission_id, "sequence": head.sequence + 1, "dataset_id": dataset_id}])

    def _note(self, found: Sequence[Entry], last: int) -> None:
        """Not what another process of the lane noted before us, and not what had come down by the word of an earlier release."""
        ended = {(one.stream, int(orjson.loads(one.raw)["sequence"])): one.id for one in found}
        key = (ATTEMPTS.c.submission_id, ATTEMPTS.c.sequence)
        with self.engine.begin() as c:
            known = c.execute(sa.select(FOLLOWED.c.position)).scalar() or 0
            done = c.execute(sa.select(*key).where(ATTEMPTS.c.state == "done", sa.tuple_(*key).in_(list(ended)))).all() if ended else []
            fresh = [one for one, number in ended.items() if number > known and one not in done]
            put_rows(c, DOWN, [self._row(*one) for one in fresh], rising="sequence")
            put_rows(c, FOLLOWED, [{"number": 1, "position": last}], rising="position")
        self._kept = last

    def _row(self, submission_id: UUID, sequence: int) -> dict[str, object]:
        then = fold(self.journal.history(submission_id, upto=sequence))
        if then is None:
            raise ValueError("an event without a beginning")
        return {"submission_id": submission_id, "sequence": sequence, "dataset_id": then.head.dataset_id}


def _ends_an_approval(raw: bytes) -> bool:
    """Taken down after it was approved, or handed back by the publisher. Most events are passed over without being read as JSON."""
    if not any(name in raw for name in ENDS):
        return False
    said = orjson.loads(raw)
    return said["type"].encode() in ENDS and said["lane"] == Lane.PUBLISHER
