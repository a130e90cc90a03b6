"""Files kept by SHA-256: the same promises from a folder and from a real S3 server."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from lane.file_stores import open_files
from lane.files import CHUNK, FileProblem
from tests.lane.shelves import Store, keep, sha, spooled

MIB = 1 << 20


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
    def upload() -> None:
        with store.files.spool(limit=10) as spool:
            spool.write(b"half")
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        upload()
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
    got: list[bytes] = []
    with pytest.raises(FileProblem, match="corrupt"):
        got.extend(store.files.read(sha(content)))
    assert len(b"".join(got)) < len(changed) or not changed


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


def test_what_is_kept_beside_a_file_is_found_again_and_can_be_made_anew(store: Store) -> None:
    sha256 = hashlib.sha256(b"isi").hexdigest()

    assert store.files.beside(sha256, "profile") is None
    for content in (b"{}", b"[]"):
        store.files.keep_beside(sha256, "profile", content)
        assert store.files.beside(sha256, "profile") == content
    assert store.files.size(sha256) is None


def test_what_is_kept_beside_a_file_gives_it_to_no_opd_whatever_its_code(store: Store) -> None:
    sha256 = sha(b"milik dinkes")
    keep(store.files, b"milik dinkes")
    store.files.keep_beside(sha256, "profile", b"{}")
    if store.url.startswith("file:"):  # as earlier programs left it
        (Path(store.url.removeprefix("file:")) / sha256[:2] / sha256[2:4] / f"{sha256}.profile").write_bytes(b"{}")

    assert store.files.size_for(sha256, "profile") is None
    assert dict(store.files.listed())[sha256] == []
    store.files.brought(sha256, "profile")
    assert store.files.size_for(sha256, "profile") == len(b"milik dinkes")
    assert store.files.beside(sha256, "profile") == b"{}"


def test_a_file_is_seen_by_those_opds_that_brought_it(store: Store) -> None:
    keep(store.files, b"rahasia")
    assert store.files.size_for(sha(b"rahasia"), "dinkes") is None

    for opd in ("dinkes", "dinkes", "setda"):
        store.files.brought(sha(b"rahasia"), opd)
    again = open_files(store.url, s3_endpoint=store.endpoint, spools=store.spools)

    assert [again.size_for(sha(b"rahasia"), opd) for opd in ("dinkes", "setda", "din")] == [7, 7, None]
    assert again.size_for(sha(b"tidak ada"), "dinkes") is None
    with pytest.raises(ValueError, match="no mark"):
        store.files.brought(sha(b"rahasia"), "../x")
