"""What a lane finds in files: once for each file, in a process that may be killed, and never a personal value in what it keeps."""

import hashlib
import io
import os
import socket
import struct
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from events.metadata import Dataset, File
from lane.checking import Checking
from lane.file_stores import LocalFiles
from lane.files import FilesUnavailable
from lane.look import Look
from lane.malware import scan
from lane.versions import followed_by
from lane.workers import CORES
from tests.events.given import DATASET

TODAY = date(2026, 11, 23)
NIK = "3313014101900001"


@pytest.fixture
def checking(tmp_path: Path) -> Iterator[Checking]:
    made = Checking(LocalFiles(tmp_path / "files"))
    yield made
    made.stop()


def kept(checking: Checking, name: str, content: bytes) -> File:
    sha256 = hashlib.sha256(content).hexdigest()
    with checking.files.spool(limit=1 << 30) as spool:
        spool.write(content)
        spool.keep(sha256)
    return File(name=name, media_type="text/csv", bytes=len(content), sha256=sha256)


def codes(checking: Checking, *files: File, **changes: Any) -> list[tuple[str, str | None]]:
    dataset = Dataset.model_validate(DATASET | changes, strict=False)
    told = checking.findings(dataset, files, today=TODAY, read=lambda file: checking.files.read(file.sha256))
    return [(f.code, f.field) for f in told.findings if f.file]


def test_a_file_is_looked_at_and_the_place_in_the_submission_told(checking: Checking) -> None:
    good = kept(checking, "baik.csv", b"kode\n33.13.01\n33.13.02\n")
    bad = kept(checking, "nik.csv", f"kode,nik\n33.13.01,{NIK}\n".encode())

    assert ("personal_data_nik", "files.1") in codes(checking, good, bad)


def test_the_same_file_is_looked_at_once_also_by_another_process(checking: Checking) -> None:
    file = kept(checking, "baik.csv", b"kode;nama\n33.13.01;x\n")
    first = codes(checking, file)
    other = Checking(checking.files, seconds=0.000_001)  # too little time to look at anything

    assert first == codes(checking, file) == codes(other, file) != []
    other.stop()


def test_a_file_that_takes_too_long_costs_one_finding_and_the_next_one_is_looked_at(checking: Checking) -> None:
    checking.seconds = 0.000_001
    slow = kept(checking, "lama.csv", b"kode\n1\n")
    assert codes(checking, slow) == [("not_checked", "files.0")]

    checking.seconds = 60
    assert ("not_checked", "files.0") not in codes(checking, slow)


def test_a_file_that_takes_too_much_memory_costs_one_finding(checking: Checking) -> None:
    checking.memory_mb = 256
    hungry = kept(checking, "a.json", b"[" + b'{"a":[]},' * 3_000_000 + b"{}]")

    assert codes(checking, hungry) == [("not_checked", "files.0")]
    assert ("not_checked", "files.0") not in codes(checking, kept(checking, "b.csv", b"kode\n1\n"))


def test_a_bomb_is_told_and_not_unpacked(checking: Checking) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("isi.csv", bytes(200 << 20))

    assert ("zip_bomb", "files.0") in codes(checking, kept(checking, "arsip.zip", packed.getvalue()))


def test_a_file_that_is_gone_is_told(checking: Checking) -> None:
    assert codes(checking, File(name="x.csv", media_type="text/csv", bytes=3, sha256="0" * 64)) == [("file_lost", "files.0")]


def test_nothing_that_is_kept_holds_a_personal_value(checking: Checking, tmp_path: Path) -> None:
    rows = [f"{NIK[:12]}{n:04d},Budi Santoso {n},081234567{n:03d},budi{n}@gmail.com,12-05-1980" for n in range(1, 60)]
    content = "\n".join(["nik,nama_penerima,no_hp,email,tgl_lahir", *rows]).encode()
    file = kept(checking, "penerima.csv", content)
    codes(checking, file)

    beside = list((tmp_path / "files").rglob(f"{file.sha256}.*"))
    assert len(beside) == 1
    for path in beside:
        text = path.read_text("utf-8")
        assert not any(raw in text for row in rows for raw in row.split(","))


