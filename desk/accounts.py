"""Accounts and what their people are: rows of the desk's tables in, frozen values out. Every time is passed in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa

from desk import passwords
from desk.tables import ACCOUNTS, DEVICES, POSTS, SESSIONS
from web.tokens import OPD_KODE, ROLES_IN_AN_OPD, Role, check_person_id

ACTING_KINDS: Final = ("Plh.", "Plt.")
"""Pelaksana harian, pelaksana tugas."""


@dataclass(frozen=True)
class Account:
    """`closed`: nobody comes in with it any more; what it did stays."""

    id: str
    name: str
    has_password: bool
    must_change: bool
    language: str
    closed: bool


@dataclass(frozen=True)
class Post:
    """A role that a person holds, for an OPD or for the regency; `letter`: held for an absent official until `to_day`, included."""

    id: int
    account: str
    role: Role
    opd: str | None
    kind: str | None = None
    letter: str | None = None
    from_day: date | None = None
    to_day: date | None = None

    def holds(self, day: date) -> bool:
        return (self.from_day is None or self.from_day <= day) and (self.to_day is None or day <= self.to_day)


class AccountRefused(Exception):
    """It cannot be made or changed; one sentence for people."""


@dataclass(frozen=True)
class Accounts:
    engine: sa.Engine

    def add(self, person: str, *, name: str, password: str | None, must_change: bool, now_ms: int) -> None:
        """Raises AccountRefused."""
        try:
            check_person_id(person)
        except ValueError as error:
            raise AccountRefused(str(error)) from None
        if not name.strip() or len(name) > 200 or not name.isprintable():
            raise AccountRefused("Nama wajib diisi, paling panjang 200 karakter.")
        row = {"id": person, "name": name.strip(), "must_change": must_change, "created_ms": now_ms, "language": "id"}
        try:
            with self.engine.begin() as c:
                c.execute(sa.insert(ACCOUNTS).values(row | {"password": password and passwords.hashed(password)}))
        except sa.exc.IntegrityError:
            raise AccountRefused(f"Nama pengguna {person} sudah ada.") from None

    def add_with(self, post: Post, *, name: str, password: str, must_change: bool, now_ms: int) -> None:
        """An account for `post.account` and what its person is, both or neither. Raises AccountRefused."""
        if reason := _not_a_post(post):
            raise AccountRefused(reason)
        self.add(post.account, name=name, password=password, must_change=must_change, now_ms=now_ms)
        self.appoint(post, now_ms=now_ms)

    def find(self, person: str) -> Account | None:
        with self.engine.connect() as c:
            row = c.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == person)).first()
        return _account(row) if row else None

    def all(self) -> list[tuple[Account, list[Post]]]:
        """Every account by name with its posts that have not ended, those of before and to come included."""
        with self.engine.connect() as c:
            accounts = [_account(row) for row in c.execute(sa.select(ACCOUNTS).order_by(ACCOUNTS.c.id))]
            posts = [_post(row) for row in c.execute(sa.select(POSTS).where(POSTS.c.ended_ms.is_(None)).order_by(POSTS.c.id))]
        return [(account, [post for post in posts if post.account == account.id]) for account in accounts]

    def knows(self, person: str, password: str) -> Account | None:
        """The account, if that is its password and it is open. Takes as long either way."""
        with self.engine.connect() as c:
            row = c.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.id == person)).first()
        right = passwords.is_right(password, row.password if row else None)
        return _account(row) if row and right and row.closed_ms is None else None

    def set_password(self, person: str, password: str, *, must_change: bool) -> None:
        """Everybody who is in with this account is out."""
        with self.engine.begin() as c:
            kept = {"password": passwords.hashed(password), "must_change": must_change}
            c.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == person).values(kept))
            c.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == person))
            if must_change:
                c.execute(sa.delete(DEVICES).where(DEVICES.c.account == person))

    def set_language(self, person: str, language: str) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == person).values(language=language))

    def close(self, person: str, *, now_ms: int) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == person).values(closed_ms=now_ms))
            c.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == person))

    def open(self, person: str) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == person).values(closed_ms=None))

    def appoint(self, post: Post, *, now_ms: int) -> None:
        """`post.id` is not looked at; what the person is already is not said twice. Raises AccountRefused."""
        if reason := _not_a_post(post):
            raise AccountRefused(reason)
        row = {column: getattr(post, column) for column in ("account", "opd", "kind", "letter", "from_day", "to_day")}
        row |= {"role": post.role.value}
        same = [POSTS.c[column].is_not_distinct_from(value) for column, value in row.items()]
        with self.engine.begin() as c:
            if c.execute(sa.select(POSTS.c.id).where(POSTS.c.ended_ms.is_(None), *same)).first() is None:
                c.execute(sa.insert(POSTS).values(row | {"created_ms": now_ms}))

    def end(self, post: int, *, now_ms: int, only_acting: bool = False) -> None:
        """`only_acting`: a person's own post stays."""
        which = [POSTS.c.id == post, POSTS.c.ended_ms.is_(None), *([POSTS.c.letter.is_not(None)] if only_acting else [])]
        with self.engine.begin() as c:
            if c.execute(sa.update(POSTS).where(*which).values(ended_ms=now_ms)).rowcount:
                c.execute(sa.delete(SESSIONS).where(SESSIONS.c.post == post))

    def posts(self, person: str, day: date) -> list[Post]:
        """What a person is that day: the own posts first, then those held for others."""
        query = (
            sa.select(POSTS).where(POSTS.c.account == person, POSTS.c.ended_ms.is_(None)).order_by(POSTS.c.letter.is_not(None), POSTS.c.id)
        )
        with self.engine.connect() as c:
            return [post for post in map(_post, c.execute(query)) if post.holds(day)]

    def post(self, post: int) -> Post | None:
        """Whoever's it is, also when it has ended."""
        with self.engine.connect() as c:
            row = c.execute(sa.select(POSTS).where(POSTS.c.id == post)).first()
        return _post(row) if row else None

    def in_office(self, day: date) -> Sequence[tuple[Account, Post]]:
        """Everybody with an open account, in each post that they hold that day."""
        return [(account, post) for account, posts in self.all() if not account.closed for post in posts if post.holds(day)]


def _not_a_post(post: Post) -> str | None:
    if (post.opd is not None) != (post.role in ROLES_IN_AN_OPD):
        return f"Peran {post.role} memerlukan OPD." if post.role in ROLES_IN_AN_OPD else f"Peran {post.role} tidak memakai OPD."
    if post.opd is not None and not OPD_KODE.fullmatch(post.opd):
        return "Kode OPD hanya huruf kecil, angka dan tanda hubung, misalnya dinkes."
    if not (post.kind or post.letter or post.from_day or post.to_day):
        return None
    if post.kind not in ACTING_KINDS or not (post.letter and post.from_day and post.to_day):
        return "Pejabat pengganti memerlukan jenis (Plh. atau Plt.), nomor surat perintah, tanggal mulai dan tanggal selesai."
    if not (post.letter == post.letter.strip() and post.letter.isprintable() and len(post.letter) <= 200):
        return "Nomor surat perintah paling panjang 200 karakter, tanpa spasi di tepinya."
    return "Tanggal selesai tidak boleh sebelum tanggal mulai." if post.to_day < post.from_day else None


def _account(row: sa.Row[tuple[object, ...]]) -> Account:
    return Account(row.id, row.name, row.password is not None, row.must_change, row.language, row.closed_ms is not None)


def _post(row: sa.Row[tuple[object, ...]]) -> Post:
    return Post(row.id, row.account, Role(row.role), row.opd, row.kind, row.letter, row.from_day, row.to_day)
