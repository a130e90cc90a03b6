"""Contracts that others build on: every sample of every version parses for ever, and documents say what the code takes."""

import copy
import hashlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from bus.relay import message_of
from events.admission import read_safely
from events.contracts import EVENT, LOG_TOPIC, cloud_event_headers
from events.ids import canonical_hash, event_id_of, manifest_of, submission_id_of
from events.inbound import Inbound, Receipt
from events.journal import Entry
from events.recorder import Row
from events.submission import STATE_AFTER
from jejak.asyncapi import FOLDER, documents, schemas
from tests.events.given import story, submitted
from tests.events.schema_diff import FOR_EVENTS, FOR_READERS_AND_EVENTS, breaks

HERE = Path(__file__).parent
SAMPLES = sorted((HERE / "samples" / "v1").glob("*.json"))
WIDENED = {
    "$<DataRejected>.lane: more values: [\"'decision'\"] became [\"'decision'\", \"'publisher'\"] (widened)",
    "$<DataRetracted>.lane: more values: [\"'publisher'\"] became [\"'publisher'\", \"'review'\"] (widened)",
    "$<DataRetracted>.data.url: may be left out now (widened)",
    "$<DataRetracted>.data.url: type string became None (both)",
    "$<DataRetracted>.data.portal: may be left out now (widened)",
    "$<DataRetracted>.data.portal: type string became None (both)",
}
"""What was widened since: every old event parses, a lane of an older program sets the new ones aside (decision 0017)."""
READERS: dict[str, TypeAdapter[Any]] = {"Inbound": TypeAdapter(Inbound), "Receipt": TypeAdapter(Receipt)}


INFO: str = "more values: [\"'error'\", \"'warning'\"] became [\"'error'\", \"'info'\", \"'warning'\"] (widened)"
WIDENED |= {f"$<{event}>.data.findings[].severity: {INFO}" for event in ("DataSubmitted", "DataRevised")}
"""What readers must be updated for before writers are, on purpose: docs/decisions/0020."""


def reader(sample: Path) -> TypeAdapter[Any]:
    return READERS.get(sample.name.split(".")[0], EVENT)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_of_a_released_version_parses_for_ever(sample: Path) -> None:
    read = reader(sample).validate_json(sample.read_bytes())

    assert set(ways(json.loads(sample.read_bytes()))) <= set(ways(read.model_dump(mode="json")))


@pytest.mark.parametrize("sample", [s for s in SAMPLES if "complete" in s.name], ids=lambda path: path.stem)
def test_a_complete_sample_has_every_field(sample: Path) -> None:
    read = reader(sample).validate_json(sample.read_bytes())

    assert [path for path, model in models(read) for name in type(model).model_fields if name not in model.model_fields_set] == []


@pytest.mark.parametrize("sample", [s for s in SAMPLES if "required" in s.name], ids=lambda path: path.stem)
def test_a_required_only_sample_can_spare_no_field(sample: Path) -> None:
    whole = json.loads(sample.read_bytes())

    for way in ways(whole):
        cut = copy.deepcopy(whole)
        holder = cut
        for step in way[:-1]:
            holder = holder[step]
        del holder[way[-1]]
        with pytest.raises(ValidationError):
            reader(sample).validate_json(json.dumps(cut))


