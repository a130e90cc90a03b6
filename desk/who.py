"""The person behind a request: account, post and session together, and the token that speaks for them to the lanes."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from desk.accounts import Account, Post
from desk.clock import now
from desk.sessions import Session
from web.keys import DESK, load_private
from web.tokens import Role, issue

SECONDS: Final = 120
"""How long a token for one call to a lane is good; lanes take 300 at most."""
PRIVATE: Final = f"{DESK}.private.pem"


@dataclass(frozen=True)
class Who:
    """`posts`: every post that the person holds today, the one that is spoken for included."""

    account: Account
    post: Post
    posts: tuple[Post, ...]
    session: Session

    @property
    def role(self) -> Role:
        return self.post.role

    @property
    def opd(self) -> str | None:
        return self.post.opd


@dataclass(frozen=True)
class Signer:
    """Signs with the desk's own key, by which lanes know that a person came in through the desk."""

    key: Ed25519PrivateKey

    def token(self, who: Who) -> str:
        return issue(
            self.key,
            id=who.account.id,
            name=who.account.name,
            role=who.role,
            opd=who.opd,
            issued_at=now(),
            token_id=str(uuid.uuid4()),
            seconds=SECONDS,
            kid=DESK,
            via=(DESK, who.session.via),
            acting=who.post.letter,
        )


def open_signer(keys: Path) -> Signer:
    """Raises OSError, ValueError."""
    return Signer(load_private(keys / PRIVATE))
