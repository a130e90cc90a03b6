"""One submission is one trace, from the OPD's record to the portal, at a real receiver; one that is away costs a submission nothing."""

import base64
import hashlib
import json
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from jejak import ports
from tests.events.given import CHECKLIST
from tests.jejak.running import Home, Up
from tests.jejak.test_life import REASONS, RETENTION, step, submitted
from tests.receiver import Received, Receiver, receiving
from tests.services.desk import form

OPD = f"dinas-{uuid.uuid4().hex[:8]}"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TYPES = ["DataSubmitted", "DataRevised", "DataRejected", "DataRevised", "DataVerified", "DataApproved", "DataPublished"]
WROTE = ["intake", "review", "decision", "review", "decision", "decision", "publisher"]
TAKEN_BY = {1: "review", 2: "decision", 3: "review", 4: "decision", 6: "publisher"}
"""Of each event that goes to another lane: which lane acts next."""


@pytest.fixture
def traced(home: Home) -> Home:
    """Spans leave at once; the receiver is the test's."""
    assert home.jejak("opd", "add", OPD, "--name", "Dinas Terlacak").returncode == 0
    return Home(home.directory, {**home.settings, "OTEL_BSP_SCHEDULE_DELAY": "50"}, home.tokens)


def with_settings(home: Home, **settings: str) -> Home:
    return Home(home.directory, {**home.settings, **settings}, home.tokens)


