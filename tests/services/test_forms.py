"""What a form may look like: one encoding, each key once, names that look like what they are, dates that are dates."""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from lane.due import WIB, day_of
from lane.json_text import fault_of
from tests.events.given import story, submitted
from tests.services.desk import KETUA, TIM, Desk, form
from tests.services.test_inbound import dead_letters, receipts, records_of, take


async def told_of(desk: Desk, sent: object) -> set[tuple[str, str | None]]:
    """The reasons against a form; each has words."""
    answer = await desk.post("submissions", TIM, sent)
    assert answer.status_code in {202, 422}, answer.text
    reasons = answer.json().get("errors", [])
    assert all(reason["message"] for reason in reasons)
    return {(reason["code"], reason["field"]) for reason in reasons}


def named(*names: str, media_type: str = "text/csv", **dataset: Any) -> dict[str, Any]:
    """A form whose files, all of the same bytes, have these names."""
    whole = form(**dataset)
    return whole | {"files": [whole["files"][0] | {"name": name, "media_type": media_type} for name in names]}


ENCODINGS = ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_another_encoding_is_named_and_the_receipt_has_the_event_id(intake: Desk, encoding: str) -> None:
    sent = form(title="Café")
    raw = json.dumps(sent, ensure_ascii=False).encode(encoding)

    over_http = await intake.post("submissions", TIM, raw)
    take(intake, *records_of(raw))

    assert (over_http.status_code, over_http.json()["event_id"]) == (422, sent["event_id"])
    (receipt,) = receipts(intake)
    for told in (receipt, over_http.json()):
        assert (told["event_id"], [reason["code"] for reason in told["reasons"]]) == (sent["event_id"], ["wrong_encoding"])
    assert dead_letters(intake) == [raw]


@pytest.mark.parametrize("raw", [b"", b"\xff", b"{", b"\xff\xfe", b"\xef\xbb\xbf", b"[" * 50_000, b'"\\ud800"', b"\x00", b"1" * 5_000])
def test_what_is_no_json_in_any_encoding_is_left_to_the_form(raw: bytes) -> None:
    assert fault_of(raw) is None


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"a": 1, "a": 1}', "a"),
        ('{"a": {"b": 1, "c": 2, "b": 3}}', "a.b"),
        ('[{"x": 1}, {"x": 1, "\\u0078": 2}]', "1.x"),
        ('{"a": {"b": 1, "b": 2}, "a": 0}', "b"),
    ],
)
def test_a_key_that_an_object_holds_twice_is_told_with_its_place(text: str, field: str) -> None:
    reason = fault_of(text.encode())

    assert reason is not None
    assert (reason.code, reason.field) == ("said_twice", field)


def test_a_key_twice_among_very_many_is_found_at_once() -> None:
    text = "{" + ",".join(f'"k{number}": 0' for number in range(60_000)) + ', "z": 0, "z": 1}'
    began = time.monotonic()

    reason = fault_of(text.encode())

    assert (reason and reason.field, time.monotonic() - began < 60) == ("z", True)


@pytest.mark.parametrize("depth", [300, 450, 480, 600, 900])
def test_a_key_twice_however_deep_it_lies_is_told(depth: int) -> None:
    reason = fault_of(('{"a": ' * depth + '{"x": 1, "x": 2}' + "}" * depth).encode())

    assert reason is None or reason.code == "said_twice"  # where the parser itself goes no deeper, the form says so


async def test_a_form_that_says_something_twice_is_refused(intake: Desk) -> None:
    raw = json.dumps(form()).encode().replace(b'"title":', b'"title": "lain", "title":')

    assert await told_of(intake, raw) == {("said_twice", "dataset.title")}


@pytest.mark.parametrize("moment", [1_795_000_000, 1_795_000_000.5, "1795000000", True])
async def test_a_number_is_no_time(intake: Desk, moment: object) -> None:
    assert await told_of(intake, form() | {"occurred_at": moment}) == {("wrong_time", "occurred_at")}


@pytest.mark.parametrize("day", [0, 1_735_689_600, "0", "1735689600"])
async def test_a_number_is_no_date(intake: Desk, day: object) -> None:
    assert await told_of(intake, form(period_start=day)) == {("wrong_date", "dataset.period_start")}


@pytest.mark.parametrize(
    ("ahead", "codes"), [(timedelta(hours=23), set()), (timedelta(hours=25), {"time_ahead"}), (timedelta(days=366), {"time_ahead"})]
)
async def test_a_time_more_than_a_day_ahead_is_told(intake: Desk, ahead: timedelta, codes: set[str]) -> None:
    sent = form() | {"occurred_at": (datetime.now(UTC) + ahead).isoformat()}

    answer = await intake.post("submissions", TIM, sent)

    event = orjson.loads(intake.lane.journal.history(uuid.UUID(answer.json()["submission_id"]))[0].raw)
    assert {finding["code"] for finding in event["data"]["findings"]} & {"time_ahead"} == codes


HIDDEN = ["\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\u3164", "\ufe0f", "\U000e0041", "\u2028", "\x85"]


