"""Who is who: a signed token comes in, a caller or a refusal goes out; lanes need the public key only.

Tokens are JWTs (RFC 7519) signed with Ed25519 (`EdDSA`, RFC 8037) and nothing else. The times are passed in.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field
from slugify import slugify

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "jejak"
AUDIENCE: Final = "jejak"
OPD_KODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PERSON_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?")
LONGEST: Final = 4096  # characters of a token that is worth reading
PRIVATE: Final = "private.pem"
PUBLIC: Final = "public.pem"

Code = Literal["token_missing", "token_invalid", "token_expired", "token_revoked"]

MESSAGES: Final[dict[Code, str]] = {
    "token_missing": "Token belum disertakan. Masuk dahulu, atau kirim token pada header Authorization.",
    "token_invalid": "Token tidak sah.",
    "token_expired": "Masa berlaku token telah habis. Minta token baru.",
    "token_revoked": "Token telah dicabut.",
}


class Role(StrEnum):
    """The swimlanes of the SOP, and the auditor, who only reads."""

    TIM_PPID = "tim_ppid"
    KETUA_PPID = "ketua_ppid"
    ATASAN_PPID = "atasan_ppid"
    ADMIN_OPENDATA = "admin_opendata"
    AUDITOR = "auditor"


ROLES_IN_AN_OPD: Final = frozenset({Role.TIM_PPID, Role.KETUA_PPID})


@dataclass(frozen=True)
class Caller:
    """A person or system whose token was good; `opd` is the kode of their agency, None for roles of the regency."""

    id: str
    name: str
    role: Role
    opd: str | None
    token_id: str
    expires_at: datetime


class TokenRefused(Exception):
    """The caller is not known; `message` is for people and does not say what is wrong with a forged token."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{code}: {MESSAGES[code]}")
        self.code: Final = code
        self.message: Final = MESSAGES[code]


def make_keys(directory: Path) -> None:
    """Make `private.pem` (0600) and `public.pem` in `directory` (0700), once.

    Safe when several processes start at once: the first one's key stays, and all derive the public key from that one.
    Nothing is overwritten; a lane that was given the public key alone gets no private key. Raises OSError, ValueError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / PUBLIC).exists():
        return
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write_once(directory / PRIVATE, pem, mode=0o600)
    public = load_private(directory / PRIVATE).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write_once(directory / PUBLIC, pem, mode=0o644)


def load_private(path: Path) -> Ed25519PrivateKey:
    """The key that signs tokens. Raises OSError, ValueError when the file holds no Ed25519 private key."""
    match serialization.load_pem_private_key(path.read_bytes(), password=None):
        case Ed25519PrivateKey() as key:
            return key
        case _:
            raise ValueError(f"{path} bukan kunci privat Ed25519.")


def load_public(path: Path) -> Ed25519PublicKey:
    """The key that checks tokens. Raises OSError, ValueError when the file holds no Ed25519 public key."""
    match serialization.load_pem_public_key(path.read_bytes()):
        case Ed25519PublicKey() as key:
            return key
        case _:
            raise ValueError(f"{path} bukan kunci publik Ed25519.")


def person_id(name: str) -> str:
    """A person has one id in every role and OPD: `Budi Santoso` is `budi-santoso`. Raises ValueError when nothing is left of a name."""
    slug = slugify(name)[:100].strip("-")
    if not slug:
        raise ValueError(f"Nama {name!r} tidak dapat dijadikan id; sebutkan id-nya.")
    return slug


def check_person_id(text: str) -> str:
    """The same, when a new token may carry it. Raises ValueError with a sentence; tokens made before keep the ids that they have."""
    if not PERSON_ID.fullmatch(text):
        raise ValueError(
            f"Id {text!r} hanya boleh huruf kecil, angka, tanda hubung dan titik, paling panjang 100 karakter; satu orang memakai satu id "
            "di semua peran dan OPD (budi, bukan budi@setda)."
        )
    return text


def issue(
    private_key: Ed25519PrivateKey,
    *,
    id: str,  # noqa: A002 (the claim's name)
    name: str,
    role: Role,
    opd: str | None,
    issued_at: datetime,
    days: int,
    token_id: str,
) -> str:
    """A signed token, good for `days` from `issued_at` (aware). Raises ValueError with a message for people."""
    if reason := _not_a_place(role, opd):
        raise ValueError(reason)
    if not all(_is_plain(text) for text in (id, name, token_id)):
        raise ValueError("Id, nama dan id token wajib diisi, paling panjang 200 karakter, tanpa spasi di tepinya.")
    if days < 1:
        raise ValueError("Masa berlaku token paling singkat satu hari.")
    if issued_at.utcoffset() is None:
        raise ValueError("issued_at needs a time zone")
    claims = _Claims(
        iss=ISSUER,
        aud=AUDIENCE,
        sub=id,
        name=name,
        role=role,
        opd=opd,
        jti=token_id,
        iat=int(issued_at.timestamp()),
        exp=int((issued_at + timedelta(days=days)).timestamp()),
    )
    return jwt.encode(claims.model_dump(mode="json"), private_key, algorithm=ALGORITHM)


def read_token(public_key: Ed25519PublicKey, token: str | None, *, now: datetime, is_revoked: Callable[[str], bool]) -> Caller:
    """The caller that a token names. `is_revoked` is asked with the token's id. Raises TokenRefused."""
    if not token:
        raise TokenRefused("token_missing")
    claims = _verified(public_key, token)
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    if now >= expires_at:
        raise TokenRefused("token_expired")
    if is_revoked(claims.jti):
        raise TokenRefused("token_revoked")
    return Caller(id=claims.sub, name=claims.name, role=claims.role, opd=claims.opd, token_id=claims.jti, expires_at=expires_at)


class _Claims(BaseModel):
    """What a token says. Strict: a number written as text was not signed by us."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: str
    aud: str
    sub: str = Field(min_length=1)
    name: str = Field(min_length=1)
    role: Annotated[Role, Field(strict=False)]
    opd: str | None
    jti: str = Field(min_length=1)
    iat: int
    exp: int = Field(ge=0, lt=253_402_300_800)  # the year 10000


def _verified(public_key: Ed25519PublicKey, token: str) -> _Claims:
    if len(token) > LONGEST:
        raise TokenRefused("token_invalid")
    try:
        # The times are judged by the caller's clock, in read_token; `iat` by nobody, since clocks differ.
        payload = jwt.decode(
            token,
            public_key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        claims = _Claims.model_validate(payload)
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenRefused("token_invalid") from error
    if _not_a_place(claims.role, claims.opd):
        raise TokenRefused("token_invalid")
    return claims


def _not_a_place(role: Role, opd: str | None) -> str | None:
    """Why nobody can hold this role there; None when they can (SOP, column "pelaksana")."""
    if opd is not None and role not in ROLES_IN_AN_OPD:
        return f"Peran {role} adalah peran kabupaten dan tidak memakai OPD."
    if opd is None and role in ROLES_IN_AN_OPD:
        return f"Peran {role} memerlukan OPD."
    if opd is not None and not OPD_KODE.fullmatch(opd):
        return f"Kode OPD {opd!r} hanya boleh huruf kecil, angka dan tanda hubung, paling panjang 63 karakter."
    return None


def _is_plain(text: str) -> bool:
    """Text that an event's actor can carry unchanged."""
    return 0 < len(text) <= 200 and text.isprintable() and text == text.strip()


def _write_once(path: Path, content: bytes, *, mode: int) -> None:
    """Put a complete file there unless there is one; a link, unlike a rename, refuses to replace."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
