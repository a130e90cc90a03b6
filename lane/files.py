"""Files by SHA-256: bytes and their hash come in, a file that never changes is kept; every read is checked against it.

Two stores keep the same promises, a folder and an S3 bucket, and share this module because they share the spool and the
checked read. Both name a file `ab/cd/<sha256>`: no name that a person chose ever becomes a path. Everything here blocks;
asynchronous callers run it in a thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError as S3Error
from obstore.store import S3Store

if TYPE_CHECKING:
    from obstore.store import S3Config

Code = Literal["too_large", "wrong_hash", "missing", "corrupt"]

MESSAGES: Final[dict[Code, str]] = {
    "too_large": "Berkas melebihi ukuran terbesar yang diterima.",
    "wrong_hash": "Isi berkas tidak sesuai dengan SHA-256 yang disebutkan.",
    "missing": "Berkas tidak ada di penyimpanan.",
    "corrupt": "Isi berkas di penyimpanan telah berubah dan tidak lagi sesuai dengan SHA-256-nya.",
}
CHUNK: Final = 1 << 20
PART: Final = 8 << 20  # of an S3 upload or download; S3 takes 10,000 parts, so files up to 78 GiB
SPOOL_PREFIX: Final = "jejak-spool-"
LEFTOVER_AFTER: Final = timedelta(days=1)


class FileProblem(Exception):
    """The file itself is at fault and trying again will not help; `message` is for people."""

    def __init__(self, code: Code) -> None:
        super().__init__(f"{code}: {MESSAGES[code]}")
        self.code: Final = code
        self.message: Final = MESSAGES[code]


class FilesUnavailable(OSError):
    """The store is at fault (disk full, S3 down, no permission): wait and try again. `str()` is for operators."""

    message: Final = "Penyimpanan berkas sedang tidak dapat dipakai; coba lagi nanti."


class Files(Protocol):
    """Where files are kept; see the module's docstring."""

    def spool(self, *, limit: int) -> Spool:
        """A place to write one incoming file of at most `limit` bytes; use it in a `with`."""
        ...

    def size(self, sha256: str) -> int | None:
        """Bytes of the file; None when it is not there. Raises FilesUnavailable."""
        ...

    def brought(self, sha256: str, opd: str) -> None:
        """Write down, durably, that this OPD brought the file's bytes; several may. Raises FilesUnavailable."""
        ...

    def size_for(self, sha256: str, opd: str) -> int | None:
        """As `size`; None as well when this OPD did not bring the file: who only knows its hash learns nothing."""
        ...

    def read(self, sha256: str) -> Iterator[bytes]:
        """The file in chunks of 1 MiB. "missing" is raised by the call itself; "corrupt" instead of the last chunk.

        Who has read to the end has read the right bytes. Raises FileProblem, FilesUnavailable.
        """
        ...

    def check(self) -> None:
        """Can files be written now? For readiness and `jejak doctor`. Raises FilesUnavailable."""
        ...

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        """Keep what was found out about a file beside it, under a name; it can be made again at any time. Raises FilesUnavailable."""
        ...

    def beside(self, sha256: str, name: str) -> bytes | None:
        """What is kept beside a file under this name; None when nothing is. Raises FilesUnavailable."""
        ...


@dataclass(frozen=True)
class S3Keys:
    """Who we are on an S3 server."""

    id: str
    secret: str = field(repr=False)


class Spool:
    """One incoming file, on local disk until it is kept; leaving the `with` removes what was not kept."""

    def __init__(self, folder: Path, *, limit: int, place: Callable[[Path, str], None]) -> None:
        self._limit = limit
        self._place = place
        self._hash = hashlib.sha256()
        self._bytes = 0
        with _or_unavailable():
            # Closed and removed by __exit__; keeping it renames it, so it cannot be deleted by its own close.
            self._file = tempfile.NamedTemporaryFile(dir=folder, prefix=SPOOL_PREFIX, delete=False)  # noqa: SIM115
        self._path = Path(self._file.name)

    def write(self, chunk: bytes) -> None:
        """Add bytes. Raises FileProblem "too_large" before a byte past the limit is written; FilesUnavailable."""
        self._bytes += len(chunk)
        if self._bytes > self._limit:
            raise FileProblem("too_large")
        self._hash.update(chunk)
        with _or_unavailable():
            self._file.write(chunk)

    def keep(self, sha256: str) -> int:
        """Keep the file under its hash and return its bytes; it is durable when this returns.

        A file that is already there is written again in one atomic step: the same bytes, or the cure of a corrupt copy.
        Raises FileProblem "wrong_hash" ("too_large" when a write was refused before), FilesUnavailable.
        """
        if self._bytes > self._limit:
            raise FileProblem("too_large")
        if self._hash.hexdigest() != sha256:
            raise FileProblem("wrong_hash")
        with _or_unavailable():
            self._file.flush()
            self._place(self._path, sha256)
        return self._bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # Nothing here may hide the error on its way: a full disk fails again when the rest of the buffer is flushed.
        with contextlib.suppress(OSError):
            self._path.unlink()
        with contextlib.suppress(OSError):
            self._file.close()


