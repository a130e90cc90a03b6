"""`jejak audit …` as an auditor types it, on real journals and a real Kafka."""

import hashlib
import uuid
from collections.abc import Sequence
from pathlib import Path

import bagit
import orjson
import pytest
from typer.testing import CliRunner, Result

from archive import cli, proof
from archive.context import AuditContext
from archive.scan import LogAt
from benchmarks.load import lives
from bus.kafka import Kafka
from lane.due import Calendar, due_at
from lane.file_stores import LocalFiles
from tests.archive.copies import id_of, journal, messages_of, rows_of, topic
from tests.archive.stories import FILE, returned_once

RETURNED = returned_once(4, 30, 50, 95, 160, 170, 175, 176)
WHO = str(RETURNED[0].event.submission_id)
OTHERS = list(lives(4, first=1))
ROWS = [(WHO, r.event.sequence, r.raw) for r in RETURNED] + rows_of(*OTHERS)
MESSAGES = [(WHO.encode(), r.raw) for r in RETURNED] + messages_of(*OTHERS)


class Auditor:
    """Types commands."""

    def __init__(self, directory: Path, bootstrap: str = "127.0.0.1:9") -> None:
        self.store = f"sqlite:{directory}"
        self.files = directory / "files"
        self.context = AuditContext(
            self.store, Kafka(bootstrap), lambda: LocalFiles(self.files),
            lambda at: due_at(at, minutes=60, calendar=Calendar.WALL), ("review", "archive"),
        )  # fmt: skip

    def types(self, *words: str) -> Result:
        return CliRunner().invoke(cli.app, list(words), obj=lambda: self.context)


@pytest.fixture
def auditor(tmp_path: Path) -> Auditor:
    found = Auditor(tmp_path)
    journal(found.store, ROWS)
    return found


def on_topic(log: LogAt, monkeypatch: pytest.MonkeyPatch) -> str:
    """Commands read a topic of this test's own."""
    monkeypatch.setattr(cli, "LogAt", lambda kafka: LogAt(kafka, log.topic))
    return log.kafka.bootstrap


def items(result: Result) -> Sequence[dict[str, object]]:
    found: Sequence[dict[str, object]] = orjson.loads(result.stdout)["items"]
    return found


def test_list_pages_and_filters(auditor: Auditor) -> None:
    first = orjson.loads(auditor.types("list", "--limit", "3", "--json").stdout)
    rest = orjson.loads(auditor.types("list", "--limit", "3", "--after", str(first["next"]), "--json").stdout)
    assert [item["submission_id"] for item in first["items"] + rest["items"]] == [WHO, *map(id_of, OTHERS)]
    assert rest["next"] is None
    assert [item["opd"] for item in items(auditor.types("list", "--opd", "dinkes", "--json"))] == ["dinkes"]
    assert items(auditor.types("list", "--state", "rejected", "--json")) == []
    assert auditor.types("list").stdout.splitlines()[0].startswith(f"{WHO}  published")


def test_show_tells_one_sentence_per_event(auditor: Auditor) -> None:
    told = auditor.types("show", WHO)
    lines = told.stdout.splitlines()
    assert told.exit_code == 0
    assert lines[4].startswith("4. [langkah 3: Dikembalikan] Senin, 23 November 2026 10.35 WIB: Atasan PPID Kabupaten mengembalikan")
    assert lines[-1] == "Selesai: tidak menunggu siapa pun."
    assert orjson.loads(auditor.types("show", WHO, "--json").stdout)["state"] == "published"


def test_replay_shows_the_submission_as_it_stood(auditor: Auditor) -> None:
    then = orjson.loads(auditor.types("replay", WHO, "--as-of", "2026-11-23T10:40", "--json").stdout)
    assert (then["state"], then["sequence"], then["holder"]) == ("rejected", 4, "review")
    assert then["dataset"]["dataset_id"] == "daftar-desa-kelurahan"
    assert orjson.loads(auditor.types("replay", WHO, "--as-of", "1", "--json").stdout)["state"] == "submitted"
    assert hashlib.sha256(FILE).hexdigest() in auditor.types("replay", WHO, "--as-of", "2").stdout


