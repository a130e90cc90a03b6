"""The keys that sign tokens: made once in a folder, read from it, and the folder of signers that lanes trust.

`private.pem`, `public.pem`: the operator's own, for tokens without a key id. `trusted/<kid>.json`: a signer that may speak for some
roles only, as `{"public_key": PEM, "roles": [...]}`; taking that file out locks out all that it signed, at once.
"""

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

import orjson
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field

PRIVATE: Final = "private.pem"
PUBLIC: Final = "public.pem"
TRUSTED: Final = "trusted"
DESK: Final = "desk"
"""The key id of the pages for people."""
KID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
log = structlog.get_logger("jejak.keys")


@dataclass(frozen=True)
class Signer:
    """A key and the roles that it may speak for; `roles` None: all of them."""

    public_key: Ed25519PublicKey
    roles: frozenset[str] | None = None

    def may_speak_for(self, role: str) -> bool:
        return self.roles is None or role in self.roles


@dataclass
class Signers:
    """Whose tokens are believed. `trusted`: the folder of signers with a key id; looked at for each token, read when a file changed."""

    own: Ed25519PublicKey
    trusted: Path | None = None
    _read: dict[str, tuple[tuple[int, int, int], Signer | None]] = field(default_factory=dict)

    def of(self, kid: str | None) -> Signer | None:
        """The signer with this key id, None: our own; None when there is no such signer, or its file cannot be read."""
        if kid is None:
            return Signer(self.own)
        if self.trusted is None or not KID.fullmatch(kid):
            return None
        path = self.trusted / f"{kid}.json"
        try:
            stat = path.stat()
        except OSError:
            self._read.pop(kid, None)
            return None
        mark = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        known = self._read.get(kid)
        if known is None or known[0] != mark:
            known = self._read[kid] = (mark, _signer(path))
        return known[1]


class _Told(BaseModel):
    """A signer's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_key: str
    roles: Annotated[frozenset[str], Field(min_length=1)]


def load_signers(directory: Path) -> Signers:
    """Our own public key and the folder of the others. Raises OSError, ValueError."""
    return Signers(load_public(directory / PUBLIC), directory / TRUSTED)


def load_signer(path: Path) -> Signer:
    """One file of the folder of trusted signers. Raises OSError, ValueError with a sentence."""
    try:
        told = _Told.model_validate_json(path.read_bytes())
        key = serialization.load_pem_public_key(told.public_key.encode())
    except ValueError as error:
        raise ValueError(f"{path} bukan berkas penanda tangan: public_key (PEM) dan roles.") from error
    return Signer(_ed25519(key, path), told.roles)


def make_keys(directory: Path) -> None:
    """Make `private.pem` (0600) and `public.pem` in `directory` (0700), once.

    Safe when several processes start at once: the first one's key stays, and all derive the public key from that one.
    Nothing is overwritten; a lane that was given the public key alone gets no private key. Raises OSError, ValueError.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (directory / PUBLIC).exists():
        return
    _write_once(directory / PRIVATE, _private_pem(Ed25519PrivateKey.generate()), mode=0o600)
    public = load_private(directory / PRIVATE).public_key()
    _write_once(directory / PUBLIC, _pem(public), mode=0o644)


def make_desk_key(directory: Path, roles: Collection[str]) -> Ed25519PrivateKey:
    """The desk's key: `desk.private.pem` (0600) and, for the lanes, `trusted/desk.json` with these roles; both made once, or neither.

    The lanes' file is made only together with the key: when an operator takes it out, the pages are locked out and stay so.
    Safe when several processes start at once, and after a crash between the two. Raises OSError, ValueError.
    """
    (directory / TRUSTED).mkdir(mode=0o700, parents=True, exist_ok=True)
    private = directory / f"{DESK}.{PRIVATE}"
    with _alone_in(directory):
        if not private.exists():
            key = Ed25519PrivateKey.generate()
            told = {"public_key": _pem(key.public_key()).decode(), "roles": sorted(roles)}
            (directory / TRUSTED / f"{DESK}.json").unlink(missing_ok=True)  # of a start that was cut off here: its key is lost
            _write_once(directory / TRUSTED / f"{DESK}.json", orjson.dumps(told, option=orjson.OPT_INDENT_2), mode=0o644)
            _write_once(private, _private_pem(key), mode=0o600)
        return load_private(private)


def load_private(path: Path) -> Ed25519PrivateKey:
    """The key that signs tokens. Raises OSError, ValueError when the file holds no Ed25519 private key."""
    match serialization.load_pem_private_key(path.read_bytes(), password=None):
        case Ed25519PrivateKey() as key:
            return key
        case _:
            raise ValueError(f"{path} bukan kunci privat Ed25519.")


def load_public(path: Path) -> Ed25519PublicKey:
    """The key that checks tokens. Raises OSError, ValueError when the file holds no Ed25519 public key."""
    return _ed25519(serialization.load_pem_public_key(path.read_bytes()), path)


def _ed25519(key: object, path: Path) -> Ed25519PublicKey:
    match key:
        case Ed25519PublicKey():
            return key
        case _:
            raise ValueError(f"{path} bukan kunci publik Ed25519.")


def _signer(path: Path) -> Signer | None:
    try:
        return load_signer(path)
    except (OSError, ValueError) as error:
        log.error("signer_unreadable", file=path.name, error=repr(error))
        return None


@contextlib.contextmanager
def _alone_in(directory: Path) -> Iterator[None]:
    """One process at a time."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _write_once(path: Path, content: bytes, *, mode: int) -> None:
    """Put a complete file there unless there is one; a link, unlike a rename, refuses to replace."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".key-") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)
