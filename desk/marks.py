"""For whom a form was drawn: a post in, a signed mark for a field of the form out, and the post again when the form comes back.

A person may have several posts, and an office PC several people: what was filled in as one of them is never done as another.
"""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class Marks:
    """`secret`: the same in every process that has the desk's key, so a form outlives a restart."""

    secret: bytes

    def of(self, post: int) -> str:
        return f"{post}.{self._sign(post)}"

    def post_of(self, mark: str) -> int | None:
        """None for what this desk did not write."""
        number, _, sign = mark.partition(".")
        if not (number.isascii() and number.isdigit() and len(number) < 19 and sign.isascii()):
            return None
        return int(number) if hmac.compare_digest(sign, self._sign(int(number))) else None

    def _sign(self, post: int) -> str:
        return hmac.new(self.secret, b"%d" % post, hashlib.sha256).hexdigest()[:32]


def marks_of(key: Ed25519PrivateKey) -> Marks:
    return Marks(hashlib.sha256(b"jejak desk form mark" + key.private_bytes_raw()).digest())
