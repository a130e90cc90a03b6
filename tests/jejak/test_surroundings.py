"""What the doctor finds out about others: rights on a Kafka that asks for names, services that answer, their version and their clock."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path

import pytest

from bus.access import Access
from bus.kafka import Kafka
from bus.rights import RIGHTS
from jejak.doctor import LOOKS, Answer, examine
from lane.settings import Settings, read_settings
from tests.bus.guarded import guarded
from tests.jejak.running import Home, Up
from tests.jejak.test_backup import said


def settings_of(folder: Path, **given: str) -> Settings:
    here = {"JEJAK_KAFKA": "127.0.0.1:1", "JEJAK_STORE": f"sqlite:{folder}/", "JEJAK_KEYS": str(folder / "keys")}
    return read_settings(here | {f"JEJAK_{name}": value for name, value in given.items()})


def looked(settings: Settings, what: str, monkeypatch: pytest.MonkeyPatch) -> Answer:
    monkeypatch.setattr("jejak.doctor.LOOKS", {what: LOOKS[what]})
    (answer,) = examine(settings)
    return answer


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kafka, Kafka]]:
    with guarded(tmp_path_factory.mktemp("guarded")) as both:
        (folder := tmp_path_factory.mktemp("operator")).joinpath("kafka-intake").write_text("rahasia\n", "utf-8")
        (folder / "kafka-operator").write_text("rahasia\n", "utf-8")
        home = Home(folder, {"JEJAK_KAFKA": both[0].bootstrap})
        said(home, "access", str(folder))
        said(home, "opd", "add", "dinkes", "--name", "Dinas Kesehatan")
        yield both


@pytest.mark.parametrize("user", ["jejak-intake", "jejak-operator"])
def test_a_user_with_its_rights_has_them(doors: tuple[Kafka, Kafka], user: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = looked(as_user(doors, user, tmp_path), "rights", monkeypatch)

    assert (answer.good, answer.words) == (True, f"{user} has the rights of its row")


def test_a_right_that_is_missing_is_named(doors: tuple[Kafka, Kafka], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = [right for right in RIGHTS["jejak-review"] if right.operations != ("Write",)]
    Access(doors[0]).put_user("jejak-review", "rahasia", without)

    answer = looked(as_user(doors, "jejak-review", tmp_path), "rights", monkeypatch)

    assert not answer.good
    assert answer.words == "jejak-review lacks opendata.dead-letters.v1: Write, opendata.submissions.v1: Write"
    assert "jejak access" in answer.do


def test_a_kafka_without_names_and_a_user_without_a_row(
    doors: tuple[Kafka, Kafka], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "nobody" in looked(settings_of(tmp_path, KAFKA=doors[0].bootstrap), "rights", monkeypatch).words
    assert "no row" in looked(as_user(doors, "tamu", tmp_path), "rights", monkeypatch).words


def as_user(doors: tuple[Kafka, Kafka], user: str, folder: Path) -> Settings:
    asked = {"KAFKA": doors[1].bootstrap, "KAFKA_SECURITY": "SASL_PLAINTEXT", "KAFKA_USER": user, "KAFKA_PASSWORD": "rahasia"}
    return settings_of(folder, **asked)


def test_lanes_that_run_are_told_with_their_version(up: Up, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = looked(settings_of(tmp_path, DESK_LANES=up.url), "services", monkeypatch)

    assert answer.good, answer
    assert f"review {version('jejak')}" in answer.words


def test_a_lane_that_is_named_and_away_is_told_and_one_that_is_not_named_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = looked(settings_of(tmp_path, DESK_LANES="http://127.0.0.1:1"), "services", monkeypatch)
    assert (named.good, "review at http://127.0.0.1:1 does not answer" in named.words) == (False, True)
    assert looked(settings_of(tmp_path, PORT="1"), "services", monkeypatch).words == "none answers at http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("said", "date", "told"),
    [
        ({"ok": True, "version": "9.9.9"}, None, "review is 9.9.9, this program"),
        ({"ok": True, "version": version("jejak")}, "Thu, 01 Jan 2026 00:00:00 GMT", "the clock of review differs by"),
    ],
)
def test_another_version_and_another_clock_are_told(
    said: Mapping[str, object], date: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(said, date) as url:
        answer = looked(settings_of(tmp_path, DESK_LANES=url), "services", monkeypatch)

    assert (answer.good, told in answer.words) == (False, True), answer


@contextmanager
def answering(said: Mapping[str, object], date: str | None) -> Iterator[str]:
    """A server that answers every call in these words, as of its own date."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode())

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            serving.join()