def clamd_that_says(answer: bytes) -> Iterator[str]:
    """A server that takes one stream as clamd does and answers so."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                received = b""
                while not received.endswith(b"\0\0\0\0"):
                    received += connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(("answer", "found"), [(b"stream: OK\n", None), (b"stream: Eicar-Test-Signature FOUND\n", "Eicar-Test-Signature")])
def test_malware_is_asked_of_clamd(tmp_path: Path, answer: bytes, found: str | None) -> None:
    (tmp_path / "f").write_bytes(b"isi")
    for clamd in clamd_that_says(answer):
        assert scan(str(tmp_path / "f"), clamd) == found


def test_without_an_answer_of_clamd_nothing_is_let_through(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"isi")
    with pytest.raises(FilesUnavailable):
        scan(str(tmp_path / "f"), "127.0.0.1:1")
    for clamd in clamd_that_says(b"stream: something ERROR\n"):
        with pytest.raises(FilesUnavailable):
            scan(str(tmp_path / "f"), clamd)


def test_two_versions_are_compared_once_and_what_was_told_is_kept(checking: Checking) -> None:
    old, new = kept(checking, "a.csv", b"kode,n\nA,1\nB,2\n"), kept(checking, "a.csv", b"kode,n\nA,1\nB,3\n")
    dataset = Dataset.model_validate(
        DATASET | {"columns": [{"name": "kode", "type": "string", "description": "-", "key": True}]}, strict=False
    )
    told = checking.changes(new, old, dataset, lambda file: checking.files.read(file.sha256))

    assert told["changes"][0]["rows"] == {"before": 2, "after": 2, "added": 0, "removed": 0, "changed": 1}
    other = Checking(checking.files, seconds=0.000_001)  # too little time to compare anything
    assert other.changes(new, old, dataset, lambda file: checking.files.read(file.sha256)) == told
    other.stop()


def test_versions_that_take_too_long_to_compare_cost_one_finding(checking: Checking) -> None:
    old, new = kept(checking, "a.csv", b"kode,n\nA,1\n"), kept(checking, "a.csv", b"kode,n\nA,2\n")
    checking.seconds = 0.000_001
    told = checking.changes(new, old, Dataset.model_validate(DATASET, strict=False), lambda file: checking.files.read(file.sha256))

    assert told["changes"] is None
    assert [f["code"] for f in told["findings"]] == ["not_compared"]


def test_a_file_follows_the_one_of_its_name_or_the_only_one_left() -> None:
    def named(*names: str) -> list[File]:
        return [File(name=name, media_type="text/csv", bytes=1, sha256=f"{n:064d}") for n, name in enumerate(names)]

    before = named("desa.csv", "kecamatan-2024.csv", "lain.csv")
    follows = followed_by(named("kecamatan-2025.csv", "desa.csv", "baru.csv"), before)

    assert {at: old.name for at, old in follows.items()} == {0: "kecamatan-2024.csv", 1: "desa.csv", 2: "lain.csv"}
    assert followed_by(named("x.csv", "y.csv"), before) == {}


def test_what_was_begun_ahead_is_not_looked_at_again_while_somebody_holds_it(checking: Checking) -> None:
    checking.seconds = 0.000_001
    dataset = Dataset.model_validate(DATASET, strict=False)
    hostile = [kept(checking, f"{n}.csv", b"kode\n%d\n" % n) for n in range(3)]
    begun = checking.begin([Look(file, dataset, lambda f: checking.files.read(f.sha256)) for file in hostile])
    assert [look.result()["findings"][0]["code"] for look in begun] == ["not_checked"] * 3

    checking.seconds = 60
    assert codes(checking, *hostile) == [("not_checked", "files.0"), ("not_checked", "files.1"), ("not_checked", "files.2")]
    del begun
    assert not [code for code, _ in codes(checking, *hostile) if code == "not_checked"]
    assert checking.begin([Look(hostile[0], dataset, lambda f: checking.files.read(f.sha256))]) == []


def test_a_store_that_failed_ahead_is_asked_again(checking: Checking) -> None:
    file = kept(checking, "a.csv", b"kode;nama\nA1;x\n")

    def failing(_: File) -> Iterator[bytes]:
        raise FilesUnavailable("disk")

    (begun,) = checking.begin([Look(file, Dataset.model_validate(DATASET, strict=False), failing)])
    assert isinstance(begun.exception(), FilesUnavailable)
    assert ("csv_dialect", "files.0") in codes(checking, file)


def test_a_store_that_fails_between_two_files_leaves_nobody_waiting_for_the_first(
    checking: Checking, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset.model_validate(DATASET, strict=False)
    looks = [Look(kept(checking, f"{n}.csv", b"kode\n%d\n" % n), dataset, lambda f: checking.files.read(f.sha256)) for n in range(2)]
    beside, somebody_waits_for = LocalFiles.beside, list[Any]()

    def failing(files: LocalFiles, sha256: str, name: str) -> bytes | None:
        if sha256 != looks[1].file.sha256:
            return beside(files, sha256, name)
        somebody_waits_for.extend(checking._begun.values())
        raise FilesUnavailable("disk")

    with monkeypatch.context() as away:
        away.setattr(LocalFiles, "beside", failing)
        with pytest.raises(FilesUnavailable):
            checking.begin(looks)

    assert [look for look in somebody_waits_for if not look.done()] == []
    assert len([look.result(30) for look in checking.begin(looks)]) == 2


def processes() -> int:
    """Workers that this process started and that live."""
    told = (path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat") if path.exists())
    return sum(int(parent) == os.getpid() and state != "Z" for state, parent, *_ in told)


def test_as_many_processes_stay_as_there_are_cores_however_many_files_came_at_once(checking: Checking) -> None:
    before = processes()
    files = [kept(checking, f"{n}.csv", b"kode\n%d\n" % n) for n in range(CORES + 4)]
    together = threading.Barrier(len(files))

    def look(file: File) -> list[tuple[str, str | None]]:
        together.wait(timeout=30)
        return codes(checking, file)

    with ThreadPoolExecutor(len(files)) as threads:
        told = list(threads.map(look, files))

    assert [found for found in told if ("not_checked", "files.0") in found] == []
    assert 1 <= processes() - before <= CORES


def test_a_comparison_is_begun_ahead_and_one_that_took_too_long_is_not_begun_again(checking: Checking) -> None:
    old, new, newer = (kept(checking, "a.csv", b"kode,n\nA,%d\n" % n) for n in range(3))
    dataset = Dataset.model_validate(DATASET, strict=False)

    def read(file: File) -> Iterator[bytes]:
        return checking.files.read(file.sha256)

    (begun,) = checking.begin([Look(new, dataset, read, before=old)])
    assert begun.result()["changes"][0]["rows"]["after"] == 1
    checking.seconds = 0.000_001
    assert checking.changes(new, old, dataset, read) == begun.result()
    assert checking.changes(newer, old, dataset, read)["changes"] is None

    checking.seconds = 60
    assert [f["code"] for f in checking.changes(newer, old, dataset, read)["findings"]] == ["not_compared"]
    assert checking.begin([Look(newer, dataset, read, before=old)]) == []


def test_a_file_that_is_longer_than_clamd_takes_is_not_checked_and_waits_for_nobody(checking: Checking) -> None:
    for checking.clamd in clamd_that_says(b"INSTREAM size limit exceeded. ERROR\n"):
        assert codes(checking, kept(checking, "besar.csv", b"kode\n1\n")) == [("not_checked", "files.0")]


def clamd_that_cuts_streams() -> Iterator[str]:
    """As clamd does with what is too long while it is still being sent; then it answers a ping."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            stream, _ = server.accept()
            stream.recv(1024)
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            stream.close()
            ping, _ = server.accept()
            with ping:
                ping.recv(1024)
                ping.sendall(b"PONG\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_so_is_one_whose_stream_clamd_cuts_while_it_is_being_sent(checking: Checking) -> None:
    for checking.clamd in clamd_that_cuts_streams():
        assert codes(checking, kept(checking, "besar.csv", b"kode\n" + b"1\n" * 500_000)) == [("not_checked", "files.0")]