class LocalFiles:
    """Files in a folder of this machine or a shared mount: `<root>/ab/cd/<sha256>`, read-only once written."""

    def __init__(self, root: Path) -> None:
        """Make the folder if need be and sweep what a crash left there. Raises FilesUnavailable."""
        self._root = root
        self._spools = root / "spool"
        with _or_unavailable():
            self._spools.mkdir(parents=True, exist_ok=True)
            _sweep(self._spools)

    def spool(self, *, limit: int) -> Spool:
        return Spool(self._spools, limit=limit, place=self._put)

    def size(self, sha256: str) -> int | None:
        if not _is_sha256(sha256):
            return None
        with _or_unavailable():
            try:
                return (self._root / _key(sha256)).stat().st_size
            except FileNotFoundError:
                # An unmounted disk must not look like a file that was never there.
                self._spools.stat()
                return None

    def brought(self, sha256: str, opd: str) -> None:
        mark = self._root / _key(_marked(sha256, opd))
        with _or_unavailable():
            mark.touch(mode=0o440)
            _fsync(mark.parent)

    def size_for(self, sha256: str, opd: str) -> int | None:
        size = self.size(sha256)  # first: it tells an unmounted disk
        with _or_unavailable():
            return size if size is not None and (self._root / _key(_marked(sha256, opd))).exists() else None

    def read(self, sha256: str) -> Iterator[bytes]:
        if self.size(sha256) is None:
            raise FileProblem("missing")
        path = self._root / _key(sha256)
        return _checked(sha256, lambda: path.open("rb"))

    def check(self) -> None:
        with _or_unavailable(), tempfile.NamedTemporaryFile(dir=self._spools, prefix=SPOOL_PREFIX) as probe:
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        target = self._root / _key(sha256)
        with _or_unavailable():
            # The spool first: it fails where the disk is not mounted, and nothing is made there then.
            with tempfile.NamedTemporaryFile(dir=self._spools, prefix=SPOOL_PREFIX, delete=False) as spool:
                spool.write(content)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(spool.name).replace(target.with_name(f"{sha256}.{name}"))

    def beside(self, sha256: str, name: str) -> bytes | None:
        target = self._root / _key(sha256)
        with _or_unavailable():
            try:
                return target.with_name(f"{sha256}.{name}").read_bytes() if _is_sha256(sha256) else None
            except FileNotFoundError:
                return None

    def _put(self, path: Path, sha256: str) -> None:
        target = self._root / _key(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.chmod(0o440)
        _fsync(path)
        path.replace(target)
        for folder in (target.parent, target.parent.parent, self._root):
            _fsync(folder)


class S3Files:
    """Files in a bucket: `<prefix>/ab/cd/<sha256>`, incoming ones on local disk first: S3 only ever sees whole files."""

    def __init__(self, store: S3Store, *, spools: Path) -> None:
        self._store = store
        self._spools = spools
        self._may_write = False
        with _or_unavailable():
            _sweep(spools)

    def spool(self, *, limit: int) -> Spool:
        return Spool(self._spools, limit=limit, place=self._put)

    def size(self, sha256: str) -> int | None:
        return self._size_of(_key(sha256)) if _is_sha256(sha256) else None

    def brought(self, sha256: str, opd: str) -> None:
        with _or_unavailable():
            obstore.put(self._store, f"owners/{_key(_marked(sha256, opd))}", b"")

    def size_for(self, sha256: str, opd: str) -> int | None:
        size = self.size(sha256)
        return size if size is not None and self._size_of(f"owners/{_key(_marked(sha256, opd))}") is not None else None

    def read(self, sha256: str) -> Iterator[bytes]:
        size = self.size(sha256)
        if size is None:
            raise FileProblem("missing")
        # One request per part, not one for the whole file: a slow reader holds no connection open.
        return _checked(sha256, lambda: obstore.open_reader(self._store, _key(sha256), buffer_size=PART, size=size))

    def check(self) -> None:
        """Writes once per process, then looks. A missing bucket answers like a missing object: hence the marker."""
        marker = "writable"
        if not self._may_write or self._size_of(marker) is None:
            with _or_unavailable():
                obstore.put(self._store, marker, b"jejak")
            self._may_write = True

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        with _or_unavailable():
            obstore.put(self._store, f"{_key(sha256)}.{name}", content)

    def beside(self, sha256: str, name: str) -> bytes | None:
        with _or_unavailable():
            try:
                return bytes(obstore.get(self._store, f"{_key(sha256)}.{name}").bytes()) if _is_sha256(sha256) else None
            except FileNotFoundError:
                return None

    def _size_of(self, key: str) -> int | None:
        with _or_unavailable():
            try:
                return obstore.head(self._store, key)["size"]
            except FileNotFoundError:
                return None

    def _put(self, path: Path, sha256: str) -> None:
        obstore.put(self._store, _key(sha256), path, chunk_size=PART, max_concurrency=2)


def open_files(
    url: str,
    *,
    s3_endpoint: str | None = None,
    s3_keys: S3Keys | None = None,
    timeout: timedelta = timedelta(seconds=30),
    spools: Path | None = None,
) -> Files:
    """The store behind `file:<folder>` or `s3://<bucket>/<prefix>`.

    S3 reads the region, and without `s3_keys` its credentials, from the usual AWS_* environment; `s3_endpoint` names a server that is not
    Amazon's.
    `timeout` bounds each S3 request, which is retried for up to twice that; `spools` is the local folder for files on
    their way to S3 (default: the system's for temporary files). Raises ValueError (the URL), FilesUnavailable.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and not parts.netloc and parts.path:
        return LocalFiles(Path(parts.path))
    if parts.scheme != "s3" or not parts.netloc:
        raise ValueError(f"Alamat penyimpanan berkas {url!r} harus berbentuk file:<folder> atau s3://<bucket>/<prefix>.")
    if s3_endpoint is not None and not s3_endpoint.startswith(("http://", "https://")):
        raise ValueError(f"Alamat S3 {s3_endpoint!r} harus diawali http:// atau https://.")
    config: S3Config = {} if s3_endpoint is None else {"endpoint": s3_endpoint}
    if s3_keys:
        config |= {"access_key_id": s3_keys.id, "secret_access_key": s3_keys.secret}
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=config,
        client_options={
            "timeout": timeout,
            "connect_timeout": min(timeout, timedelta(seconds=5)),
            "allow_http": s3_endpoint is not None and s3_endpoint.startswith("http://"),
        },
        retry_config={"max_retries": 4, "retry_timeout": 2 * timeout},
    )
    return S3Files(store, spools=spools or Path(tempfile.gettempdir()))


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes | obstore.Bytes: ...
    def close(self) -> None: ...


def _checked(sha256: str, open_reader: Callable[[], _Reader]) -> Iterator[bytes]:
    """The reader's chunks, each held back until the next one is there, the last one until the hash is known."""
    digest = hashlib.sha256()
    held = b""
    with _or_unavailable():
        reader = open_reader()
    with contextlib.closing(reader):
        while True:
            with _or_unavailable():
                chunk = bytes(reader.read(CHUNK))
            if not chunk:
                break
            digest.update(chunk)
            if held:
                yield held
            held = chunk
    if digest.hexdigest() != sha256:
        raise FileProblem("corrupt")
    if held:
        yield held


@contextlib.contextmanager
def _or_unavailable() -> Iterator[None]:
    try:
        yield
    except (OSError, S3Error) as error:
        # obstore appends pages of debug output below the first line.
        raise FilesUnavailable(str(error).partition("\n")[0]) from error


def _is_sha256(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{64}", text) is not None


def _marked(sha256: str, opd: str) -> str:
    """The name of the mark beside a file. Raises ValueError: neither ever comes from a person unchecked."""
    if not (_is_sha256(sha256) and re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", opd)):
        raise ValueError(f"no mark for {sha256!r} of {opd!r}")
    return f"{sha256}.{opd}"


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _sweep(folder: Path) -> None:
    """Remove the spools that crashed processes left; a spool still being written is never a day without a write."""
    oldest = time.time() - LEFTOVER_AFTER.total_seconds()
    for path in folder.glob(f"{SPOOL_PREFIX}*"):
        # Another process may sweep the same file, and a shared folder may hold another user's.
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if path.stat().st_mtime < oldest:
                path.unlink()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