def test_wrong_use_is_exit_code_2_and_what_is_not_there_1(auditor: Auditor) -> None:
    assert auditor.types("replay", WHO, "--as-of", "kemarin").exit_code == 2
    assert auditor.types("show", "not-an-id").exit_code == 2
    assert auditor.types("verify", "--from", "paper").exit_code == 2
    for command in ("show", "export", "package"):
        assert auditor.types(command, str(uuid.uuid4())).exit_code == 1
    assert auditor.types("verify", str(uuid.uuid4()), "--from", "journal").exit_code == 1
    assert auditor.types("replay", WHO, "--as-of", "2020-01-01").exit_code == 1
    assert "intake" in auditor.types("show", WHO, "--lane", "intake").stderr


def test_a_kafka_that_does_not_answer_is_one_sentence(auditor: Auditor) -> None:
    answer = auditor.types("verify", "--from", "kafka")
    assert (answer.exit_code, answer.stderr.count("\n")) == (1, 1)
    assert "127.0.0.1:9" in answer.stderr


def test_verify_says_good_with_0_and_names_differences_with_1(tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "SETTLE_S", 0)
    auditor = Auditor(tmp_path, on_topic(topic(kafka, MESSAGES), monkeypatch))
    journal(auditor.store, ROWS)
    alone = auditor.types("verify")
    assert (alone.exit_code, "Jurnal review tidak ada di sini" in alone.stderr) == (1, True)
    good = auditor.types("verify", "--lane", "archive", "--json")
    assert (good.exit_code, orjson.loads(good.stdout)["ok"], orjson.loads(good.stdout)["events"]) == (0, True, 28)
    journal(auditor.store, ROWS[:-1], lane="review")
    bad = auditor.types("verify", "--json")
    named = [(d["submission_id"], d["sequence"], d["where"], d["what"]) for d in orjson.loads(bad.stdout)["differences"]]
    assert (bad.exit_code, named) == (1, [(id_of(OTHERS[-1]), 5, "journal review", "missing")])
    assert auditor.types("verify", "--lane", "archive").stdout.endswith("semua utuh.\n")
    assert auditor.types("verify", id_of(OTHERS[-1])).stdout.splitlines()[0].endswith("peristiwa 5, journal review: tidak ada di sini.")
    assert auditor.types("verify", WHO).exit_code == 0


def test_an_empty_journal_is_named_and_a_missing_one_too(auditor: Auditor) -> None:
    journal(auditor.store, [], lane="review")
    empty = auditor.types("verify", "--from", "journal", "--lane", "review")
    assert (empty.exit_code, empty.stdout.splitlines()[0].startswith("seluruh salinan, journal review: salinan ini kosong")) == (1, True)
    missing = auditor.types("verify", "--from", "journal", "--lane", "decision")
    assert (missing.exit_code, "decision" in missing.stderr) == (1, True)


def test_rebuild_export_and_republish_make_the_same_bytes(tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    auditor = Auditor(tmp_path / "first", on_topic(topic(kafka, MESSAGES), monkeypatch))
    journal(auditor.store, ROWS)
    again = f"sqlite:{tmp_path / 'again'}"
    assert orjson.loads(auditor.types("rebuild", "--store", again, "--json").stdout) == {"applied": 28}
    whole = auditor.types("export").stdout_bytes
    assert auditor.types("export", "--store", again).stdout_bytes == whole
    assert whole.count(b"\n") == 28
    assert auditor.types("rebuild", "--store", again).exit_code == 1
    on_topic(topic(kafka, []), monkeypatch)
    assert orjson.loads(auditor.types("republish", "--store", again, "--json").stdout) == {"sent": 28}
    assert auditor.types("verify", "--lane", "archive").exit_code == 0


def test_export_writes_one_submission_to_a_file(auditor: Auditor, tmp_path: Path) -> None:
    assert auditor.types("export", WHO, "--out", str(tmp_path / "one.ndjson")).exit_code == 0
    assert (tmp_path / "one.ndjson").read_bytes().splitlines() == [r.raw for r in RETURNED]


def test_package_is_a_bag_or_nothing(auditor: Auditor, tmp_path: Path) -> None:
    out = tmp_path / "bag.zip"
    assert auditor.types("package", WHO, "--out", str(out)).exit_code == 1
    assert not out.exists()
    with LocalFiles(auditor.files).spool(limit=1_000) as spool:
        spool.write(FILE)
        spool.keep(hashlib.sha256(FILE).hexdigest())
    assert auditor.types("package", WHO, "--out", str(out)).exit_code == 0
    import zipfile

    zipfile.ZipFile(out).extractall(tmp_path)
    assert bagit.Bag(str(tmp_path / WHO)).is_valid()
