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
class Guess:
    """Somebody at `source` (an IP address) says that they are `person`; `device`: the secret that their browser was given before."""

    person: str
    source: str
    device: str | None


@dataclass(frozen=True)
class Attempts:
    engine: sa.Engine

    def left(self, guess: Guess, *, now_ms: int) -> bool:
        """Whether one more guess is looked at."""
        keys = self._keys(guess)
        query = sa.select(FAILURES.c.key, sa.func.count()).where(FAILURES.c.key.in_(keys), FAILURES.c.at_ms > now_ms - WINDOW_MS)
        with self.engine.connect() as c:
            counted: dict[str, int] = {str(key): int(count) for key, count in c.execute(query.group_by(FAILURES.c.key))}
        return all(counted.get(key, 0) < most for key, most in keys.items())

    def failed(self, guess: Guess, *, now_ms: int) -> None:
        rows = [{"key": key, "at_ms": now_ms} for key in self._keys(guess)]
        with self.engine.begin() as c:
            c.execute(sa.delete(FAILURES).where(FAILURES.c.at_ms <= now_ms - WINDOW_MS))
            c.execute(sa.insert(FAILURES), rows)

    def came_in(self, guess: Guess, *, now_ms: int) -> str:
        """Forgets this source's wrong guesses at this name; gives the secret by which the browser is known from now on."""
        known = guess.device if self._is_known(guess) else None
        keys = [key for key in self._keys(guess) if key != _source(guess.source)]
        secret = known or secrets.token_urlsafe(32)
        with self.engine.begin() as c:
            c.execute(sa.delete(FAILURES).where(FAILURES.c.key.in_(keys)))
            if known is None:
                c.execute(sa.insert(DEVICES).values(hash=hash_of(secret), account=guess.person, created_ms=now_ms))
        return secret

    def _keys(self, guess: Guess) -> dict[str, int]:
        if guess.device and self._is_known(guess):
            return {f"device:{hash_of(guess.device)}": TRIES}
        return {f"name:{hash_of(guess.person)}:{_network(guess.source)}": TRIES, _source(guess.source): TRIES_OF_A_SOURCE}

    def _is_known(self, guess: Guess) -> bool:
        if not guess.device:
            return False
        query = sa.select(DEVICES.c.hash).where(DEVICES.c.hash == hash_of(guess.device), DEVICES.c.account == guess.person)
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