@pytest.mark.parametrize("character", HIDDEN)
async def test_characters_that_nobody_sees_are_refused_in_names(intake: Desk, character: str) -> None:
    name = f"x{character}y"
    column = {"name": name, "type": "string", "description": "d"}
    whole = named(f"{name}.csv", title=name, keywords=["a", name], columns=[column], section=name) | {"submitted_by": name}
    fields = {"dataset.title", "dataset.keywords.1", "dataset.columns.0.name", "dataset.section", "submitted_by", "files.0.name"}

    assert await told_of(intake, whole) == {("hidden_character", field) for field in fields}


async def test_running_text_may_join_and_still_not_turn_around(intake: Desk) -> None:
    assert await told_of(intake, form(summary="soft\u00adhyphen, \u0dc1\u0dca\u200d\u0dbb\u0dd3, ❤\ufe0f")) == set()
    assert await told_of(intake, form(summary="harga \u202e0001")) == {("hidden_character", "dataset.summary")}


async def test_other_scripts_and_signs_are_text_like_any_other(intake: Desk) -> None:
    assert await told_of(intake, named("données 🎉 ꦗꦮ.csv", title="Data “kota” – 测试 🎉 ꦲꦏ꧀ꦱꦫ")) == set()


TWINS = [("café.csv", "cafe\u0301.csv"), ("A.csv", "a.CSV"), ("a b.csv", "a\u00a0b.csv"), ("straße.csv", "STRASSE.csv")]


@pytest.mark.parametrize(("one", "other"), TWINS)
async def test_names_that_look_the_same_count_as_one(intake: Desk, one: str, other: str) -> None:
    assert await told_of(intake, named(one, other)) == {("file_twice", "files.1.name")}


async def test_a_name_with_a_space_at_its_edge_is_refused(intake: Desk) -> None:
    assert await told_of(intake, named("a.csv ", "\u00a0b.csv", "a.csv")) == {
        ("space_at_edge", "files.0.name"),
        ("file_twice", "files.2.name"),
    }


@pytest.mark.parametrize("name", ["new", "search", "edit"])
async def test_names_that_a_portal_keeps_for_itself_are_refused(intake: Desk, name: str) -> None:
    assert await told_of(intake, form(dataset_id=name)) == {("reserved", "dataset.dataset_id")}


TABLES = ["TEXT/CSV", "text/csv; charset=utf-8", "text/CSV;header=present", "application/csv", "text/x-csv", "text/comma-separated-values"]
ENDINGS = [("a.csv", "application/octet-stream"), ("A.CSV", "text/plain"), ("a.xlsx", "application/zip"), ("a.ods", "application/x-other")]


@pytest.mark.parametrize(("name", "media_type"), [*(("data", media_type) for media_type in TABLES), *ENDINGS])
async def test_a_table_is_known_by_its_media_type_or_by_its_ending(intake: Desk, name: str, media_type: str) -> None:
    assert await told_of(intake, named(name, media_type=media_type, columns=[])) == {("required", "dataset.columns")}
    assert await told_of(intake, named("a.pdf", media_type="application/pdf", columns=[])) == set()


@pytest.mark.parametrize("body", [[], "text", 7, None, {}, {"title": "x"}, b"nama,alamat\n", b"", form() | {"files": 7}])
async def test_what_is_not_the_form_is_told_where_the_form_is(intake: Desk, body: object) -> None:
    over_http = await intake.post("submissions", TIM, body)
    take(intake, *records_of(body))

    for told in (over_http.json()["errors"], receipts(intake)[0]["reasons"]):
        assert "events/schemas/inbound.v1.json" in told[0]["message"]


async def test_a_receipt_names_no_file(intake: Desk) -> None:
    missing, wrong, twice = named("ktp-budi.csv"), named("ktp-budi.csv"), named("ktp-budi.csv", "KTP-Budi.csv")
    del missing["files"][0]["content"]
    wrong["files"][0]["bytes"] = 1
    missing["files"][0]["sha256"] = "0" * 64

    take(intake, *records_of(missing, wrong, twice, named("ktp-budi.csv ")))

    assert [receipt["outcome"] for receipt in receipts(intake)] == ["refused"] * 4
    assert all("budi" not in str(receipt).lower() for receipt in receipts(intake))


async def test_a_revision_is_held_to_the_same(review: Desk) -> None:
    submission_id = review.given(*story(submitted))

    titled = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"title": "x\u202ey"})
    tabled = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"columns": []})
    dated = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"period_end": 0})
    sent = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"period_end": "9999-12-31"})

    told = [[(reason["code"], reason["field"]) for reason in answer.json()["errors"]] for answer in (titled, tabled, dated)]
    assert told == [[("hidden_character", "dataset.title")], [("required", "dataset.columns")], [("wrong_date", "dataset.period_end")]]
    assert sent.status_code == 200


def test_today_is_a_day_of_the_offices() -> None:
    assert day_of(datetime(2026, 11, 22, 16, 59, tzinfo=UTC)).day == 22
    assert day_of(datetime(2026, 11, 22, 17, 0, tzinfo=UTC)).day == 23
    assert day_of(datetime(2026, 11, 23, 0, 0, tzinfo=WIB)).day == 23
