"""What is told of a submission and what is not; and that who tells never waits, whatever becomes of the receiver."""

import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from events.contracts import LOG_TOPIC
from events.journal import Journal
from jejak import ports
from lane import otlp
from lane.otlp import Otlp
from lane.tracing import FRESH_NS, Span, Step, Traces, event_span
from tests.events.conftest import Place
from tests.events.given import on_kafka, revised, story, submitted, verified
from tests.receiver import receiving

NOW_MS = time.time_ns() // 1_000_000
STEP = Step("review", uuid.UUID("3f2b8f0e-3a55-5b1c-9d51-0d6a2f6c7f10"), 2)


@pytest.fixture
def told() -> list[Span]:
    return []


@pytest.fixture
def traces(told: list[Span]) -> Traces:
    return Traces(told.append)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    place = Place(f"sqlite:{tmp_path}/", "decision")
    yield place.journal()
    place.close()


def test_only_the_lane_that_acts_next_tells_of_its_copy(journal: Journal, traces: Traces, told: list[Span]) -> None:
    journal.on_written.append(lambda records, draft: traces.written("decision", records, draft))
    records = [record._replace(timestamp=NOW_MS) for record in on_kafka(*story(submitted, revised))]
    for record in records:
        journal.replicate([record])

    assert [(span.name, span.step.sequence, span.more["event_type"]) for span in told] == [("copy", 2, "DataRevised")]
    journal.replicate(records)
    assert len(told) == 1, "what comes again is told once"


def test_of_a_log_that_is_read_anew_nothing_old_is_told(journal: Journal, traces: Traces, told: list[Span]) -> None:
    journal.on_written.append(lambda records, draft: traces.written("decision", records, draft))
    journal.replicate([record._replace(timestamp=NOW_MS - FRESH_NS // 1_000_000 - 1) for record in on_kafka(*story(submitted, revised))])

    assert told == []


def test_no_clock_makes_a_span_of_years_or_one_that_ends_before_it_begins(journal: Journal, traces: Traces, told: list[Span]) -> None:
    journal.on_written.append(lambda records, draft: traces.written("review", records, draft))
    journal.append([recorded.event for recorded in story(submitted, revised, verified)])  # all of them long ago

    assert [span.name for span in told] == ["DataSubmitted", "DataRevised", "DataVerified"]
    assert all(0 <= span.ended - span.began <= FRESH_NS for span in told)
    assert [span.parent for span in told] == [None, told[0].id, told[1].id]


def test_work_that_fails_is_told_with_its_code_and_fails_all_the_same(traces: Traces, told: list[Span]) -> None:
    class Away(Exception):
        code = "unreachable"

    def work() -> None:
        with traces.work("portal", STEP, opd="dinkes") as part:
            part("look")
            part("upload")
            raise Away

    with pytest.raises(Away):
        work()

    whole, look, upload = told
    assert (whole.name, whole.error, whole.parent, whole.more) == ("portal", "unreachable", event_span(STEP), {"opd": "dinkes"})
    assert [(p.name, p.error, p.parent) for p in (look, upload)] == [("look", None, whole.id), ("upload", "unreachable", whole.id)]
    assert whole.began <= look.began <= look.ended == upload.began <= upload.ended == whole.ended


def test_what_cannot_be_told_fails_nothing_of_what_is_told_of(journal: Journal) -> None:
    def fails(_: Span) -> None:
        raise ValueError

    traces, told = Traces(fails), story(submitted)
    journal.on_written.append(lambda records, draft: traces.written("intake", records, draft))

    assert journal.append([told[0].event])[0].raw == told[0].raw
    assert traces.counts == {"failed": 1}


def test_without_a_receiver_nothing_is_counted(journal: Journal) -> None:
    traces = Traces()
    with traces.work("check", STEP) as part:
        part("x")
    traces.sent("review", [{"topic": LOG_TOPIC, "headers": []}], 0)

    assert traces.counts == {}


def spans(count: int) -> list[Span]:
    return [Span(STEP, "copy", 1, 2, number, None) for number in range(1, count + 1)]


def test_spans_arrive_with_the_ids_that_follow_from_the_submission() -> None:
    counts: Counter[str] = Counter()
    with receiving() as receiver:
        out = Otlp(receiver.address + "/", counts)
        for broken in (b"\xff\xfe", b"00-zz", b""):
            out.tell(Span(STEP, "DataRevised", 1, 2, event_span(STEP), 7, traceparent=broken))
        out.close()

    assert counts == {"sent": 3}
    for span in receiver.of(str(STEP.submission_id)):
        assert (span.service, span.id, span.parent, span.links) == ("jejak-review", f"{event_span(STEP):016x}", f"{7:016x}", [])
        assert span.attributes["jejak.submission_id"] == str(STEP.submission_id)


def test_what_finds_no_room_is_dropped_and_counted_at_once() -> None:
    counts: Counter[str] = Counter()
    with receiving(answers=False) as silent, patch.object(otlp, "QUEUE", 600), patch.object(otlp, "STOP_S", 0.2):
        out = Otlp(silent.address, counts)
        began = time.monotonic()
        for span in spans(5_000):
            out.tell(span)
        told_s = time.monotonic() - began
        out.close()
        closed_s = time.monotonic() - began - told_s

    assert counts == {"dropped": 4_400}
    assert (told_s < 5, closed_s < 2) == (True, True)


def test_a_receiver_that_comes_back_gets_what_is_told_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
    counts: Counter[str] = Counter()
    port = ports.free()
    out = Otlp(f"http://127.0.0.1:{port}", counts)
    out.tell(spans(1)[0])
    _until(counts, "lost")
    with receiving(port=port):
        out.tell(spans(1)[0])
        _until(counts, "sent")
        out.close()

    assert counts == {"lost": 1, "sent": 1}


def _until(counts: Counter[str], outcome: str) -> None:
    deadline = time.monotonic() + 20
    while not counts[outcome]:
        assert time.monotonic() < deadline, counts
        time.sleep(0.02)
