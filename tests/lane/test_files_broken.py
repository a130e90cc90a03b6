"""Files by SHA-256 when things break: crashes, full and absent disks, S3 that does not answer, addresses that no store has."""

import os
import re
import time
from pathlib import Path

import pytest

from lane.file_stores import open_files
from lane.files import FilesUnavailable
from tests.lane.shelves import Store, folder, keep, run, sha, spooled


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
    store = folder(tmp_path / "files")
    printed = run(
        store,
        """
        import hashlib, resource
        from lane.files import FilesUnavailable
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
    store = folder(tmp_path / "files")
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
    keep(folder(tmp_path).files, b"content")
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


@pytest.mark.parametrize("url", ["", "var/files", "file:", "file://host/x", "s3:", "s3:///x", "gs://bucket/x", "http://x/y"])
def test_an_address_that_no_store_has(url: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(url))):
        open_files(url)


def test_an_endpoint_names_its_scheme() -> None:
    with pytest.raises(ValueError, match="https://"):
        open_files("s3://jejak/x", s3_endpoint="storage.example:9000")
