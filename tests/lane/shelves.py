"""Stores of files to test: an open store, how to damage it from outside, and a process of its own that uses it."""

import hashlib
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import obstore
from obstore.store import S3Store

from lane.file_stores import open_files
from lane.files import Files


@dataclass(frozen=True)
class Store:
    """A store, its URL, a way to damage it from outside, and where its spools lie."""

    files: Files
    url: str
    endpoint: str | None
    spools: Path
    overwrite: Callable[[str, bytes], None]


def folder(root: Path) -> Store:
    def overwrite(sha256: str, content: bytes) -> None:
        path = root / sha256[:2] / sha256[2:4] / sha256
        path.chmod(0o600)
        path.write_bytes(content)

    return Store(open_files(f"file:{root}"), f"file:{root}", None, root / "spool", overwrite)


def bucket(endpoint: str, spools: Path) -> Store:
    prefix = f"test/{uuid.uuid4().hex}"
    outside = S3Store("jejak", prefix=prefix, config={"endpoint": endpoint}, client_options={"allow_http": endpoint[:5] == "http:"})

    def overwrite(sha256: str, content: bytes) -> None:
        obstore.put(outside, f"{sha256[:2]}/{sha256[2:4]}/{sha256}", content)

    url = f"s3://jejak/{prefix}"
    return Store(open_files(url, s3_endpoint=endpoint, spools=spools), url, endpoint, spools, overwrite)


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def keep(files: Files, content: bytes) -> int:
    with files.spool(limit=len(content)) as spool:
        for start in range(0, len(content), 100_000):
            spool.write(content[start : start + 100_000])
        return spool.keep(sha(content))


def spooled(store: Store) -> list[str]:
    return [path.name for path in store.spools.glob("jejak-spool-*")]


def run(store: Store, script: str, *, exits: int = 0) -> str:
    """What a process of its own printed; `files` is the store."""
    opened = f"files = open_files({store.url!r}, s3_endpoint={store.endpoint!r}, spools=Path({str(store.spools)!r}))"
    head = f"from pathlib import Path\nfrom lane.file_stores import open_files\n{opened}\n"
    done = subprocess.run([sys.executable, "-c", head + textwrap.dedent(script)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == exits, done.stderr
    return done.stdout
