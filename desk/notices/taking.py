"""From the log and the clock to notices that wait to be sent: records in, rows out, each notice and the position in one transaction.

A submission's head is kept beside; what the law of the log forbids, and what was taken before, makes no notice. Two desks may both read.
"""

import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import sqlalchemy as sa
import structlog

from desk.accounts import Accounts
from desk.clock import WIB, moment_of
from desk.notices.kept import new
from desk.notices.kinds import NEWS, TURN, opd_for
from desk.notices.targets import targets_of
from desk.tables import ENDS, FOLLOWED, MARKS, NOTICES, POSITIONS
from events.admission import Record, read_safely, stream_in, taken_of
from events.heads import NAMES, head_of, values_of
from events.lawful import NOBODY_MOVED, Heirs, lawful
from events.submission import Head, hash_of
from web.tokens import Role

MINUTE_MS: Final = 60_000
SOON_MS: Final = 15 * MINUTE_MS
MANY: Final = 100
"""Of so many records at once more are to come."""
DAY_MS: Final = 24 * 60 * MINUTE_MS
"""Older news is told to nobody: a log that is read from its beginning floods no mailbox."""
NOT_HELD: Final = (sa.exc.DataError, OverflowError, UnicodeError, orjson.JSONEncodeError)
"""The store is there and cannot hold what one record says; to try again changes nothing."""
log = structlog.get_logger("jejak.desk")


@dataclass(frozen=True)
class Taking:
    """`heirs`: OPD → the OPD that acts for it now, where it was renamed, merged or closed; the people of both are told. `counts`: what
    could not be kept, as `failed`.
    """

    engine: sa.Engine
    accounts: Accounts
    heirs: Callable[[], Heirs] = lambda: NOBODY_MOVED
    counts: Counter[str] = field(default_factory=Counter)

    def take(self, records: Sequence[Record], *, now_ms: int) -> None:
        """Raises SQLAlchemyError; nothing of that partition is kept then. What the store cannot hold of one record is counted, and passed
        over. A long log that is read anew leaves half of the time to people: SQLite lets one write at a time, and nobody wait in turn.
        """
        began = time.monotonic()
        by_source: dict[str, list[Record]] = {}
        for record in records:
            by_source.setdefault(record.source, []).append(record)
        for some in by_source.values():
            try:
                self._take(some, some, now_ms)
            except NOT_HELD:
                for record in some:
                    self._take_alone(record, now_ms)
        if len(records) >= MANY:
            time.sleep(time.monotonic() - began)

    def _take_alone(self, record: Record, now_ms: int) -> None:
        try:
            self._take([record], [record], now_ms)
        except NOT_HELD as error:
            log.error("notice_failed", partition=record.partition, offset=record.offset, error=type(error).__name__)
            self._take([record], [], now_ms)
            self.counts["failed"] += 1

    def _take(self, read: Sequence[Record], told: Sequence[Record], now_ms: int) -> None:
        """Of one source, in one transaction."""
        source = read[0].source
        with self.engine.begin() as c:
            c.execute(new(c, POSITIONS).values(source=source, next=0).on_conflict_do_nothing())
            moved = sa.update(POSITIONS).where(POSITIONS.c.source == source).values(next=read[-1].offset + 1)
            c.execute(moved)  # first of all: two desks take turns here
            _mark(c, read)
            streams = {stream for record in told if (stream := stream_in(record.key))}
            heads, heirs = _heads(c, streams), self.heirs()
            moved_on = {head.submission_id: head for record in told if (head := self._take_one(c, heads, heirs, record, now_ms))}
            if moved_on:
                put = new(c, FOLLOWED)
                changes = {name: put.excluded[name] for name in ("head", "due_ms", "told")}
                c.execute(
                    put.on_conflict_do_update(index_elements=["submission"], set_=changes), [_row(head) for head in moved_on.values()]
                )

    def _take_one(self, c: sa.Connection, heads: dict[uuid.UUID, Head], heirs: Heirs, record: Record, now_ms: int) -> Head | None:
        """Where the submission stands now, put into `heads`; None when the record changes nothing."""
        stream, said = stream_in(record.key), read_safely(record.raw)
        if stream is None or said is None or said["submission_id"] != str(stream):
            log.warning("notice_unreadable", partition=record.partition, offset=record.offset)
            return None
        before = heads.get(stream)
        if before and said["sequence"] <= before.sequence:
            return None
        head = lawful(before, said, hash_of(record.raw or b""), heirs)
        if isinstance(head, str):
            log.warning("notice_unlawful", code=head, partition=record.partition, offset=record.offset)
            return None
        heads[stream] = head
        if head.state in NEWS and now_ms - head.arrived_ms < DAY_MS:
            self._tell(c, head, NEWS[head.state].what, NEWS[head.state].roles, now_ms)
        return head

    def fall_due(self, *, now_ms: int) -> None:
        """Write the notices of what is due within 15 minutes or overdue. Raises SQLAlchemyError."""
        query = sa.select(FOLLOWED).where(FOLLOWED.c.due_ms.between(now_ms - DAY_MS, now_ms + SOON_MS), FOLLOWED.c.told != "overdue")
        with self.engine.connect() as c:
            rows = c.execute(query).all()
        for row in rows:
            head = _read(uuid.UUID(row.submission), row.head)
            what = "overdue" if now_ms > row.due_ms else "due_soon"
            if head.holder is None or head.holder.value not in TURN or what == row.told:
                continue
            if what == "due_soon" and row.due_ms - SOON_MS <= head.arrived_ms:
                continue  # a step of less than a quarter of an hour was announced when it came
            with self.engine.begin() as c:
                is_so = (FOLLOWED.c.submission == row.submission, FOLLOWED.c.head == row.head, FOLLOWED.c.told == row.told)
                if c.execute(sa.update(FOLLOWED).where(*is_so).values(told=what)).rowcount:
                    self._tell(c, head, what, (TURN[head.holder.value],), now_ms)

    def _tell(self, c: sa.Connection, head: Head, what: str, roles: Sequence[Role], now_ms: int) -> None:
        day = moment_of(now_ms).astimezone(WIB).date()
        for target in targets_of(c, [(role, opd_for(role, head)) for role in roles], self.accounts, day, self.heirs()):
            row: Mapping[str, Any] = {"submission": str(head.submission_id), "sequence": head.sequence, "what": what, "target": target}
            c.execute(new(c, NOTICES).values(**row, title=head.title, made_ms=now_ms).on_conflict_do_nothing())


