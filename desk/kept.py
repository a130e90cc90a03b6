"""Forms that came when nobody was in (any more): kept for a day, to be looked at and sent after the next login, however one comes in.

Only forms that this desk drew for a person are kept (`desk.marks`), a few for each post, so no stranger can fill the store.
"""

import secrets
from dataclasses import dataclass
from typing import Final

import orjson
import sqlalchemy as sa

from desk.sessions import hash_of
from desk.tables import KEPT_FORMS, POSTS

DAY_MS: Final = 24 * 3600 * 1000
FOR_A_POST: Final = 20
Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class KeptForm:
    """`account`: whose it is; `path`: where it was sent to."""

    account: str
    path: str
    fields: Fields


@dataclass(frozen=True)
class KeptForms:
    engine: sa.Engine

    def keep(self, post: int, path: str, fields: Fields, *, now_ms: int) -> str | None:
        """The secret by which it is found again; None when there is no such post."""
        secret = secrets.token_urlsafe(32)
        row = {"hash": hash_of(secret), "post": post, "path": path, "fields": orjson.dumps(fields).decode(), "created_ms": now_ms}
        with self.engine.begin() as c:
            account = c.execute(sa.select(POSTS.c.account).where(POSTS.c.id == post)).scalar()
            if account is None:
                return None
            c.execute(sa.insert(KEPT_FORMS).values(row | {"account": account}))
            newest = (
                sa.select(KEPT_FORMS.c.hash).where(KEPT_FORMS.c.post == post).order_by(KEPT_FORMS.c.created_ms.desc(), KEPT_FORMS.c.hash)
            )
            old = list(c.execute(newest.offset(FOR_A_POST)).scalars())
            c.execute(sa.delete(KEPT_FORMS).where(sa.or_(KEPT_FORMS.c.created_ms <= now_ms - DAY_MS, KEPT_FORMS.c.hash.in_(old))))
        return secret

    def find(self, secret: str, account: str, *, now_ms: int) -> KeptForm | None:
        """The person's own."""
        found = (KEPT_FORMS.c.hash == hash_of(secret), KEPT_FORMS.c.account == account, KEPT_FORMS.c.created_ms > now_ms - DAY_MS)
        with self.engine.connect() as c:
            row = c.execute(sa.select(KEPT_FORMS).where(*found)).first()
        return KeptForm(row.account, row.path, tuple((name, value) for name, value in orjson.loads(row.fields))) if row else None
