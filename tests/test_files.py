"""Files kept by SHA-256: the same promises from a folder and from a real S3 server."""

import contextlib
import hashlib
import os
import re
import socket
import subprocess
import sys
import sysconfig
import textwrap
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.store import S3Store

from jejak.services.files import CHUNK, FileProblem, Files, FilesUnavailable, open_files

MIB = 1 << 20


@dataclass(frozen=True)
class Store:
    """A store, its URL, a way to damage it from outside, and where its spools lie."""

    files: Files
    url: str
    endpoint: str | None
    spools: Path
    overwrite: Callable[[str, bytes], None]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a SeaweedFS server that takes any credentials and makes buckets as they are written to."""
    folder = tmp_path_factory.mktemp("seaweed")
    ports = _free_ports(8)
    names = ("master", "volume", "filer", "s3")
    flags = [f"-{name}.port={port}" for name, port in zip(names, ports[:4], strict=True)]
    flags += [f"-{name}.port.grpc={port}" for name, port in zip(names, ports[4:], strict=True)]
    command = [str(Path(sysconfig.get_path("scripts")) / "weed"), "server", f"-dir={folder}", "-ip=127.0.0.1", *flags]
    command += ["-filer", "-s3", "-volume.max=20", "-master.volumeSizeLimitMB=64"]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        endpoint = f"http://127.0.0.1:{ports[3]}"
        try:
            _wait_for(endpoint)
            yield endpoint
        finally:
            server.kill()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(taken.getsockname()[1]) for taken in sockets]


def _wait_for(endpoint: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            open_files("s3://jejak/ready", s3_endpoint=endpoint).check()
        except FilesUnavailable:
            if time.monotonic() > deadline:
                raise
        else:
            return


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "folder":
        return _folder(tmp_path / "files")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, os.environ.get(name, "jejak-test"))
    return _bucket(request.getfixturevalue("s3"), tmp_path)


def _folder(root: Path) -> Store:
    def overwrite(sha256: str, content: bytes) -> None:
        path = root / sha256[:2] / sha256[2:4] / sha256
        path.chmod(0o600)
        path.write_bytes(content)

    return Store(open_files(f"file:{root}"), f"file:{root}", None, root / "spool", overwrite)


def _bucket(endpoint: str, spools: Path) -> Store:
    prefix = f"test/{uuid.uuid4().hex}"
    outside = S3Store(
        "jejak", prefix=prefix, config={"endpoint": endpoint}, client_options={"allow_http": endpoint[:5] == "http:"}
    )

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


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 9 * MIB])
def test_a_file_comes_back_as_it_was(store: Store, size: int) -> None:
    content = os.urandom(size)
    assert store.files.size(sha(content)) is None
    assert keep(store.files, content) == size
    assert store.files.size(sha(content)) == size
    chunks = list(store.files.read(sha(content)))
    assert b"".join(chunks) == content
    assert all(0 < len(chunk) <= CHUNK for chunk in chunks)
    assert spooled(store) == []


def test_bytes_that_do_not_hash_to_their_name_are_not_kept(store: Store) -> None:
    other = sha(b"other")
    with store.files.spool(limit=10) as spool:
        spool.write(b"content")
        with pytest.raises(FileProblem, match="wrong_hash"):
            spool.keep(other)
    assert store.files.size(other) is None
    assert store.files.size(sha(b"content")) is None
    assert spooled(store) == []


def test_a_file_that_is_too_large_is_stopped_at_the_limit(store: Store) -> None:
    with store.files.spool(limit=10) as spool:
        spool.write(b"0123456789")
        with pytest.raises(FileProblem) as problem:
            spool.write(b"a")
        assert problem.value.code == "too_large"
        assert "ukuran" in problem.value.message
        with pytest.raises(FileProblem, match="too_large"):
            spool.keep(sha(b"0123456789"))
    assert store.files.size(sha(b"0123456789")) is None
    assert spooled(store) == []


def test_an_upload_that_breaks_off_leaves_nothing(store: Store) -> None:
    with pytest.raises(ConnectionResetError), store.files.spool(limit=10) as spool:
        spool.write(b"half")
        raise ConnectionResetError
    assert spooled(store) == []


def test_the_same_file_twice_changes_nothing(store: Store) -> None:
    assert keep(store.files, b"content") == keep(store.files, b"content")
    assert b"".join(store.files.read(sha(b"content"))) == b"content"


def test_the_same_file_from_many_at_once(store: Store) -> None:
    content = os.urandom(2 * MIB)
    kept: list[int] = []
    threads = [threading.Thread(target=lambda: kept.append(keep(store.files, content))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept == [len(content)] * 8
    assert b"".join(store.files.read(sha(content))) == content
    assert spooled(store) == []


@pytest.mark.parametrize("size", [10, CHUNK, 3 * MIB])
@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "emptied"])
def test_a_changed_file_is_never_read_to_its_end(store: Store, size: int, damage: str) -> None:
    content = os.urandom(size)
    keep(store.files, content)
    changed = {
        "flipped": content[:-1] + bytes([content[-1] ^ 1]),
        "cut": content[:-1],
        "longer": content + b"x",
        "emptied": b"",
    }[damage]
    store.overwrite(sha(content), changed)
    got = b""
    with pytest.raises(FileProblem, match="corrupt"):
        for chunk in store.files.read(sha(content)):
            got += chunk
    assert len(got) < len(changed) or not changed


def test_sending_a_corrupt_file_again_cures_it(store: Store) -> None:
    keep(store.files, b"content")
    store.overwrite(sha(b"content"), b"changed")
    keep(store.files, b"content")
    assert b"".join(store.files.read(sha(b"content"))) == b"content"


def test_a_missing_file_is_told_before_anything_is_read(store: Store) -> None:
    with pytest.raises(FileProblem, match="missing"):
        store.files.read(sha(b"never sent"))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "/etc/passwd",
        sha(b"x").upper(),
        sha(b"x") + "\n",
        sha(b"x")[:-1],
        "..%2f" * 13,
        "é" * 64,
    ],
)
def test_only_a_sha_256_names_a_file(store: Store, name: str) -> None:
    assert store.files.size(name) is None
    with pytest.raises(FileProblem, match="missing"):
        store.files.read(name)
    with store.files.spool(limit=10) as spool:
        spool.write(b"x")
        with pytest.raises(FileProblem, match="wrong_hash"):
            spool.keep(name)


def test_a_store_that_works_passes_its_check(store: Store) -> None:
    store.files.check()
    store.files.check()
    assert spooled(store) == []


def test_only_leftovers_older_than_a_day_are_swept(store: Store) -> None:
    for name, age in (("jejak-spool-old", 25), ("jejak-spool-new", 23), ("another-old", 25)):
        (store.spools / name).write_bytes(b"half")
        os.utime(store.spools / name, (time.time() - age * 3600,) * 2)
    open_files(store.url, s3_endpoint=store.endpoint, spools=store.spools)
    assert sorted(path.name for path in store.spools.iterdir()) == ["another-old", "jejak-spool-new"]


def test_a_crash_leaves_only_a_spool(store: Store) -> None:
    run(
        store,
        """
        import os, signal
        spool = files.spool(limit=10)
        spool.write(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        exits=-9,
    )
    assert len(spooled(store)) == 1
    assert store.files.size(sha(b"half")) is None


