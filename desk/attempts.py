"""How often somebody may guess a password: failures are counted where they come from, so nobody can lock another person out.

Guesses are counted by (name, source), by source, and by browser: one in which the person has come in before is counted by itself, so
neither a stranger elsewhere nor a neighbour behind the same address can spend its tries.
"""

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from desk.sessions import hash_of
from desk.tables import DEVICES, FAILURES

WINDOW_MS: Final = 15 * 60_000
TRIES: Final = 5
TRIES_OF_A_SOURCE: Final = 50


@dataclass(frozen=True)
class Attempts:
    engine: sa.Engine

    def left(self, person: str, *, source: str, device: str | None, now_ms: int) -> bool:
        """Whether one more guess is looked at."""
        keys = self._keys(person, source, device)
        query = sa.select(FAILURES.c.key, sa.func.count()).where(FAILURES.c.key.in_(keys), FAILURES.c.at_ms > now_ms - WINDOW_MS)
        with self.engine.connect() as c:
            counted: dict[str, int] = {str(key): int(count) for key, count in c.execute(query.group_by(FAILURES.c.key))}
        return all(counted.get(key, 0) < most for key, most in keys.items())

    def failed(self, person: str, *, source: str, device: str | None, now_ms: int) -> None:
        rows = [{"key": key, "at_ms": now_ms} for key in self._keys(person, source, device)]
        with self.engine.begin() as c:
            c.execute(sa.delete(FAILURES).where(FAILURES.c.at_ms <= now_ms - WINDOW_MS))
            c.execute(sa.insert(FAILURES), rows)

    def came_in(self, person: str, *, source: str, device: str | None, now_ms: int) -> str:
        """Forgets this source's wrong guesses at this name; gives the secret by which the browser is known from now on."""
        known = device if device and self._is_known(person, device) else None
        keys = [key for key in self._keys(person, source, device) if key != _source(source)]
        secret = known or secrets.token_urlsafe(32)
        with self.engine.begin() as c:
            c.execute(sa.delete(FAILURES).where(FAILURES.c.key.in_(keys)))
            if known is None:
                c.execute(sa.insert(DEVICES).values(hash=hash_of(secret), account=person, created_ms=now_ms))
        return secret

    def _keys(self, person: str, source: str, device: str | None) -> dict[str, int]:
        if device and self._is_known(person, device):
            return {f"device:{hash_of(device)}": TRIES}
        return {f"name:{hash_of(person)}:{_network(source)}": TRIES, _source(source): TRIES_OF_A_SOURCE}

    def _is_known(self, person: str, device: str) -> bool:
        query = sa.select(DEVICES.c.hash).where(DEVICES.c.hash == hash_of(device), DEVICES.c.account == person)
        with self.engine.connect() as c:
            return c.execute(query).first() is not None


def _source(source: str) -> str:
    return f"source:{_network(source)}"


def _network(source: str) -> str:
    """An IPv4 address, or the /64 that one subscriber has of IPv6."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return "unknown"
    return str(address if address.version == 4 else ipaddress.ip_network((address, 64), strict=False))
