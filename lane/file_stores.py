"""The two stores of files, a folder and an S3 bucket, behind one promise (`files.py`): an address in, an open store out.

Both name a file `ab/cd/<sha256>`: no name that a person chose ever becomes a path.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import obstore
from obstore.store import S3Store

from lane.files import SPOOL_PREFIX, FileProblem, Files, Spool, checked, is_sha256, or_unavailable

if TYPE_CHECKING:
    from obstore.store import S3Config

PART: Final = 8 << 20  # of an S3 upload or download; S3 takes 10,000 parts, so files up to 78 GiB
OPD: Final = r"[a-z0-9][a-z0-9-]{0,62}"
LEFTOVER_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True)
class S3Keys:
    """Who we are on an S3 server."""

    id: str
    secret: str = field(repr=False)


class LocalFiles:
    """Files in a folder of this machine or a shared mount: `<root>/ab/cd/<sha256>`, read-only once written."""

    def __init__(self, root: Path) -> None:
        """Make the folder if need be and sweep what a crash left there. Raises FilesUnavailable."""
        self._root = root
        self._spools = root / "spool"
        with or_unavailable():
            self._spools.mkdir(parents=True, exist_ok=True)
            _sweep(self._spools)

    def spool(self, *, limit: int) -> Spool:
        return Spool(self._spools, limit=limit, place=self._put)

    def size(self, sha256: str) -> int | None:
        if not is_sha256(sha256):
            return None
        with or_unavailable():
            size = self._size_of(sha256)
            if size is None:  # an unmounted disk must not look like a file that was never there
                self._spools.stat()
            return size

    def brought(self, sha256: str, opd: str) -> None:
        mark = self._root / _key(_marked(sha256, opd))
        with or_unavailable():
            if mark.exists() and mark.stat().st_size:
                mark.unlink()  # no mark, see _beside
            mark.touch(mode=0o440)
            _fsync(mark.parent)

    def size_for(self, sha256: str, opd: str) -> int | None:
        size = self.size(sha256)  # first: it tells an unmounted disk
        mark = _marked(sha256, opd)
        with or_unavailable():
            return size if size is not None and self._size_of(mark) == 0 else None

    def read(self, sha256: str) -> Iterator[bytes]:
        if self.size(sha256) is None:
            raise FileProblem("missing")
        path = self._root / _key(sha256)
        return checked(sha256, lambda: path.open("rb"))

    def check(self) -> None:
        with or_unavailable(), tempfile.NamedTemporaryFile(dir=self._spools, prefix=SPOOL_PREFIX) as probe:
            probe.write(bytes(4096))
            probe.flush()
            os.fsync(probe.fileno())

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        target = self._root / _key(sha256)
        with or_unavailable():
            # The spool first: it fails where the disk is not mounted, and nothing is made there then.
            with tempfile.NamedTemporaryFile(dir=self._spools, prefix=SPOOL_PREFIX, delete=False) as spool:
                spool.write(content)
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(spool.name).replace(target.with_name(_beside(sha256, name)))

    def beside(self, sha256: str, name: str) -> bytes | None:
        target = self._root / _key(sha256)
        with or_unavailable():
            try:
                return target.with_name(_beside(sha256, name)).read_bytes() if is_sha256(sha256) else None
            except FileNotFoundError:
                return None

    def listed(self) -> Iterator[tuple[str, list[str]]]:
        with or_unavailable():
            for folder in sorted(self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]")):
                # What was found out about a file lies beside it too; a mark is empty, that is not.
                yield from _by_file(path.name for path in folder.iterdir() if "." not in path.name or not path.stat().st_size)

    def _size_of(self, name: str) -> int | None:
        try:
            return os.stat(f"{self._root}/{_key(name)}").st_size  # noqa: PTH116 (asked for every record)
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
        with or_unavailable():
            _sweep(spools)

    def spool(self, *, limit: int) -> Spool:
        return Spool(self._spools, limit=limit, place=self._put)

    def size(self, sha256: str) -> int | None:
        return self._size_of(_key(sha256)) if is_sha256(sha256) else None

    def brought(self, sha256: str, opd: str) -> None:
        with or_unavailable():
            obstore.put(self._store, f"owners/{_key(_marked(sha256, opd))}", b"")

    def size_for(self, sha256: str, opd: str) -> int | None:
        size = self.size(sha256)
        return size if size is not None and self._size_of(f"owners/{_key(_marked(sha256, opd))}") is not None else None

    def read(self, sha256: str) -> Iterator[bytes]:
        size = self.size(sha256)
        if size is None:
            raise FileProblem("missing")
        # One request per part, not one for the whole file: a slow reader holds no connection open.
        return checked(sha256, lambda: obstore.open_reader(self._store, _key(sha256), buffer_size=PART, size=size))

    def check(self) -> None:
        """Writes once per process, then looks. A missing bucket answers like a missing object: hence the marker."""
        marker = "writable"
        if not self._may_write or self._size_of(marker) is None:
            with or_unavailable():
                obstore.put(self._store, marker, b"jejak")
            self._may_write = True

    def keep_beside(self, sha256: str, name: str, content: bytes) -> None:
        with or_unavailable():
            obstore.put(self._store, _key(_beside(sha256, name)), content)

    def beside(self, sha256: str, name: str) -> bytes | None:
        with or_unavailable():
            try:
                return bytes(obstore.get(self._store, _key(_beside(sha256, name))).bytes()) if is_sha256(sha256) else None
            except FileNotFoundError:
                return None

    def listed(self) -> Iterator[tuple[str, list[str]]]:
        with or_unavailable():
            owners = dict(_by_file(self._names("owners/")))
            for name in self._names():
                if is_sha256(name):
                    yield name, owners.get(name, [])

    def _names(self, prefix: str | None = None) -> Iterator[str]:
        for page in obstore.list(self._store, prefix):
            yield from (str(found["path"]).rpartition("/")[2] for found in page if prefix or not str(found["path"]).startswith("owners/"))

    def _size_of(self, key: str) -> int | None:
        with or_unavailable():
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


def _marked(sha256: str, opd: str) -> str:
    """The name of the mark beside a file. Raises ValueError: neither ever comes from a person unchecked."""
    if not (is_sha256(sha256) and re.fullmatch(OPD, opd)):
        raise ValueError(f"no mark for {sha256!r} of {opd!r}")
    return f"{sha256}.{opd}"


def _beside(sha256: str, name: str) -> str:
    """The name of what was found about a file. No OPD's code has a full stop; earlier programs left this name without its ending."""
    return f"{sha256}.{name}.json"


def _by_file(names: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Names of files and of marks beside them → each file's hash with the OPDs that brought it. What else is kept beside is passed over."""
    found = dict[str, list[str]]()
    for name in sorted(names):
        sha256, _, beside = name.partition(".")
        if is_sha256(sha256):
            found.setdefault(sha256, []).extend([beside] if re.fullmatch(OPD, beside) else [])
    yield from found.items()


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
