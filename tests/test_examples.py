"""The examples and the pages that show calls, tried on the real thing: one process with all lanes, a real Kafka, no mocks."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import orjson
import pytest
from faststream.kafka import TestKafkaBroker

from jejak import forms, ports

READY_S = 60.0
SEEN_S = 30.0
TICK_S = 0.05


@dataclass(frozen=True)
class Running:
    """Jejak in a process of its own, and an OPD of our own on a Kafka that others use too."""

    directory: Path
    url: str
    kafka: str
    opd: str
    environment: Mapping[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.directory, env={**self.environment, **environment}, capture_output=True, text=True, timeout=120, check=False
        )

    def jejak(self, *arguments: str) -> str:
        done = self.run(str(Path(sysconfig.get_path("scripts")) / "jejak"), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def token(self, role: str) -> str:
        of_opd = ["--opd", self.opd] if role in {"tim_ppid", "ketua_ppid"} else []
        if role not in self.tokens:
            self.tokens[role] = self.jejak("token", "add", "--name", role, "--role", role, *of_opd).strip()
        return self.tokens[role]


@pytest.fixture(scope="module")
def running(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory, port = tmp_path_factory.mktemp("examples"), ports.free()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JEJAK_")}
    environment |= {"JEJAK_KAFKA": kafka, "JEJAK_PORT": str(port)}
    here = Running(directory, f"http://127.0.0.1:{port}", kafka, f"contoh-{uuid.uuid4().hex[:8]}", environment)
    here.jejak("opd", "add", here.opd, "--name", "Dinas Contoh")
    with (directory / "up.log").open("wb") as log:
        command = [str(Path(sysconfig.get_path("scripts")) / "jejak"), "up"]
        process = subprocess.Popen(command, cwd=directory, env=environment, stdout=log, stderr=log)
    try:
        _until(lambda: _status(f"{here.url}/readyz") == 200, READY_S, "ready")
        yield here
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def form(running: Running, repository: Path, tmp_path: Path) -> Path:
    """The example's form and its file, for our OPD."""
    shutil.copy(repository / "examples" / "daftar-kecamatan.csv", tmp_path)
    text = (repository / "examples" / "daftar-kecamatan.json").read_text("utf-8").replace("setda", running.opd)
    path = tmp_path / "daftar-kecamatan.json"
    path.write_text(text.replace("contoh-daftar-kecamatan", f"data-{uuid.uuid4().hex[:8]}"), "utf-8")
    return path


