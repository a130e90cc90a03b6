"""Where notices go: apprise addresses of persons and of roles. Addresses hold secrets; nothing here writes them to a log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import apprise
import sqlalchemy as sa

from desk.accounts import Accounts
from desk.tables import TARGETS
from events.lawful import Heirs
from web.tokens import ROLES_IN_AN_OPD, Role


class TargetRefused(Exception):
    """It cannot be kept; one sentence for people."""


@dataclass(frozen=True)
class Target:
    """`shown`: the address without its secrets."""

    id: int
    shown: str
    account: str | None
    role: str | None
    opd: str | None
    failures: int


@dataclass(frozen=True)
class Targets:
    engine: sa.Engine

    def add_for_person(self, url: str, person: str) -> int:
        """Its number. Raises TargetRefused."""
        if Accounts(self.engine).find(person) is None:
            raise TargetRefused(f"Tidak ada nama pengguna {person}.")
        return self._add(url, account=person)

    def add_for_role(self, url: str, role: Role, opd: str | None) -> int:
        """Its number. Raises TargetRefused."""
        if (opd is not None) != (role in ROLES_IN_AN_OPD):
            raise TargetRefused(f"Peran {role} {'memerlukan' if role in ROLES_IN_AN_OPD else 'tidak memakai'} OPD.")
        return self._add(url, role=role.value, opd=opd)

    def _add(self, url: str, **whose: str | None) -> int:
        if _opened(url) is None:
            raise TargetRefused("Alamat itu tidak dikenal apprise, misalnya mailto://… atau tgram://….")
        with self.engine.begin() as c:
            return int(c.execute(sa.insert(TARGETS).values(url=url, **whose).returning(TARGETS.c.id)).scalar_one())

    def end(self, number: int, *, now_ms: int) -> bool:
        """Nothing is sent there any more, and the address is wiped."""
        with self.engine.begin() as c:
            chosen = sa.update(TARGETS).where(TARGETS.c.id == number, TARGETS.c.ended_ms.is_(None))
            return c.execute(chosen.values(ended_ms=now_ms, url="")).rowcount == 1

    def all(self) -> list[Target]:
        with self.engine.connect() as c:
            rows = c.execute(sa.select(TARGETS).where(TARGETS.c.ended_ms.is_(None)).order_by(TARGETS.c.id)).all()
        return [Target(r.id, _shown(r.url), r.account, r.role, r.opd, r.failures) for r in rows]


def targets_of(c: sa.Connection, roles: Iterable[tuple[Role, str | None]], accounts: Accounts, day: date, heirs: Heirs) -> list[int]:
    """Numbers of the targets of these roles, and of the persons who hold them that day: each address once, by its oldest target."""
    wanted = {(role.value, opd and heirs.get(opd, opd)) for role, opd in roles}
    columns = (TARGETS.c.id, TARGETS.c.url, TARGETS.c.account, TARGETS.c.role, TARGETS.c.opd)
    rows = c.execute(sa.select(*columns).where(TARGETS.c.ended_ms.is_(None)).order_by(TARGETS.c.id.desc())).all()
    if not rows:
        return []
    held = ((post.account, post.role.value, post.opd) for _, post in accounts.in_office(day))
    persons = {account for account, role, opd in held if (role, opd and heirs.get(opd, opd)) in wanted}
    chosen = [row for row in rows if (row.role, row.opd and heirs.get(row.opd, row.opd)) in wanted or row.account in persons]
    return sorted({row.url: row.id for row in chosen}.values())


def deliver(url: str, subject: str, text: str) -> bool:
    """Blocks for as long as apprise waits for a server (seconds). True when it was taken."""
    sender = apprise.Apprise()
    return bool(sender.add(url) and sender.notify(title=subject, body=text, body_format=apprise.NotifyFormat.TEXT))


def _opened(url: str) -> apprise.NotifyBase | None:
    return apprise.Apprise.instantiate(url) or None


def _shown(url: str) -> str:
    opened = _opened(url)
    return str(opened.url(privacy=True)) if opened else ""  # type: ignore[no-untyped-call]
