"""People who come in through a provider of OpenID Connect: its claims in, an account with the roles that its groups stand for out.

The code flow with PKCE, state and nonce is Authlib's; what it must remember between the two halves lies in a signed cookie of ten minutes.
"""

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from authlib.deprecate import AuthlibDeprecationWarning
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desk.accounts import Account, AccountRefused, Accounts, Post
from desk.tables import ACCOUNTS, IDENTITIES
from desk.words import said
from web.tokens import Role, person_id

with warnings.catch_warnings():  # that it will speak through another HTTP client one day is nothing that our users can do anything about
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import OAuthError
    from authlib.integrations.starlette_client import OAuth

Claims = Mapping[str, Any]
ProviderRefused = OAuthError
"""The provider, or what came back from it, was not as it should be."""
NAME: Final = "penyedia"
NOT_NAMED: Final = said("Penyedia akun tidak menyebut nama pengguna Anda. Hubungi Admin Open Data.")
NAME_TAKEN: Final = said("Nama pengguna itu sudah dipakai akun lain di sini. Hubungi Admin Open Data.")
CLOSED: Final = said("Akun Anda ditutup. Hubungi Admin Open Data.")


@dataclass(frozen=True)
class Provider:
    """`groups`: what a group of `claim` stands for; `name`: the word on the button, and on the log how a person was known."""

    issuer: str
    client: str
    secret: str
    name: str
    claim: str
    groups: Mapping[str, tuple[Role, str | None]]


def groups_of(text: str) -> dict[str, tuple[Role, str | None]]:
    """`ppid-setda=ketua_ppid:setda,atasan=atasan_ppid`: group → role and OPD. Raises ValueError with a sentence."""
    told: dict[str, tuple[Role, str | None]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        group, _, post = part.partition("=")
        role, _, opd = post.partition(":")
        try:
            told[group.strip()] = (Role(role.strip()), opd.strip() or None)
        except ValueError:
            raise ValueError(f"{part!r} is not group=role or group=role:opd") from None
    return told


def client_of(provider: Provider) -> OAuth:
    oauth = OAuth()
    oauth.register(
        NAME,
        client_id=provider.client,
        client_secret=provider.secret,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile groups", "code_challenge_method": "S256", "timeout": 10.0},
    )
    return oauth


def cookie_secret(key: Ed25519PrivateKey) -> str:
    """The same in every process that has the desk's key."""
    return hashlib.sha256(b"jejak desk oidc cookie" + key.private_bytes_raw()).hexdigest()


def settle(accounts: Accounts, provider: Provider, claims: Claims, *, now_ms: int) -> Account:
    """The account of this person, made at the first login; its roles are those of the groups now, besides those held for others.

    Raises AccountRefused.
    """
    subject, wanted = str(claims["sub"]), _wanted_id(claims)
    with accounts.engine.begin() as c:
        here = (IDENTITIES.c.issuer == provider.issuer, IDENTITIES.c.subject == subject)
        person = c.execute(sa.select(IDENTITIES.c.account).where(*here)).scalar()
    if person is None:
        person = wanted
        name = str(claims.get("name") or wanted)
        _begin(accounts, provider, subject, person, name, now_ms)
    account = accounts.find(person)
    if account is None or account.closed:
        raise AccountRefused(CLOSED)
    _appoint(accounts, person, _posts(provider, claims), now_ms)
    return account


def _begin(accounts: Accounts, provider: Provider, subject: str, person: str, name: str, now_ms: int) -> None:
    row = {"id": person, "name": " ".join(name.split())[:200], "must_change": False, "language": "id", "created_ms": now_ms}
    identity = {"issuer": provider.issuer, "subject": subject, "account": person, "created_ms": now_ms}
    try:
        with accounts.engine.begin() as c:
            c.execute(sa.insert(ACCOUNTS).values(row))
            c.execute(sa.insert(IDENTITIES).values(identity))
    except sa.exc.IntegrityError:
        raise AccountRefused(NAME_TAKEN) from None


def _appoint(accounts: Accounts, person: str, wanted: set[tuple[Role, str | None]], now_ms: int) -> None:
    held = {
        (post.role, post.opd): post for account, posts in accounts.all() if account.id == person for post in posts if post.letter is None
    }
    for key, post in held.items():
        if key not in wanted:
            accounts.end(post.id, now_ms=now_ms)
    for role, opd in sorted(wanted - held.keys(), key=str):
        accounts.appoint(Post(0, person, role, opd), now_ms=now_ms)


def _posts(provider: Provider, claims: Claims) -> set[tuple[Role, str | None]]:
    told = claims.get(provider.claim) or ()
    groups = [told] if isinstance(told, str) else [str(group) for group in told]
    return {provider.groups[group] for group in groups if group in provider.groups}


def _wanted_id(claims: Claims) -> str:
    told = claims.get("preferred_username") or claims.get("nickname") or claims.get("sub")
    try:
        return person_id(str(told)) if told else _not_named()
    except ValueError:
        return _not_named()


def _not_named() -> str:
    raise AccountRefused(NOT_NAMED)
