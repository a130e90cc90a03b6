"""Passwords: a new one is judged and hashed (argon2id), one that was typed is compared. Plain text is kept nowhere."""

import secrets
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 12
LONGEST: Final = 200
AT_ONCE: Final = 2
"""Comparing costs 64 MiB and a core: a flood of logins must not take the machine."""
_hasher: Final = PasswordHasher()
_turn: Final = BoundedSemaphore(AT_ONCE)
_CONSONANTS: Final = "bdgklmnprstw"
_VOWELS: Final = "aiu"
_POOR: Final = ("password", "kata sandi", "katasandi", "qwerty", "12345678", "karanganyar", "jejak")


def hashed(password: str) -> str:
    with _turn:
        return _hasher.hash(password)


def is_right(password: str, kept: str | None) -> bool:
    """As slow for an account without password, or none at all, as for a wrong one: nobody learns which names exist."""
    if len(password) > LONGEST:
        return False
    with _turn:
        try:
            _hasher.verify(kept or _of_nobody(), password)
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def fault_of(password: str, person: str) -> str | None:
    """Why this cannot be a new password, as a key of `desk.words.PASSWORD_FAULTS`; None when it can."""
    if len(password) < SHORTEST:
        return "short"
    if len(password) > LONGEST:
        return "long"
    small = password.lower()
    if person.lower() in small or len(set(small)) < 5 or any(small.replace(poor, "").strip("0123456789!.@-_ ") == "" for poor in _POOR):
        return "poor"
    return None


def first() -> str:
    """A password to hand to a person, who changes it: easy to type, 60 bits or more."""
    groups = ["".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(3)) for _ in range(4)]
    return "-".join(groups) + f"-{secrets.randbelow(90) + 10}"


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
