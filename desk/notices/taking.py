"""From the log and the clock to notices that wait to be sent: records in, rows out, each notice and the position in one transaction.

A submission's head is kept beside; what the law of the log forbids, and what was taken before, makes no notice. Two desks may both read.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import sqlalchemy as sa
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from desk.accounts import Accounts
from desk.clock import WIB, moment_of
from desk.notices.kinds import NEWS, TURN, opd_for
from desk.notices.targets import targets_of
from desk.tables import FOLLOWED, NOTICES, POSITIONS
from events.admission import Record, read_safely, stream_in
from events.heads import head_of, values_of
from events.lawful import NOBODY_MOVED, Heirs, lawful
from events.submission import Head, hash_of
from web.tokens import Role

MINUTE_MS: Final = 60_000
SOON_MS: Final = 15 * MINUTE_MS
DAY_MS: Final = 24 * 60 * MINUTE_MS
"""Older news is told to nobody: a log that is read from its beginning floods no mailbox."""
log = structlog.get_logger("jejak.desk")


@dataclass(frozen=True)
class Taking:
    """`heirs`: OPD → the OPD that acts for it now, where it was renamed, merged or closed; the people of both are told."""

    engine: sa.Engine
    accounts: Accounts
    heirs: Callable[[], Heirs] = lambda: NOBODY_MOVED

    def positions(self, cluster: str) -> dict[int, int]:
        """Partition → the next offset."""
        with self.engine.connect() as c:
            rows = c.execute(sa.select(POSITIONS).where(POSITIONS.c.source.startswith(f"{cluster}/", autoescape=True))).all()
        return {int(row.source.rpartition("/")[2]): row.next for row in rows}

    def take(self, records: Sequence[Record], *, now_ms: int) -> None:
        """Raises SQLAlchemyError; nothing of that partition is kept then."""
        by_source: dict[str, list[Record]] = {}
        for record in records:
            by_source.setdefault(record.source, []).append(record)
        for source, some in by_source.items():
            with self.engine.begin() as c:
                c.execute(_new(c, POSITIONS).values(source=source, next=0).on_conflict_do_nothing())
                moved = sa.update(POSITIONS).where(POSITIONS.c.source == source).values(next=some[-1].offset + 1)
                c.execute(moved)  # first of all: two desks take turns here
                for record in some:
                    self._take_one(c, record, now_ms)

    def _take_one(self, c: sa.Connection, record: Record, now_ms: int) -> None:
        stream, said = stream_in(record.key), read_safely(record.raw)
        if stream is None or said is None or said["submission_id"] != str(stream):
            log.warning("notice_unreadable", partition=record.partition, offset=record.offset)
            return
        before = _head(c, stream)
        if before and said["sequence"] <= before.sequence:
            return
        heirs = {before.opd: said["actor"].get("opd") or ""} if before else {}  # who acts for whom the lanes have judged
        head = lawful(before, said, hash_of(record.raw or b""), heirs)
        if isinstance(head, str):
            log.warning("notice_unlawful", code=head, partition=record.partition, offset=record.offset)
            return
        row = {"submission": str(stream), "head": orjson.dumps(values_of(head)).decode(), "due_ms": head.due_ms, "told": ""}
        c.execute(_new(c, FOLLOWED).values(row).on_conflict_do_update(index_elements=["submission"], set_=row))
        if head.state in NEWS and now_ms - head.arrived_ms < DAY_MS:
            self._tell(c, head, NEWS[head.state].what, NEWS[head.state].roles, now_ms)

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
            c.execute(_new(c, NOTICES).values(**row, title=head.title, made_ms=now_ms).on_conflict_do_nothing())


def head_now(c: sa.Connection, submission: str) -> Head | None:
    return _head(c, uuid.UUID(submission))


def _head(c: sa.Connection, stream: uuid.UUID) -> Head | None:
    kept = c.execute(sa.select(FOLLOWED.c.head).where(FOLLOWED.c.submission == str(stream))).scalar()
    return _read(stream, kept) if kept else None


def _read(stream: uuid.UUID, kept: str) -> Head:
    return head_of(stream, orjson.loads(kept)[1:])


def _new(c: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if c.dialect.name == "postgresql" else sqlite.insert(table)
