"""An operator looks at what five running lanes set aside, sends it again or discards it, by the command and over HTTP."""

import asyncio
import json
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from bus.client import send
from events.dead_letters import listed as of_store
from events.stores import open_reader
from tests.crash.lanes import LANES
from tests.crash.stage import Stage, ready, stage_in
from tests.crash.test_losses import healthy, holds, jejak, on_kafka, put, red, until
from tests.events.given import revised, story, submitted, verified


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_in(tmp_path_factory.mktemp("stage"), postgres=True) as made:
        for name in LANES:
            made.add(name)
        ready(made.lanes)
        yield made


def dead_letters(stage: Stage, *words: str) -> "subprocess.CompletedProcess[str]":
    return jejak(stage, "dead-letters", *words)


def listed(stage: Stage, *words: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(dead_letters(stage, "list", "--json", *words).stdout)["items"]
    return items


def call(stage: Stage, method: str, path: str, body: object = None, *, who: str = "Admin") -> httpx.Response:
    [lane] = stage.of(path.split("/")[1])
    headers = {"Authorization": f"Bearer {stage.tokens[who]}"}
    return httpx.request(method, f"{lane.url}{path}", headers=headers, json=body, timeout=30)


@pytest.mark.parametrize("by", ["the command", "http"])
def test_an_edited_copy_of_what_an_opd_sent_is_taken(stage: Stage, by: str, tmp_path: Path) -> None:
    [plan] = on_kafka(1, 11 if by == "http" else 12)
    broken, good = plan.raw.replace(b'"event_id"', b'"event_id', 1), plan.raw.decode()
    asyncio.run(send(stage.kafka, [(plan.topic, b"k", broken)]))
    until(lambda: is_set_aside(stage), "it is set aside")
    [letter] = listed(stage)
    place, number = letter["place"], letter["number"]
    assert (letter["lane"], letter["code"]) == ("intake", "unreadable")
    assert dead_letters(stage, "list").returncode == 1

    if by == "http":
        shown = call(stage, "GET", f"/intake/api/dead-letters/{number}").json()
        assert (shown["text"].encode(), shown["key"]) == (broken, "k")
        assert call(stage, "POST", f"/intake/api/dead-letters/{number}/retry", {"text": good}, who="Auditor").status_code == 403
        said = call(stage, "POST", f"/intake/api/dead-letters/{number}/retry", {"text": good, "note": "tanda petik"})
        [sent] = said.json()["sent"]
        assert call(stage, "POST", f"/intake/api/dead-letters/{number}/retry", {"text": good}).status_code == 409
    else:
        (tmp_path / "edited.json").write_text(dead_letters(stage, "show", place, "--raw").stdout.replace('"event_id', '"event_id"', 1))
        given = ("--edited", str(tmp_path / "edited.json"), "--by", "admin", "--note", "tanda petik")
        [sent] = json.loads(dead_letters(stage, "retry", place, *given, "--json").stdout)["sent"]
        assert dead_letters(stage, "retry", place, *given).returncode == 1

    assert [(act["what"], act["by"], act["note"]) for act in sent["acts"]] == [("edited", "admin", "tanda petik")]
    until(lambda: all(holds(stage, lane, [plan]) for lane in LANES), "it is a submission everywhere")
    assert dead_letters(stage, "list").returncode == 0
    assert [act["what"] for act in listed(stage, "--all")[-1]["acts"]] == ["edited"]


def test_events_go_back_in_order_and_what_cannot_is_discarded(stage: Stage) -> None:
    told = story(submitted, revised, verified)
    key = str(told[0].event.submission_id).encode()
    places = [asyncio.run(put(stage, key, recorded.raw)) for recorded in told[1:]]
    until(lambda: all(red(stage, lane) == "alarm" for lane in LANES), "all have set them aside")
    asyncio.run(put(stage, key, told[0].raw))
    until(lambda: all(count(stage, lane, key) == 1 for lane in LANES), "the first is there")
    [first, second] = listed(stage, "--lane", "decision")
    assert [first["place"], second["place"]] == places

    early = call(stage, "POST", f"/decision/api/dead-letters/{second['number']}/retry", {})
    assert (early.status_code, early.json()["errors"][0]["code"]) == (409, "gap")
    assert dead_letters(stage, "retry", places[0], "--lane", "archive").returncode == 1, "the archive does not write"
    sent = json.loads(dead_letters(stage, "retry", places[0], "--lane", "decision", "--json").stdout)["sent"]
    assert [(each["place"], each["acts"][0]["what"]) for each in sent] == [(places[0], "as_it_was"), (places[1], "behind")]

    until(lambda: all(count(stage, lane, key) == 3 for lane in LANES), "all three are everywhere")
    until(lambda: healthy(stage), "the alarms have ended")
    assert dead_letters(stage, "list").returncode == 0

    forged = orjson.dumps(orjson.loads(told[1].raw) | {"occurred_at": "2025-01-01T00:00:00.000Z"})
    fork = asyncio.run(put(stage, key, forged))
    until(lambda: all(red(stage, lane) == "alarm" for lane in LANES), "a fork is an alarm")
    assert dead_letters(stage, "retry", fork).returncode == 1
    number = next(letter["number"] for letter in listed(stage, "--lane", "review") if letter["place"] == fork)
    assert call(stage, "POST", f"/review/api/dead-letters/{number}/discard", {"note": "uji coba"}).json()["acts"][0]["by"] == "admin"
    until(lambda: red(stage, "review") is None, "that lane's alarm has ended")
    assert red(stage, "decision") == "alarm"
    assert json.loads(dead_letters(stage, "discard", fork, "--json").stdout)["lanes"] == [lane for lane in LANES if lane != "review"]
    until(lambda: healthy(stage), "all are well")


def is_set_aside(stage: Stage) -> bool:
    with closing(open_reader(stage.store, "intake")) as store:
        return bool(of_store(store))


def count(stage: Stage, lane: str, key: bytes) -> int:
    """How many events of a submission the lane's journal holds."""
    with closing(open_reader(stage.store, lane)) as store:
        return len(store.select_streams([uuid.UUID(key.decode())]))
