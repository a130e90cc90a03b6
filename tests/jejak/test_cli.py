"""The command line as an operator and an OPD's system use it: what it prints, and its exit codes (0 good, 1 is not, 2 wrong use)."""

import json
import socket
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.jejak.running import Done, Home, Up, write_form
from tests.services.desk import CONTENT, form


@pytest.fixture
def alone(tmp_path: Path) -> Home:
    """A directory of its own, with a Kafka that nobody runs."""
    return Home(tmp_path, {"JEJAK_KAFKA": "127.0.0.1:1"})


def says(done: Done[str], exit_code: int, *words: str) -> None:
    """It ended so, and said this in plain words."""
    assert done.returncode == exit_code, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in done.stderr + done.stdout


def test_wrong_settings_are_all_named_at_once(alone: Home) -> None:
    for command in (["up"], ["lane", "review"], ["doctor"], ["migrate"]):
        done = alone.jejak(*command, JEJAK_PORT="x", JEJAK_STORE="mysql://x", JEJAK_STROE="1")
        says(done, 2, "JEJAK_PORT: ", "JEJAK_STORE: must be", "JEJAK_STROE: there is no such setting")


@pytest.mark.parametrize("command", [["nonsense"], ["lane", "nonsense"], ["lane"], ["opd", "add", "Kode!", "--name", "x"], ["submit"]])
def test_wrong_use_is_two(alone: Home, command: list[str]) -> None:
    says(alone.jejak(*command), 2)


@pytest.mark.parametrize("command", ["diff", "repair"])
@pytest.mark.parametrize("name", ["..", "../..", "data/../..", "", "Data", "data "])
def test_a_dataset_is_named_and_no_path_is_given(alone: Home, command: str, name: str) -> None:
    """What is named, and the log does not know, is taken away."""
    kept = alone.directory / "var/portal/index.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("portal")
    says(alone.jejak("portal", command, name), 2, "dataset_id")
    assert kept.exists()


def test_help_names_every_command(alone: Home) -> None:
    says(alone.jejak("--help"), 0, "up", "lane", "submit", "audit", "check", "broker", "migrate", "doctor", "opd", "token")


def test_a_form_is_checked_without_any_network(alone: Home) -> None:
    sent = form()
    del sent["files"][0]["content"], sent["files"][0]["sha256"], sent["files"][0]["bytes"]
    (alone.directory / "daftar-kecamatan.csv").write_bytes(CONTENT)
    good = write_form(alone.directory, sent)
    bad = write_form(alone.directory, form() | {"dataset": {"title": ""}, "occurred_at": "kemarin"})

    says(alone.jejak("check", str(good)), 3, "dapat diserahkan", "lengkap")
    says(alone.jejak("check", str(good), str(bad)), 1, "belum dapat diserahkan", "occurred_at", "dataset.title", "dataset.summary")
    told = [json.loads(line) for line in alone.jejak("check", str(good), str(bad), "--json").stdout.splitlines()]
    assert [bool(each["reasons"]) for each in told] == [False, True]
    assert {reason["field"] for reason in told[1]["reasons"]} >= {"occurred_at", "dataset.title", "dataset.summary"}


@pytest.mark.parametrize(("content", "words"), [(None, "No such file"), (b"{", "is not JSON"), (b"[]", "one JSON object"), (b"{}", "opd")])
def test_a_file_that_is_no_form_is_told_in_a_sentence(alone: Home, content: bytes | None, words: str) -> None:
    path = alone.directory / "form.json"
    if content is not None:
        path.write_bytes(content)

    says(alone.jejak("submit", str(path)), 1, words)


def test_data_files_are_checked_and_the_exit_code_tells_how_grave_it_is(alone: Home) -> None:
    for name, content, code, words in (
        ("bersih.csv", "kode,nama\nA1,Jatipuro\nA2,Jatiyoso\n", 0, "siap diserahkan"),
        ("nik.csv", "nama,nik\nBudi Santoso,3313014101900001\n", 1, "personal_data_nik"),
        ("titik-koma.csv", "kode;nama\nA1;Jatipuro\n", 3, "csv_dialect"),
    ):
        (alone.directory / name).write_text(content, encoding="utf-8")
        says(alone.jejak("check", str(alone.directory / name)), code, words)
        told = json.loads(alone.jejak("check", str(alone.directory / name), "--json").stdout)
        assert set(told) == {"findings", "more", "scores"}
    says(alone.jejak("check", str(alone.directory / "tidak-ada.csv")), 2, "no such file")


