"""Who is in: a secret that only the browser holds comes in, the session out. The server keeps its hash, and can end it at any moment."""

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from desk.tables import DEVICES, SESSIONS

MINUTE_MS: Final = 60_000
SEEN_EVERY_MS: Final = MINUTE_MS
AGENT: Final = 120
"""Characters of a browser's name that are kept, so that people can tell their sessions apart."""


@dataclass(frozen=True)
class Session:
    """`ends_ms`: when it ends unless it is used; `ends_at_last_ms`: when it ends in any case."""

    hash: str
    account: str
    post: int
    via: str
    agent: str
    created_ms: int
    seen_ms: int
    ends_ms: int
    ends_at_last_ms: int


@dataclass(frozen=True)
class Sessions:
    engine: sa.Engine
    idle_ms: int
    longest_ms: int

    def begin(self, account: str, post: int, *, via: str, agent: str, now_ms: int) -> str:
        """The secret for the browser; old sessions are swept out."""
        secret = secrets.token_urlsafe(32)
        row = {"hash": hash_of(secret), "account": account, "post": post, "via": via, "agent": _plain(agent), "created_ms": now_ms}
        with self.engine.begin() as c:
            c.execute(sa.delete(SESSIONS).where(sa.or_(*self._over(now_ms))))
            c.execute(sa.insert(SESSIONS).values(row | {"seen_ms": now_ms}))
        return secret

    def find(self, secret: str | None, *, now_ms: int) -> Session | None:
        """The session that is not over; that it was used is noted once a minute."""
        if not secret:
            return None
        query = sa.select(SESSIONS).where(SESSIONS.c.hash == hash_of(secret), *(sa.not_(over) for over in self._over(now_ms)))
        with self.engine.connect() as c:
            row = c.execute(query).first()
        if row is None:
            return None
        if now_ms - row.seen_ms >= SEEN_EVERY_MS:
            with self.engine.begin() as c:
                c.execute(sa.update(SESSIONS).where(SESSIONS.c.hash == row.hash).values(seen_ms=now_ms))
            return self._session(row, now_ms)
        return self._session(row, row.seen_ms)

    def of(self, account: str, *, now_ms: int) -> list[Session]:
        """Those of a person that are not over, the newest first."""
        query = sa.select(SESSIONS).where(SESSIONS.c.account == account, *(sa.not_(over) for over in self._over(now_ms)))
        with self.engine.connect() as c:
            return [self._session(row, row.seen_ms) for row in c.execute(query.order_by(SESSIONS.c.created_ms.desc()))]

    def act_as(self, session: str, post: int) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(SESSIONS).where(SESSIONS.c.hash == session).values(post=post))

    def end(self, session: str) -> None:
        with self.engine.begin() as c:
            c.execute(sa.delete(SESSIONS).where(SESSIONS.c.hash == session))

    def end_all(self, account: str) -> None:
        """Out everywhere; browsers that were known are strangers again."""
        with self.engine.begin() as c:
            c.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account))
            c.execute(sa.delete(DEVICES).where(DEVICES.c.account == account))

    def _over(self, now_ms: int) -> list[sa.ColumnElement[bool]]:
        return [SESSIONS.c.seen_ms <= now_ms - self.idle_ms, SESSIONS.c.created_ms <= now_ms - self.longest_ms]

    def _session(self, row: sa.Row[tuple[object, ...]], seen_ms: int) -> Session:
        last = row.created_ms + self.longest_ms
        return Session(
            row.hash, row.account, row.post, row.via, row.agent, row.created_ms, seen_ms, min(seen_ms + self.idle_ms, last), last
        )


def hash_of(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(agent: str) -> str:
    return "".join(c for c in agent if c.isprintable())[:AGENT]
