"""What is not handed in yet: a person's drafts, each with its fields and files as they were last saved."""

from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from desk.tables import DRAFTS

Json = dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """`content`: `{"dataset": …, "files": [{name, media_type, bytes, sha256}], "from": number of the version before or null}`."""

    id: str
    account: str
    opd: str
    content: Json
    updated_ms: int
    submission: str | None

    @property
    def title(self) -> str:
        return str(self.content.get("dataset", {}).get("title") or "")


@dataclass(frozen=True)
class Drafts:
    engine: sa.Engine

    def begin(self, draft: str, account: str, opd: str, content: Json, *, now_ms: int) -> None:
        """The page draws the id; nothing happens when there is such a draft, whoever's it is."""
        row = {"id": draft.lower(), "account": account, "opd": opd, "content": _written(content), "updated_ms": now_ms}
        try:
            with self.engine.begin() as c:
                if c.execute(sa.select(DRAFTS.c.id).where(DRAFTS.c.id == draft.lower())).first() is None:
                    c.execute(sa.insert(DRAFTS).values(row))
        except sa.exc.IntegrityError:  # a double click was faster
            return

    def find(self, draft: str, account: str, opd: str | None) -> Draft | None:
        """The person's own, for the OPD that they act for."""
        query = sa.select(DRAFTS).where(DRAFTS.c.id == draft.lower(), DRAFTS.c.account == account, DRAFTS.c.opd == opd)
        with self.engine.connect() as c:
            row = c.execute(query).first()
        return _draft(row) if row else None

    def open(self, account: str, opd: str | None) -> list[Draft]:
        """Not handed in yet, the last touched first."""
        query = sa.select(DRAFTS).where(DRAFTS.c.account == account, DRAFTS.c.opd == opd, DRAFTS.c.submission.is_(None))
        with self.engine.connect() as c:
            return [_draft(row) for row in c.execute(query.order_by(DRAFTS.c.updated_ms.desc()).limit(50))]

    def save(self, draft: Draft, content: Json, *, now_ms: int) -> None:
        """What was handed in stays as it was."""
        changed = DRAFTS.c.content != _written(content)
        query = sa.update(DRAFTS).where(DRAFTS.c.id == draft.id, DRAFTS.c.submission.is_(None), changed)
        with self.engine.begin() as c:
            c.execute(query.values(content=_written(content), updated_ms=now_ms))

    def handed_in(self, draft: Draft, submission: str) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(DRAFTS).where(DRAFTS.c.id == draft.id).values(submission=submission))

    def drop(self, draft: Draft) -> None:
        with self.engine.begin() as c:
            c.execute(sa.delete(DRAFTS).where(DRAFTS.c.id == draft.id, DRAFTS.c.submission.is_(None)))


def _written(content: Json) -> str:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def _draft(row: sa.Row[tuple[object, ...]]) -> Draft:
    return Draft(row.id, row.account, row.opd, orjson.loads(row.content), row.updated_ms, row.submission)