def test_there_are_both_samples_of_every_event() -> None:
    kinds = {*STATE_AFTER, "Inbound", "Receipt"}

    assert {sample.name for sample in SAMPLES} == {f"{kind}.{extent}.json" for kind in kinds for extent in ("complete", "required")}


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_committed_documents_are_what_the_code_makes(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == documents()[name], "python -m jejak.asyncapi writes them"


@pytest.mark.parametrize(
    ("name", "effects"),
    [("log.v1.json", FOR_READERS_AND_EVENTS), ("receipt.v1.json", FOR_READERS_AND_EVENTS), ("inbound.v1.json", FOR_EVENTS)],
)
def test_no_released_contract_changes_so_that_an_old_reader_or_an_old_event_would_not_survive(name: str, effects: frozenset[str]) -> None:
    released = json.loads((HERE / "released" / name).read_bytes())

    assert set(breaks(released, schemas()[name], effects=effects)) - WIDENED == set(), "this needs version 2 with an upcast"


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = json.loads(documents()["asyncapi.json"])
    references = [ref for ref in references_in(document) if not ref.startswith("#/$defs/")]

    assert document["asyncapi"].startswith("3.")
    assert len(references) > 10
    for reference in references:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_an_event_travels_with_cloudevents_headers() -> None:
    (recorded,) = story(submitted, event_id=uuid.UUID(int=1))

    message = message_of(Entry(1, Row.OWN, recorded.event.submission_id, recorded.raw))

    assert (message["topic"], message["key"], message["value"]) == (LOG_TOPIC, str(recorded.event.submission_id).encode(), recorded.raw)
    assert dict(message["headers"]) == {
        "ce_specversion": b"1.0",
        "ce_id": str(recorded.event.event_id).encode(),
        "ce_type": b"jejak.DataSubmitted.v1",
        "ce_source": b"/jejak/intake",
        "ce_subject": str(recorded.event.submission_id).encode(),
        "ce_time": b"2026-11-23T02:01:00.000Z",
        "ce_sequence": b"1",
        "content-type": b"application/json",
    }


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ({"b": 1, "a": "x"}, '{"a":"x","b":1}'),
        ({"é": ["\u20ac", "\r\n\t"], "A": None}, '{"A":null,"é":["€","\\r\\n\\t"]}'),
        ([True, False, {}, [], ""], '[true,false,{},[],""]'),
        ('\x0f"\\/\x7f', '"\\u000f\\"\\\\/\x7f"'),
        ({"b": 2**70, "a": [2**53]}, '{"a":[9007199254740992],"b":1180591620717411303424}'),
    ],
)
def test_the_canonical_hash_is_that_of_rfc_8785(value: object, canonical: str) -> None:
    assert canonical_hash(value) == hashlib.sha256(canonical.encode()).hexdigest()


def test_names_derived_from_others_never_change() -> None:
    event_id = uuid.UUID("8c5b5f5e-1a63-4f0e-8f0c-0a1b2c3d4e5f")
    submission_id = submission_id_of("dispermades", event_id)

    assert str(submission_id) == "a0307bd3-26fb-5c4a-a5ad-979376a6e254"
    assert str(event_id_of(submission_id, 2)) == "69c2116a-96be-5e84-b3ae-3ec77169314d"
    assert manifest_of({"title": "Desa"}, [{"bytes": 1}]) == "d2f487a58a72ee9a1fbc53c483c741f7f9e04c2cff25eb8ddd8da5b7a6e096c2"


def test_the_digest_tells_content_from_spelling() -> None:
    form = json.loads((HERE / "samples" / "v1" / "Inbound.complete.json").read_bytes())
    digest = Inbound.model_validate_json(json.dumps(form)).digest()
    respelt = json.dumps(dict(reversed(form.items())), indent=3).replace("2026-11-23T09:00:00+07:00", "2026-11-23T02:00:00.000Z")
    content_sent_before = form | {"files": [{k: v for k, v in form["files"][0].items() if k != "content"}]}

    assert Inbound.model_validate_json(respelt).digest() == digest
    assert Inbound.model_validate_json(json.dumps(content_sent_before)).digest() == digest
    for changed in ({"submitted_by": "orang lain"}, {"dataset": form["dataset"] | {"title": "Lain"}}, {"files": form["files"] * 2}):
        assert Inbound.model_validate_json(json.dumps(form | changed)).digest() != digest


def models(value: object, path: str = "$") -> Iterator[tuple[str, BaseModel]]:
    if isinstance(value, BaseModel):
        yield path, value
        for name in type(value).model_fields:
            yield from models(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from models(item, f"{path}[{number}]")


def ways(value: object, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths to all fields of a JSON document."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*before, name)
            yield from ways(item, (*before, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from ways(item, (*before, number))


def references_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (v for k, v in value.items() if k == "$ref" and isinstance(v, str))
        for item in value.values():
            yield from references_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from references_in(item)


@pytest.mark.parametrize("name", ["version", "lane"])
def test_an_event_on_the_log_says_its_version_and_its_lane(name: str) -> None:
    said = orjson.loads(story(submitted)[0].raw)
    del said[name]
    raw = orjson.dumps(said)

    assert read_safely(raw) is None
    assert EVENT.validate_json(raw).sequence == 1  # what a journal holds from before is read for ever
    assert dict(cloud_event_headers(said))["ce_type"] == b"jejak.DataSubmitted.v1"