async def submitted_with(up: Up, headers: list[tuple[str, bytes]]) -> str:
    """An OPD's record with headers of its own; returns the submission's id when review has it."""
    name = uuid.uuid4().hex[:8]
    content = f"kode,nama\n33.13.01,{name}\n".encode()  # a file that nobody looked at before
    file = {"name": "data.csv", "media_type": "text/csv", "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    sent = form(opd=OPD, dataset_id=f"data-{name}") | {"files": [file | {"content": base64.b64encode(content).decode()}]}
    producer = AIOKafkaProducer(bootstrap_servers=up.home.settings["JEJAK_KAFKA"])
    await producer.start()
    await producer.send_and_wait(f"opd.{OPD}.data-submitted.v1", json.dumps(sent).encode(), headers=headers)
    await producer.stop()
    found: list[str] = []

    def waits() -> bool:
        items = up.call("GET", "/review/api/inbox", token=up.home.token("auditor"), params={"opd": OPD}).json()["items"]
        found[:] = [item["submission_id"] for item in items if item["dataset_id"] == sent["dataset"]["dataset_id"]]
        return bool(found)

    up.until(waits, "review to see it")
    return found[0]


def walked(up: Up, submission_id: str) -> None:
    """The whole way to the portal, returned once."""
    ketua, atasan = up.home.token("ketua_ppid", OPD), up.home.token("atasan_ppid")
    step(up, "review", "revise", submission_id, ketua, note="Sudah dicek.")
    step(up, "decision", "reject", submission_id, atasan, reasons=REASONS)
    step(up, "review", "revise", submission_id, ketua, note="Retensi diisi.", dataset={"retention": RETENTION})
    step(up, "decision", "verify", submission_id, atasan, checklist=CHECKLIST, note="Lengkap.")
    step(up, "decision", "approve", submission_id, atasan, consideration="Data publik, layak diunggah.")
    for lane in ("intake", "review", "decision", "publisher"):
        up.until(lambda lane=lane: up.submission(lane, submission_id)["state"] == "published", f"{lane} to see it on the portal")  # type: ignore[misc]


def spans_named(spans: list[Received], *names: str) -> list[Received]:
    return [span for span in spans if span.name in names]


def sequence(span: Received) -> int:
    return int(span.attributes["jejak.sequence"])


async def test_a_submission_is_one_trace_of_all_lanes_and_belongs_together(traced: Home) -> None:
    with receiving() as receiver, with_settings(traced, JEJAK_TRACES=receiver.address).up() as up:
        submission_id = await submitted_with(up, [("traceparent", f"00-{TRACE}-{SPAN}-01".encode()), ("lain", b"\xff")])
        walked(up, submission_id)
        up.until(lambda: _is_whole(receiver, submission_id), "the trace to be whole")
        metrics = up.call("GET", "/metrics").text
        assert up.interrupt() == 130
    spans = receiver.of(submission_id)
    events = spans_named(spans, *TYPES)
    by_id = {span.id: span for span in spans}

    assert [(e.name, e.service) for e in events] == [(t, f"jejak-{lane}") for t, lane in zip(TYPES, WROTE, strict=True)]
    assert [by_id[e.parent].name if e.parent else None for e in events] == [None, *TYPES[:-1]], "each belongs to the one before"
    assert events[0].links == [f"{TRACE}-{SPAN}"]
    sends, copies = spans_named(spans, "send"), spans_named(spans, "copy")
    assert {sequence(s): by_id[s.parent].id for s in sends} == {sequence(e): e.id for e in events}
    assert {sequence(c): c.attributes["jejak.lane"] for c in copies} == TAKEN_BY
    assert all(by_id[c.parent] in sends and sequence(by_id[c.parent]) == sequence(c) for c in copies)
    [check] = [span for span in spans_named(spans, "check") if sequence(span) == 1]
    assert by_id[check.parent].name == "DataSubmitted"
    [portal] = spans_named(spans, "portal")
    assert by_id[portal.parent].name == "DataApproved"
    parts = Counter(span.name for span in spans if span.parent == portal.id)
    assert parts.keys() >= {"look", "upload", "read_back", "show"}
    assert [span for span in spans if span.ended < span.began or (span.parent and span.parent not in by_id)] == []
    assert receiver.paths == {"/v1/traces"}
    assert "jejak_spans_total{outcome=" in metrics
    _tells_nothing_else(spans, submission_id)


def _is_whole(receiver: Receiver, submission_id: str) -> bool:
    found = Counter(span.name for span in receiver.of(submission_id))
    return found["DataPublished"] == 1 and found["send"] == len(TYPES) and found["copy"] == len(TAKEN_BY) and found["portal"] == 1


def _tells_nothing_else(spans: list[Received], submission_id: str) -> None:
    """Nothing of persons, of names or of what the dataset holds."""
    allowed = {"lane", "submission_id", "sequence", "event_type", "opd", "sha256", "bytes"}
    told: dict[str, set[Any]] = {}
    for span in spans:
        for name, value in span.attributes.items():
            told.setdefault(name.removeprefix("jejak."), set()).add(value)
    assert told.keys() <= allowed
    assert (told["submission_id"], told["opd"], told["event_type"]) == ({submission_id}, {OPD}, set(TYPES))


@pytest.mark.parametrize("how", ["away", "silent"])
async def test_a_receiver_that_is_away_or_never_answers_costs_a_submission_nothing(traced: Home, how: str) -> None:
    with receiving(answers=False) as silent:
        address = silent.address if how == "silent" else f"http://127.0.0.1:{ports.free()}"
        with with_settings(traced, JEJAK_TRACES=address, OTEL_EXPORTER_OTLP_TIMEOUT="1").up() as up:
            submission_id = await submitted(up, OPD)
            walked(up, submission_id)
            up.until(lambda: 'jejak_spans_total{outcome="lost"}' in up.call("GET", "/metrics").text, "spans to be lost and counted")

            assert up.status("/healthz") == 200
            began = time.monotonic()
            assert up.interrupt() == 130
            assert time.monotonic() - began < 30
    assert "traces_not_taken" in (traced.directory / "var" / "jejak.log").read_text("utf-8")


def test_without_the_setting_nothing_of_opentelemetry_s_exporter_is_loaded(home: Home) -> None:
    with home.up() as up:
        loaded = Path(f"/proc/{up.process.pid}/maps").read_text("utf-8")

    assert "_pydantic_core" in loaded
    assert "_upb" not in loaded, "the library that makes OTLP's messages"