def test_a_file_is_compared_with_the_version_before(alone: Home) -> None:
    (alone.directory / "lama.csv").write_text("kode,jumlah\nA1,4\nA2,5\n", encoding="utf-8")
    (alone.directory / "baru.csv").write_text("kode,jumlah,sumber\nA1,4,x\nA2,5,x\nA3,6,x\n", encoding="utf-8")

    says(alone.jejak("check", "baru.csv", "--previous", "lama.csv"), 0, "baris 2 → 3; 1 baru", "version_changes")
    (alone.directory / "rusak.xlsx").write_bytes(b"PK\x03\x04rusak")
    says(alone.jejak("check", "baru.csv", "--previous", "rusak.xlsx"), 0, "not_compared")
    says(alone.jejak("check", "baru.csv", "--previous", "tidak-ada.csv"), 2, "tidak ada berkas")


def test_without_a_file_it_says_how_it_is_used(alone: Home) -> None:
    says(alone.jejak("check"), 2, "Cara memakai", "jejak check penduduk.xlsx")


def test_metadata_is_proposed_from_a_file(alone: Home) -> None:
    path = alone.directory / "kecamatan-2025.csv"
    path.write_text("kode,tahun,jumlah\n33.13.01,2025,10\n33.13.02,2025,9\n", encoding="utf-8")

    proposed = json.loads(alone.jejak("check", str(path), "--propose").stdout)["dataset"]

    assert [(c["name"], c["type"]) for c in proposed["columns"]] == [("kode", "string"), ("tahun", "integer"), ("jumlah", "integer")]
    assert (proposed["period_start"], proposed["period_end"], proposed["regions"]) == ("2025-01-01", "2025-12-31", ["33.13"])


def test_submitting_prints_the_receipts(up: Up, opd: str) -> None:
    sent = form(opd=opd, dataset_id=f"data-{uuid.uuid4().hex[:8]}")
    good = write_form(up.home.directory, sent)
    bad = write_form(up.home.directory, form(opd=opd, information_class="dikecualikan"))

    first, again = (up.home.jejak("submit", str(good), "--json") for _ in range(2))
    refused = up.home.jejak("submit", str(good), str(bad))

    assert [json.loads(done.stdout)["outcome"] for done in (first, again)] == ["accepted", "duplicate"]
    assert (first.returncode, again.returncode) == (0, 0)
    says(refused, 1, "sudah pernah diterima", "ditolak", "dikecualikan")


def test_submitting_for_an_agency_that_nobody_knows_ends_with_a_sentence(up: Up, new_opd: str) -> None:
    path = write_form(up.home.directory, form(opd=new_opd))

    says(up.home.jejak("submit", str(path), "--wait-s", "5"), 1, new_opd)


def test_an_agency_is_added_with_its_topic_and_may_be_named_anew(home: Home, new_opd: str) -> None:
    says(home.jejak("opd", "add", new_opd, "--name", "Dinas Baru"), 0, f"opd.{new_opd}.data-submitted.v1")
    says(home.jejak("opd", "add", new_opd, "--name", "Dinas Lain", "--contact", "a@example.go.id"), 0, "Dinas Lain")


def test_an_agency_that_was_renamed_merged_or_closed_has_an_heir_and_takes_nothing_more(home: Home, new_opd: str) -> None:
    a, b, c, d = (f"{new_opd}-{letter}" for letter in "abcd")
    for kode in (a, c, d):
        says(home.jejak("opd", "add", kode, "--name", f"Dinas {kode}", "--contact", "a@example.go.id"), 0)

    says(home.jejak("opd", "rename", a, b, "--name", "Dinas B"), 0, f"opd.{b}.data-submitted.v1")
    says(home.jejak("opd", "merge", b, c), 0, c)
    says(home.jejak("opd", "close", d), 0, "nobody acts for it")
    says(home.jejak("opd", "close", d), 1, "was closed")
    says(home.jejak("opd", "merge", c, a), 1, a, c)
    says(home.jejak("opd", "close", c, "--to", c), 1, "itself")
    says(home.jejak("opd", "add", a, "--name", "Dinas A lagi"), 1, c)
    says(home.jejak("opd", "rename", c, d, "--name", "Dinas D"), 1, "known already")
    says(home.jejak("opd", "name", "daftar-desa", d), 1, d)
    says(home.jejak("opd", "name", "daftar-desa", c), 0, c)

    told = {kode["kode"]: kode for kode in map(json.loads, home.jejak("opd", "list", "--json").stdout.splitlines())}
    assert [(told[kode]["open"], told[kode]["heir"]) for kode in (a, b, c, d)] == [(False, c), (False, c), (True, c), (False, d)]
    assert told[b]["contacts"] == ["a@example.go.id"]

    says(home.jejak("opd", "merge", d, c), 0, c)
    [late] = [one for one in map(json.loads, home.jejak("opd", "list", "--json").stdout.splitlines()) if one["kode"] == d]
    assert (late["open"], late["heir"], late["closed_at"]) == (False, c, told[d]["closed_at"])
    says(home.jejak("opd", "merge", d, a), 1, c)