@pytest.fixture
def client(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The client over Kafka, as a module."""
    monkeypatch.syspath_prepend(repository / "examples")
    return importlib.import_module("opd_client")


@pytest.fixture
def over_kafka(running: Running, repository: Path) -> Callable[[Path], "subprocess.CompletedProcess[str]"]:
    client = str(repository / "examples" / "opd_client.py")
    return lambda form: running.run(sys.executable, client, str(form), "--kafka", running.kafka)


@pytest.fixture
def over_http(running: Running, repository: Path) -> Callable[[Path], "subprocess.CompletedProcess[str]"]:
    client, token = str(repository / "examples" / "opd_client_http.py"), running.token("tim_ppid")
    return lambda form: running.run(sys.executable, client, str(form), "--jejak", running.url, JEJAK_TOKEN=token)


@pytest.mark.parametrize("way", ["over_kafka", "over_http"])
def test_an_opd_submits_and_gets_a_receipt(way: str, form: Path, request: pytest.FixtureRequest) -> None:
    sent = request.getfixturevalue(way)(form)
    receipt = json.loads(sent.stdout)
    assert (sent.returncode, receipt["outcome"]) == (0, "accepted")
    assert str(uuid.UUID(receipt["submission_id"])) == receipt["submission_id"]
    assert not form.with_suffix(".record").exists()


@pytest.mark.parametrize("way", ["over_kafka", "over_http"])
def test_a_client_that_crashed_before_the_receipt_sends_the_same_again(way: str, form: Path, request: pytest.FixtureRequest) -> None:
    send = request.getfixturevalue(way)
    record = _finished(form)
    form.with_suffix(".record").write_bytes(record)
    first = json.loads(send(form).stdout)
    form.with_suffix(".record").write_bytes(record)
    again = send(form)
    assert (again.returncode, json.loads(again.stdout)["outcome"]) == (0, "duplicate")
    assert json.loads(again.stdout)["submission_id"] == first["submission_id"]


@pytest.mark.parametrize("way", ["over_kafka", "over_http"])
def test_a_refused_form_says_every_reason(way: str, form: Path, request: pytest.FixtureRequest) -> None:
    said = json.loads(form.read_text("utf-8"))
    said["dataset"] |= {"title": "", "frequency": "yearly", "retension": {}}
    form.write_text(json.dumps(said), "utf-8")
    sent = request.getfixturevalue(way)(form)
    reasons = {(reason["code"], reason["field"]) for reason in json.loads(sent.stdout)["reasons"]}
    assert sent.returncode == 1
    wrong = {("required", "dataset.title"), ("not_allowed", "dataset.frequency"), ("unknown_field", "dataset.retension")}
    assert reasons == wrong


def test_a_big_file_goes_over_http_only(
    form: Path,
    over_kafka: Callable[[Path], "subprocess.CompletedProcess[str]"],
    over_http: Callable[[Path], "subprocess.CompletedProcess[str]"],
) -> None:
    with (form.parent / "daftar-kecamatan.csv").open("ab") as file:
        file.write(b"33.13.99,Contoh,1,1\n" * 50_000)
    refused = over_kafka(form)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "opd_client_http.py" in refused.stderr
    assert json.loads(over_http(form).stdout)["outcome"] == "accepted"


def test_a_wrong_token_is_told_and_the_form_is_kept(running: Running, form: Path, repository: Path) -> None:
    client = str(repository / "examples" / "opd_client_http.py")
    sent = running.run(sys.executable, client, str(form), "--jejak", running.url, JEJAK_TOKEN="forged")
    assert sent.returncode == 1
    assert json.loads(sent.stdout)["errors"][0]["code"] == "token_invalid"
    assert form.with_suffix(".record").exists()


def test_the_form_can_be_checked_and_submitted_from_the_command_line(running: Running, form: Path) -> None:
    assert json.loads(running.jejak("check", "--json", str(form)))["reasons"] == []
    assert json.loads(running.jejak("submit", "--json", str(form)))["outcome"] == "accepted"


@pytest.mark.parametrize(("client", "needs"), [("opd_client.py", {"faststream", "aiokafka"}), ("opd_client_http.py", set())])
def test_a_client_needs_nothing_more_than_it_says(client: str, needs: set[str], repository: Path) -> None:
    tree = ast.parse((repository / "examples" / client).read_text("utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} - sys.stdlib_module_names == needs


def test_faststream_s_client_brings_what_else_the_client_over_kafka_imports() -> None:
    brought = importlib.metadata.requires("faststream") or []
    assert any(re.match(r"aiokafka\b.*extra == .kafka.", line) for line in brought)


async def test_the_client_over_kafka_keeps_the_receipt_of_its_own_event(client: ModuleType) -> None:
    broker = client.connection("nowhere:9092", None, None)
    _, answer = client.subscribe(broker, "mine")
    async with TestKafkaBroker(broker):
        await broker.publish({"event_id": "another's", "outcome": "refused"}, client.RECEIPTS)
        assert not answer.done()
        await broker.publish({"event_id": "mine", "outcome": "accepted"}, client.RECEIPTS)
        await broker.publish({"event_id": "mine", "outcome": "duplicate"}, client.RECEIPTS)
    assert answer.result()["outcome"] == "accepted"


def test_the_officials_page_can_be_followed(running: Running, form: Path, repository: Path) -> None:
    calls = _calls_of((repository / "docs" / "officials-by-program.md").read_text("utf-8"))
    steps = ["review/revise", "decision/verify", "decision/approve", "decision/reject", "review/withdraw", "publisher/retract"]
    assert list(calls) == [*steps, "publisher/reject"]
    ketua, atasan, admin = (running.token(role) for role in ("ketua_ppid", "atasan_ppid", "admin_opendata"))

    def say(step: str, token: str) -> dict[str, Any]:
        (lane, _, verb), body = step.partition("/"), calls[step]
        path = f"{running.url}/{lane}/api/submissions/{identity}"
        _until(lambda: _seen(path, token) >= body["expected_sequence"], SEEN_S, f"{lane} has seen event {body['expected_sequence']}")
        answer = httpx.post(f"{path}/{verb}", json=body, headers=_as(token), timeout=30)
        assert answer.status_code == 200, answer.text
        event: dict[str, Any] = answer.json()
        return event

    def closed(sequence: int) -> None:
        path = f"{running.url}/intake/api/submissions/{identity}"
        _until(lambda: _seen(path, ketua) >= sequence, SEEN_S, f"intake has seen event {sequence}")

    identity = json.loads(running.jejak("submit", "--json", str(form)))["submission_id"]
    assert say("review/withdraw", ketua)["type"] == "DataRetracted"
    closed(2)
    identity = json.loads(running.jejak("submit", "--json", str(form)))["submission_id"]
    said = [say("review/revise", ketua), say("decision/verify", atasan), say("decision/approve", atasan), say("publisher/retract", admin)]
    assert [event["type"] for event in said] == ["DataRevised", "DataVerified", "DataApproved", "DataRetracted"]
    closed(5)
    identity = json.loads(running.jejak("submit", "--json", str(form)))["submission_id"]
    assert [say("review/revise", ketua)["sequence"], say("decision/reject", atasan)["type"]] == [2, "DataRejected"]


def _calls_of(page: str) -> dict[str, dict[str, Any]]:
    """`lane/verb` → body of every command that a page shows with curl."""
    shown = re.findall(r"""--json '([^']*)'[\s\\]*"\$jejak/(\w+)/api/submissions/\$id/(\w+)\"""", page)
    return {f"{lane}/{verb}": json.loads(body) for body, lane, verb in shown}


def _finished(form: Path) -> bytes:
    """A record as both clients keep it."""
    said = json.loads(form.read_text("utf-8")) | {"event_id": str(uuid.uuid4()), "occurred_at": "2026-11-23T09:00:00+07:00"}
    return orjson.dumps(forms.completed(said, form.parent))


def _seen(path: str, token: str) -> int:
    answer = httpx.get(path, headers=_as(token), timeout=30)
    return int(answer.json()["sequence"]) if answer.status_code == 200 else 0


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0


def _until(is_so: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s in vain: {what}"
        time.sleep(TICK_S)
