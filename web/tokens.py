"""Who is who: a signed token comes in, a caller or a refusal goes out; lanes need public keys only (`web.keys`).

Tokens are JWTs (RFC 7519) signed with Ed25519 (`EdDSA`, RFC 8037) and nothing else. The times are passed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import BaseModel, ConfigDict, Field
from slugify import slugify

from web.keys import KID, Signers

ALGORITHM: Final = "EdDSA"
ISSUER: Final = "jejak"
AUDIENCE: Final = "jejak"
OPD_KODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
PERSON_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,98}[a-z0-9])?")
LONGEST: Final = 4096  # characters of a token that is worth reading
SIGNER_SECONDS: Final = 300
"""A signer with a key id speaks for others, so what it signs is good for this long at most."""

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
    """A person or system whose token was good; `opd` is the kode of their agency, None for roles of the regency.

    `via`: how the person was known, for example `("desk", "password")`; `acting`: number of the letter of mandate (Plh./Plt.).
    """

    id: str
    name: str
    role: Role
    opd: str | None
    token_id: str
    expires_at: datetime
    via: tuple[str, ...] = ()
    acting: str | None = None


class TokenRefused(Exception):
    """The caller is not known; `message` is for people and does not say what is wrong with a forged token."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{code}: {MESSAGES[code]}")
        self.code: Final = code
        self.message: Final = MESSAGES[code]


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
    token_id: str,
    days: int = 0,
    seconds: int = 0,
    kid: str | None = None,
    via: tuple[str, ...] = (),
    acting: str | None = None,
) -> str:
    """A signed token, good for `days` and `seconds` from `issued_at` (aware). Raises ValueError with a message for people.

    `kid`: names the signer to the lanes; then it is good for SIGNER_SECONDS at most, and `via` begins with it.
    """
    lifetime = timedelta(days=days, seconds=seconds)
    if reason := _not_a_place(role, opd) or _not_issued(lifetime, kid, via):
        raise ValueError(reason)
    if not _are_plain(id, name, token_id, *via, *([acting] if acting is not None else [])):
        raise ValueError("Id, nama, id token, via dan nomor surat wajib diisi, paling panjang 200 karakter, tanpa spasi di tepinya.")
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
        exp=int((issued_at + lifetime).timestamp()),
        via=via,
        acting=acting,
    )
    return jwt.encode(claims.model_dump(mode="json", exclude_defaults=True), private_key, ALGORITHM, {"kid": kid} if kid else None)


def read_token(signers: Signers, token: str | None, *, now: datetime, is_revoked: Callable[[str], bool]) -> Caller:
    """The caller that a token names. `is_revoked` is asked with the token's id. Raises TokenRefused."""
    if not token:
        raise TokenRefused("token_missing")
    claims = _verified(signers, token)
    expires_at = datetime.fromtimestamp(claims.exp, UTC)
    if now >= expires_at:
        raise TokenRefused("token_expired")
    if is_revoked(claims.jti):
        raise TokenRefused("token_revoked")
    return Caller(claims.sub, claims.name, claims.role, claims.opd, claims.jti, expires_at, claims.via, claims.acting)


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
    via: Annotated[tuple[str, ...], Field(strict=False, max_length=5)] = ()
    acting: Annotated[str | None, Field(min_length=1)] = None


def _verified(signers: Signers, token: str) -> _Claims:
    if len(token) > LONGEST:
        raise TokenRefused("token_invalid")
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        signer = signers.of(kid)
        if signer is None:
            raise TokenRefused("token_invalid")
        # The times are judged by the caller's clock, in read_token; `iat` by nobody, since clocks differ.
        payload = jwt.decode(
            token,
            signer.public_key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        claims = _Claims.model_validate(payload)
    except (jwt.PyJWTError, ValueError) as error:
        raise TokenRefused("token_invalid") from error
    if not (signer.may_speak_for(claims.role) and _are_plain(claims.name, *claims.via, *([claims.acting] if claims.acting else []))):
        raise TokenRefused("token_invalid")
    if _not_a_place(claims.role, claims.opd) or (kid and _not_issued(timedelta(seconds=claims.exp - claims.iat), kid, claims.via)):
        raise TokenRefused("token_invalid")
    return claims


def _not_issued(lifetime: timedelta, kid: str | None, via: tuple[str, ...]) -> str | None:
    """Why no signer signs this; None when it may."""
    if lifetime < timedelta(seconds=1):
        return "Masa berlaku token paling singkat satu detik."
    if kid is not None and not KID.fullmatch(kid):
        return f"Id kunci {kid!r} hanya boleh huruf kecil, angka dan tanda hubung, paling panjang 63 karakter."
    if kid and lifetime > timedelta(seconds=SIGNER_SECONDS):
        return f"Token yang ditandatangani {kid} berlaku paling lama {SIGNER_SECONDS} detik."
    if kid and via[:1] != (kid,):
        return f"Token yang ditandatangani {kid} harus menyebutnya di awal via."
    return None


def _not_a_place(role: Role, opd: str | None) -> str | None:
    """Why nobody can hold this role there; None when they can (SOP, column "pelaksana")."""
    if opd is not None and role not in ROLES_IN_AN_OPD:
        return f"Peran {role} adalah peran kabupaten dan tidak memakai OPD."
    if opd is None and role in ROLES_IN_AN_OPD:
        return f"Peran {role} memerlukan OPD."
    if opd is not None and not OPD_KODE.fullmatch(opd):
        return f"Kode OPD {opd!r} hanya boleh huruf kecil, angka dan tanda hubung, paling panjang 63 karakter."
    return None


def _are_plain(*texts: str) -> bool:
    """Texts that an event's actor can carry unchanged."""
    return all(0 < len(text) <= 200 and text.isprintable() and text == text.strip() for text in texts)