def test_fifty_megabytes_pass_in_constant_memory(store: Store) -> None:
    printed = run(
        store,
        """
        import hashlib
        def peak(): return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
        chunk = bytes(64 * 1024)
        digest = hashlib.sha256()
        for _ in range(800): digest.update(chunk)
        sha = digest.hexdigest()
        files.size(sha)
        before = peak()
        with files.spool(limit=50 << 20) as spool:
            for _ in range(800): spool.write(chunk)
            spool.keep(sha)
        kept = peak() - before
        assert sum(map(len, files.read(sha))) == 50 << 20
        print(kept, peak() - before)
        """,
    )
    kept, read = (int(number) for number in printed.split())
    assert kept < 40_000, f"keeping took {kept} KiB"
    assert read < 45_000, f"reading took {read} KiB"


def test_a_full_disk_is_the_stores_fault_and_passes(tmp_path: Path) -> None:
    store = _folder(tmp_path / "files")
    printed = run(
        store,
        """
        import hashlib, resource
        from jejak.services.files import FilesUnavailable
        content = bytes(200_000)
        def attempt():
            with files.spool(limit=len(content)) as spool:
                spool.write(content)
                return spool.keep(hashlib.sha256(content).hexdigest())
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        for act in (attempt, files.check):
            try: act()
            except FilesUnavailable as error: print("unavailable:", error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        print(attempt())
        """,
    )
    assert printed.count("unavailable:") == 2
    assert printed.split()[-1] == "200000"
    assert spooled(store) == []


def test_an_unmounted_disk_is_not_a_missing_file(tmp_path: Path) -> None:
    store = _folder(tmp_path / "files")
    keep(store.files, b"content")
    (tmp_path / "files").rename(tmp_path / "elsewhere")
    for act in (
        lambda: store.files.size(sha(b"content")),
        lambda: store.files.read(sha(b"content")),
        lambda: store.files.spool(limit=1),
        store.files.check,
    ):
        with pytest.raises(FilesUnavailable):
            act()


def test_a_kept_file_is_read_only_under_its_hash(tmp_path: Path) -> None:
    keep(_folder(tmp_path).files, b"content")
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    name = sha(b"content")
    assert path == tmp_path / name[:2] / name[2:4] / name
    assert path.stat().st_mode & 0o777 == 0o440


def test_s3_that_does_not_answer_is_the_stores_fault(tmp_path: Path) -> None:
    files = open_files("s3://jejak/x", s3_endpoint="http://127.0.0.1:1", spools=tmp_path)
    for act in (lambda: files.size(sha(b"x")), lambda: files.read(sha(b"x")), lambda: keep(files, b"x"), files.check):
        with pytest.raises(FilesUnavailable) as failure:
            act()
        assert "\n" not in str(failure.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["", "var/files", "file:", "file://host/x", "s3:", "s3:///x", "gs://bucket/x", "http://x/y"]
)
def test_an_address_that_no_store_has(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(url))):
        open_files(url)


def test_an_endpoint_names_its_scheme() -> None:
    with pytest.raises(ValueError, match="https://"):
        open_files("s3://jejak/x", s3_endpoint="storage.example:9000")


def run(store: Store, script: str, *, exits: int = 0) -> str:
    """What a process of its own printed; `files` is the store."""
    opened = f"files = open_files({store.url!r}, s3_endpoint={store.endpoint!r}, spools=Path({str(store.spools)!r}))"
    head = f"from pathlib import Path\nfrom jejak.services.files import open_files\n{opened}\n"
    done = subprocess.run(
        [sys.executable, "-c", head + textwrap.dedent(script)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == exits, done.stderr
    return done.stdout
