"""Whatever is said in the inbound form or in a command, the answer is one of the answers that are promised, never a 500."""

import base64
import copy
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.events.given import CHECKLIST, Step, approved, published, revised, story, submitted, verified
from tests.services.desk import ADMIN, ATASAN, CONTENT, KETUA, TIM, Desk, desk_of, form

FUZZED = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
DATES = ["9999-12-31", "0001-01-01", "9998-12-31", "2025-12-31T00:00:00", "2999-12-31T23:59:59Z", "1970-01-01T00:00:00+14:00"]
NUMBERS = [0, -1, 1, 2**31, 2**63, 2**64, 10**400, 0.5, 1e308, -0.0]
TEXTS = ["", " ", "x", "x" * 301, "é" * 2_000, "\u202e", "\ufeff", "a" * 25_000, "{0} {x} %s", str(uuid.UUID(int=0)), "text/csv; x=1"]
LEAVES = st.sampled_from([None, True, False, *NUMBERS, *TEXTS, *DATES]) | st.text(max_size=20) | st.integers()
KEYS = st.text(max_size=5)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8)
FREQUENCIES = ["annual", "quinquennial", "daily", "never"]


def places(value: Any, here: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to every value inside a JSON value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way for key, inner in inside for way in [(*here, key), *places(inner, (*here, key))]]


def changed(whole: dict[str, Any], way: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    whole = copy.deepcopy(whole)
    holder: Any = whole
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    return whole


WHOLE = form(frequency="annual", version="1", theme="Pemerintahan", source="s", method="m", retention={"code": "1", "active": "1"})
PLACES = places(WHOLE)


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("intake", tmp_path) as desk:
        yield desk


@FUZZED
@given(ways=st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
@example(ways=[(("dataset", "period_end"), "9999-12-31")])
@example(ways=[(("dataset", "columns"), [{"name": "k" * 1_999, "type": "any", "description": "d"}] * 3)])
async def test_no_form_ends_as_a_fault_of_ours(intake: Desk, ways: list[tuple[tuple[str | int, ...], Any]]) -> None:
    said = form()
    for way, value in ways:
        if way in places(said):
            said = changed(said, way, value)

    answer = await intake.post("submissions", TIM, said)

    assert answer.status_code in {202, 422}, answer.text
    assert answer.status_code == 202 or all(reason["code"] and reason["message"] for reason in answer.json()["errors"])


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("end", ["9999-12-31", "9998-12-31"])
async def test_until_further_notice_is_a_date_like_others(intake: Desk, frequency: str, end: str) -> None:
    answer = await intake.post("submissions", TIM, form(frequency=frequency, period_end=end))

    assert answer.status_code == 202, answer.text


async def test_columns_of_the_same_long_name_are_a_finding(intake: Desk) -> None:
    columns = [{"name": f"{n % 5}" + "k" * 1_998, "type": "any", "description": "d"} for n in range(10)]

    answer = await intake.post("submissions", TIM, form(columns=columns))

    assert answer.status_code == 202, answer.text
    event = intake.lane.journal.history(uuid.UUID(answer.json()["submission_id"]))[0].raw
    assert b'"column_twice"' in event


COMMANDS: list[tuple[str, str, Any, tuple[Step, ...], dict[str, Any]]] = [
    ("review", "revise", KETUA, (submitted,), {"note": "", "dataset": {"title": "x"}}),
    ("decision", "verify", ATASAN, (submitted, revised), {"checklist": CHECKLIST, "note": ""}),
    ("decision", "approve", ATASAN, (submitted, revised, verified), {"consideration": "Layak."}),
    ("decision", "reject", ATASAN, (submitted, revised), {"reasons": [{"code": "incomplete", "field": "dataset", "note": "n"}]}),
    ("publisher", "retry", ADMIN, (submitted, revised, verified, approved), {}),
    ("publisher", "retract", ADMIN, (submitted, revised, verified, approved, published), {"reason": {"code": "other", "note": "n"}}),
]


@pytest.mark.parametrize(("lane", "verb", "who", "steps", "body"), COMMANDS)
async def test_no_command_ends_as_a_fault_of_ours(
    tmp_path: Path, lane: str, verb: str, who: Any, steps: tuple[Step, ...], body: dict[str, Any]
) -> None:
    """One desk for all examples of a command: a submission of its own each time would be a second's work."""
    async with desk_of(lane, tmp_path) as desk:
        whole = {"expected_sequence": len(steps), **body}
        for way, value in _drawn(places(whole) + ([("dataset", name) for name in form()["dataset"]] if verb == "revise" else [])):
            answer = await desk.says(who, verb, desk.given(*story(*steps)), **changed(whole, way, value))
            assert answer.status_code in {200, 409, 422, 503}, (way, value, answer.text)


def _drawn(ways: list[tuple[str | int, ...]]) -> list[tuple[tuple[str | int, ...], Any]]:
    shapes: list[Any] = [[], {}, [[]], {"": None}, ["x"] * 101]
    return [(way, value) for way in ways for value in [None, True, *NUMBERS, *TEXTS, *DATES, *shapes]]


@FUZZED
@given(after=st.text(max_size=80), limit=st.text(max_size=12), submission_id=st.text(min_size=1, max_size=40))
async def test_no_address_ends_as_a_fault_of_ours(intake: Desk, after: str, limit: str, submission_id: str) -> None:
    listed = await intake.get(f"inbox?after={quote(after)}&limit={quote(limit)}", KETUA)
    shown = await intake.get(f"submissions/{quote(submission_id, safe='')}", KETUA)

    assert listed.status_code in {200, 422}, listed.text
    assert shown.status_code in {404, 422, 307, 200}, shown.text


@pytest.mark.parametrize("said", ["-1", "x", "1e3", "²"])
async def test_a_length_that_is_no_number_is_refused(intake: Desk, said: str) -> None:
    headers = [(b"authorization", f"Bearer {intake.token(TIM)}".encode()), (b"content-length", said.encode())]
    sha256 = hashlib.sha256(CONTENT).hexdigest()

    answer = await intake.http.put(f"/intake/api/files/{sha256}", content=CONTENT, headers=headers)

    assert answer.status_code in {201, 413, 422}, answer.text


@pytest.mark.parametrize(("content", "status"), [(b"", 202), (bytes(range(256)), 422), (b"nama\n" + bytes(range(128, 256)) + b"\n", 202)])
async def test_a_file_of_no_bytes_and_of_all_bytes_is_no_fault_of_ours(intake: Desk, content: bytes, status: int) -> None:
    said = form()
    sha256, inline = hashlib.sha256(content).hexdigest(), base64.b64encode(content).decode()
    said["files"][0] |= {"bytes": len(content), "sha256": sha256, "content": inline}

    answer = await intake.post("submissions", TIM, said)

    assert answer.status_code == status, answer.text
    assert [reason["code"] for reason in answer.json().get("errors", ())] == (["file_type"] if status == 422 else [])