def test_tokens_are_listed_and_revoked_by_person(home: Home, new_opd: str) -> None:
    def listed() -> dict[str, str]:
        told = map(json.loads, home.jejak("token", "list", "--json").stdout.splitlines())
        return {f"{one['role']} {one['opd']}": one["state"] for one in told if one["person"] == new_opd}

    for place in (["ketua_ppid", "--opd", "dinkes"], ["tim_ppid", "--opd", "setda"]):
        says(home.jejak("token", "add", "--name", "Budi", "--id", new_opd, "--role", *place), 0)
    assert listed() == {"ketua_ppid dinkes": "good", "tim_ppid setda": "good"}

    says(home.jejak("token", "revoke", "--person", new_opd), 0, "revoked: ")
    assert listed() == {"ketua_ppid dinkes": "revoked", "tim_ppid setda": "revoked"}
    says(home.jejak("token", "revoke", "--person", new_opd), 1, new_opd)
    says(home.jejak("token", "add", "--name", "Budi", "--id", "budi@setda", "--role", "auditor"), 2)


def test_a_token_is_printed_and_nothing_else(alone: Home) -> None:
    done = alone.jejak("token", "add", "--unrecorded", "--name", "Budi", "--role", "ketua_ppid", "--opd", "dispermades", "--days", "3")

    assert (done.returncode, done.stdout.count("."), len(done.stdout.split())) == (0, 2, 1)
    keys = alone.directory / "var" / "keys"
    assert (keys / "private.pem").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--name", "Budi", "--role", "ketua_ppid"],
        ["--name", "Budi", "--role", "auditor", "--opd", "dispermades"],
        ["--name", "Budi", "--role", "bupati"],
        ["--name", "Budi", "--role", "auditor", "--days", "0"],
        ["--name", "???", "--role", "auditor"],
        ["--role", "auditor"],
    ],
)
def test_a_token_that_nobody_can_hold_is_wrong_use(alone: Home, arguments: list[str]) -> None:
    done = alone.jejak("token", "add", "--unrecorded", *arguments)

    says(done, 2)
    assert done.stdout == ""


def test_revoking_what_is_no_token_is_told(alone: Home) -> None:
    says(alone.jejak("token", "revoke", "a.b.c"), 1, "neither a token nor a token's id")


def test_the_doctor_finds_everything_well(up: Up) -> None:
    done = up.home.jejak("doctor", "--json")

    answers = {answer["what"]: answer["good"] for answer in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, answers.keys() >= {"Kafka", "store", "files", "portal", "keys", "disk"}, all(answers.values())) == (
        0,
        True,
        True,
    )


def test_the_doctor_names_what_is_wrong_and_why(alone: Home) -> None:
    (alone.directory / "blocked").touch()

    done = alone.jejak("doctor", JEJAK_FILES=f"file:{alone.directory / 'blocked'}")

    says(done, 1, "WRONG  Kafka: ", "WRONG  files: ", "WRONG  keys: ", "good   portal: ")


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_migrating_makes_the_stores_and_may_be_said_twice(home: Home, tmp_path: Path, postgres: Callable[[], str], store: str) -> None:
    address = f"sqlite:{tmp_path}/" if store == "sqlite" else postgres()

    for _ in range(2):
        says(home.jejak("migrate", JEJAK_STORE=address), 0, "store of archive: ready", "topics made: ")

    if store == "sqlite":
        with sqlite3.connect(tmp_path / "review.sqlite") as database:
            assert database.execute("SELECT count(*) FROM stored_events").fetchone() == (0,)
        database.close()


def test_a_lane_whose_store_another_process_has_is_refused_in_a_sentence(up: Up) -> None:
    done = up.home.jejak("lane", "review", JEJAK_PORT="0")

    says(done, 1, "another process runs the lane review")


def test_a_taken_port_is_refused_in_a_sentence(home: Home, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = home.jejak("lane", "review", JEJAK_PORT=str(port), JEJAK_STORE=f"sqlite:{tmp_path}/")

    says(done, 1, f"127.0.0.1:{port} cannot be listened on", "JEJAK_PORT")


def test_without_kafka_commands_that_need_it_say_so(alone: Home) -> None:
    says(alone.jejak("opd", "add", "dinkes", "--name", "x"), 1, "JEJAK_KAFKA")
    says(alone.jejak("submit", str(write_form(alone.directory, form()))), 1, "JEJAK_KAFKA")
