"""Anything may lie on Kafka. The parsers never raise, and what they take means the same to everyone who reads the bytes later."""

import copy
import json
import subprocess
import sys
import uuid
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import ConsumerRecord
from hypothesis import given as for_all
from hypothesis import strategies as st
from pydantic import ValidationError

from bus.consumer import record_of
from events.admission import read_safely
from events.contracts import EVENT, LOG_TOPIC, Content, Event
from events.inbound import Inbound
from lane.reasons import reasons_of
from tests.events.given import WHOLE_LIFE, story
from tests.events.test_contracts import SAMPLES, ways

EVENTS = [recorded.raw for recorded in story(*WHOLE_LIFE)]
FORM = next(path for path in SAMPLES if path.name == "Inbound.complete.json").read_bytes()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes().map(str) | st.uuids().map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
TEXTS_THAT_HURT = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\u202e",
        "\ud7ff",
        "9" * 400,
        "0001-01-01T00:00:00+07:00",
        "9999-12-31T23:59:59-07:00",
        "1700000000",
        "../..",
        "[" * 99,
    ]
)


def parsed(value: bytes) -> Event | None:
    """As the journal reads what the bus hands it."""
    message: ConsumerRecord[bytes, bytes] = ConsumerRecord(LOG_TOPIC, 0, 0, 0, 0, value, value, None, 0, 0, [])
    record = record_of(message, "c")
    assert (record.key, record.raw) == (value, value)
    return EVENT.validate_json(value) if read_safely(record.raw) else None


@st.composite
def mangled(draw: st.DrawFn, document: bytes) -> bytes:
    """The document with a few of its fields replaced, removed or added, as JSON."""
    whole = json.loads(document)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(list(ways(whole)) or [()]))
        if not way:
            break
        holder = whole
        for step in way[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                holder[way[-1]] = draw(JSON | TEXTS_THAT_HURT)
            case "remove":
                del holder[way[-1]]
            case _ if isinstance(holder, dict):
                holder[draw(st.text())] = draw(JSON)
    return json.dumps(whole, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


def means_the_same_to_all(event: Any, raw: bytes) -> None:
    """Views and checkers read the bytes with a faster parser: it must find what the contract found."""
    said = orjson.loads(raw)
    assert said["submission_id"] == str(event.submission_id)
    assert (said["sequence"], said["type"]) == (event.sequence, event.type)
    assert datetime.fromisoformat(said["occurred_at"]) == event.occurred_at
    if event.due:
        assert datetime.fromisoformat(said["due"]["at"]) == event.due.at
    if isinstance(event.data, Content):
        told, read = said["data"]["dataset"], event.data.dataset
        assert (told["period_start"], told["period_end"]) == (str(read.period_start), str(read.period_end))
    assert EVENT.validate_json(event.to_bytes()).submission_id == event.submission_id


@for_all(st.binary() | st.text().map(str.encode) | JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass")))
def test_no_bytes_make_the_parsers_raise(raw: bytes) -> None:
    assert parsed(raw) is None


@for_all(st.sampled_from(EVENTS).flatmap(mangled))
def test_a_mangled_event_is_either_unreadable_or_the_same_to_all_readers(raw: bytes) -> None:
    if (event := parsed(raw)) is not None:
        means_the_same_to_all(event, raw)


@for_all(st.sampled_from(EVENTS), st.data())
def test_an_event_with_broken_bytes_never_raises(raw: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(raw) - 1))
    broken = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 3)) :]
    if (event := parsed(broken)) is not None:
        means_the_same_to_all(event, broken)


def with_fields(**fields: Any) -> bytes:
    return orjson.dumps(json.loads(EVENTS[0]) | fields)


SUBMISSION = json.loads(EVENTS[0])["submission_id"]
ODD = {
    "no number": EVENTS[0][:-1] + b',"later":NaN}',
    "an endless number": EVENTS[0][:-1] + b',"later":1e999}',
    "a number of 400 digits": EVENTS[0][:-1] + b',"later":' + b"9" * 400 + b"}",
    "deep": EVENTS[0][:-1] + b',"later":' + b"[" * 150 + b"]" * 150 + b"}",
    "deeper": EVENTS[0][:-1] + b',"later":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half a letter": EVENTS[0][:-1] + b',"later":"\\ud800"}',
    "a field twice": EVENTS[0][:-1] + b',"sequence":1,"sequence":2}',
    "the type twice": b'{"type":"DataApproved",' + EVENTS[0][1:],
    "the submission's id in capitals": with_fields(submission_id=SUBMISSION.upper()),
    "the submission's id as a URN": with_fields(submission_id=f"urn:uuid:{SUBMISSION}"),
    "seconds since 1970": with_fields(occurred_at="1700000000"),
    "a time in small letters": with_fields(occurred_at="2026-11-23t09:00:00z"),
    "before all time": with_fields(occurred_at="0001-01-01T00:00:00+07:00"),
    "after all time": with_fields(occurred_at="9999-12-31T23:59:59-07:00"),
    "a byte order mark": b"\xef\xbb\xbf" + EVENTS[0],
    "a version of the future": with_fields(version=2),
    "a type of the future": with_fields(type="DataArchived"),
}


@pytest.mark.parametrize("raw", [pytest.param(raw, id=name) for name, raw in ODD.items()])
def test_odd_spellings_are_either_unreadable_or_the_same_to_all_readers(raw: bytes) -> None:
    if (event := parsed(raw)) is not None:
        means_the_same_to_all(event, raw)


def test_knowing_a_cluster_changes_nothing_in_the_client_and_the_program_says_at_its_start_what_it_changes(repository: Path) -> None:
    told = """
import sys
from aiokafka.consumer import fetcher
from jejak.cli import main
from bus.kafka import Kafka
before = fetcher.MemoryRecords
Kafka("nowhere:9092").options()
assert fetcher.MemoryRecords is before
sys.argv = ["jejak", "--help"]
try:
    main()
finally:
    assert fetcher.MemoryRecords is not before
"""
    done = subprocess.run([sys.executable, "-c", told], cwd=repository, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_an_empty_record_is_unreadable() -> None:
    assert parsed(b"") is None


@for_all(mangled(FORM))
def test_whatever_an_opd_sends_is_either_taken_or_refused_with_reasons_for_people(raw: bytes) -> None:
    try:
        inbound = Inbound.model_validate_json(raw)
    except ValidationError as error:
        reasons = reasons_of(error)
        assert reasons
        assert all(reason.code != "wrong_value" or reason.field for reason in reasons)
    else:
        assert len(inbound.digest()) == 64
        assert copy.deepcopy(inbound).digest() == inbound.digest()
        assert isinstance(inbound.dataset.period_start, date)
        assert isinstance(inbound.event_id, uuid.UUID)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-07:00", "1969-12-31T23:59:59Z"])
def test_a_time_outside_of_all_calendars_is_refused_with_its_field(moment: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Inbound.model_validate_json(json.dumps(json.loads(FORM) | {"occurred_at": moment}))

    assert [reason.field for reason in reasons_of(refused.value)] == ["occurred_at"]