def _mark(c: sa.Connection, records: Sequence[Record]) -> None:
    """By what it is found that Kafka lost them (`events.marks`)."""
    _, marks, ends = taken_of(records)
    for mark in marks:
        told = {"taken": mark.taken, "hash": mark.hash}
        row = {"source": mark.source, **told, "proved": mark.taken, "proved_hash": mark.hash}
        c.execute(new(c, MARKS).values(row).on_conflict_do_update(index_elements=["source"], set_=told))
    for mark in ends:
        c.execute(new(c, ENDS).values(mark._asdict()).on_conflict_do_nothing())


def head_now(c: sa.Connection, submission: str) -> Head | None:
    stream = uuid.UUID(submission)
    return _heads(c, [stream]).get(stream)


def _heads(c: sa.Connection, streams: Collection[uuid.UUID]) -> dict[uuid.UUID, Head]:
    query = sa.select(FOLLOWED.c.submission, FOLLOWED.c.head).where(FOLLOWED.c.submission.in_([str(stream) for stream in streams]))
    return {(stream := uuid.UUID(row.submission)): _read(stream, row.head) for row in c.execute(query)}


def _row(head: Head) -> dict[str, Any]:
    kept = orjson.dumps(values_of(head)).decode()
    return {"submission": str(head.submission_id), "head": kept, "due_ms": head.due_ms, "told": ""}


def _read(stream: uuid.UUID, kept: str) -> Head:
    values = orjson.loads(kept)[1:]
    missing = len(NAMES) - 1 - len(values)  # kept by an earlier program, which did not know of `files`, or of `renamed` either
    for name, nothing in (("files", ""), ("renamed", False))[:missing]:
        values.insert(NAMES.index(name) - 1, nothing)
    return head_of(stream, values)
