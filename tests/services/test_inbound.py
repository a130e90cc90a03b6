"""Step 1 over Kafka: every inbound record gets one receipt, whatever it is, and no refusal stops the lane."""

import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from events.admission import Outcome, Record
from events.contracts import DataSubmitted
from events.ids import submission_id_of
from events.recorder import LetterKind, Row
from lane.files import FilesUnavailable
from services.intake.inbound import first_event, judge, refuse
from tests.services.desk import CONTENT, TIM, Desk, desk_of, form

TOPIC = "opd.dispermades.data-submitted.v1"


@pytest.fixture
async def intake(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("intake", tmp_path) as desk:
        yield desk


def records_of(*values: object, topic: str = TOPIC, first: int = 0) -> list[Record]:
    """These values, one after the other on an inbound topic; dicts as JSON."""
    raws = [value if isinstance(value, bytes) or value is None else json.dumps(value).encode() for value in values]
    return [Record(topic, 0, first + n, b"any key", raw, cluster="c") for n, raw in enumerate(raws)]


def judging(desk: Desk) -> Callable[[Sequence[Record]], list[Outcome]]:
    lane, shared = desk.lane, desk.shared
    return partial(
        judge,
        journal=lane.journal,
        inbox=lane.inbox,
        files=shared.files,
        due=shared.due_rule,
        checking=shared.checking,
        settings=shared.settings,
        directory=shared.directory,
    )


def take(desk: Desk, *records: Record) -> list[str]:
    return [outcome.counted for outcome in desk.lane.journal.answer(records, judging(desk))]


def receipts(desk: Desk) -> list[dict[str, Any]]:
    return [orjson.loads(letter.raw) for _, letter in desk.lane.journal.letters(0, 500, [LetterKind.RECEIPT])]


def dead_letters(desk: Desk) -> list[bytes]:
    return [letter.raw for _, letter in desk.lane.journal.letters(0, 500, [LetterKind.DEAD_LETTER])]


def submissions(desk: Desk) -> int:
    return len(desk.lane.journal.read(0, 500, [Row.OWN]))


async def test_an_accepted_record_becomes_the_first_event_and_says_where_it_came_from(intake: Desk) -> None:
    sent = form()

    assert take(intake, *records_of(sent, first=17)) == ["accepted"]

    submission_id = submission_id_of("dispermades", uuid.UUID(sent["event_id"]))
    event = first_event(intake.lane.journal, submission_id)
    assert isinstance(event, DataSubmitted)
    received = event.data.received
    assert (received.topic, received.partition, received.offset, str(received.event_id)) == (TOPIC, 0, 17, sent["event_id"])
    assert (event.actor.id, event.actor.role, event.actor.opd) == ("opd:dispermades", "tim_ppid", "dispermades")
    (receipt,) = receipts(intake)
    assert (receipt["outcome"], receipt["submission_id"], receipt["event_id"]) == ("accepted", str(submission_id), sent["event_id"])


async def test_every_record_gets_one_receipt_in_order(intake: Desk) -> None:
    sent, other = form(), form()
    wrong = form() | {"opd": "dinkes"}
    without_title = form()
    del without_title["dataset"]["title"]
    reused = form(event_id=sent["event_id"], title="Lain")
    records = records_of(sent, sent, reused, b'{"type": ', None, b"\xff", wrong, without_title, [], {"event_id": 7}, other)

    outcomes = take(intake, *records)

    refused = ["refused"] * 8
    assert outcomes == ["accepted", "duplicate", *refused, "accepted"]
    assert [receipt["outcome"] for receipt in receipts(intake)] == outcomes
    codes = [receipt["reasons"][0]["code"] for receipt in receipts(intake) if receipt["reasons"]]
    assert codes == ["event_id_reused", "unreadable", "unreadable", "unreadable", "other_opd", "required", "wrong_type", "required"]
    assert all(reason["message"] for receipt in receipts(intake) for reason in receipt["reasons"])
    assert [receipt["event_id"] for receipt in receipts(intake)][:6] == [sent["event_id"]] * 3 + [None] * 3
    assert {receipt["opd"] for receipt in receipts(intake)} == {"dispermades"}
    assert dead_letters(intake) == [b'{"type": ', b"", b"\xff"]
    assert submissions(intake) == 2


async def test_a_record_read_again_after_a_crash_is_dropped_without_a_second_receipt(intake: Desk) -> None:
    records = records_of(form(), b"?")
    take(intake, *records)

    assert take(intake, *records) == []
    assert (len(receipts(intake)), submissions(intake), len(dead_letters(intake))) == (2, 1, 1)


async def test_what_was_answered_stays_answered_when_its_topic_is_read_anew_and_what_was_sent_again_is_judged(intake: Desk) -> None:
    [record] = records_of(form(content=None))
    assert take(intake, record) == ["refused"]
    with intake.shared.files.spool(limit=1_000) as spool:
        spool.write(CONTENT)
        spool.keep(sha256 := hashlib.sha256(CONTENT).hexdigest())
    intake.shared.files.brought(sha256, "dispermades")

    again = record._replace(generation=1)
    assert take(intake, again) == []
    assert (len(receipts(intake)), intake.lane.journal.position(again.source)) == (1, 1)
    assert take(intake, record._replace(generation=2, timestamp=1)) == ["accepted"]
    assert len(receipts(intake)) == 2


async def test_a_record_judged_again_by_a_journal_that_lost_its_position_is_accepted_as_before(intake: Desk) -> None:
    records = records_of(form())
    take(intake, *records)

    (again,) = judging(intake)(records)

    assert (again.counted, again.events, [letter.kind for letter in again.letters]) == ("accepted", (), [LetterKind.RECEIPT])


async def test_a_file_that_one_record_brings_is_there_for_those_after_it(intake: Desk) -> None:
    records = records_of(form(content=None), form(), form(content=None), form(content=None))

    assert take(intake, *records) == ["refused", "accepted", "accepted", "accepted"]


async def test_sent_again_later_it_is_a_duplicate(intake: Desk) -> None:
    sent = form()
    take(intake, *records_of(sent))

    assert take(intake, *records_of(sent, first=1)) == ["duplicate"]
    assert receipts(intake)[0]["submission_id"] == receipts(intake)[1]["submission_id"]
    assert submissions(intake) == 1


async def test_a_submission_that_came_over_http_is_a_duplicate_on_kafka(intake: Desk) -> None:
    sent = form()
    assert (await intake.post("submissions", TIM, sent)).status_code == 202

    assert take(intake, *records_of(sent)) == ["duplicate"]


async def test_while_files_cannot_be_kept_the_record_waits(intake: Desk, tmp_path: Path) -> None:
    (tmp_path / "files").rename(tmp_path / "unmounted")
    with pytest.raises(FilesUnavailable):
        take(intake, *records_of(form()))
    assert receipts(intake) == []

    (tmp_path / "unmounted").rename(tmp_path / "files")
    assert take(intake, *records_of(form())) == ["accepted"]


async def test_what_our_own_code_fails_on_is_refused_with_a_receipt_and_kept(intake: Desk) -> None:
    (record,) = records_of(form())

    outcomes = intake.lane.journal.answer([record], lambda fresh: [refuse(r, "failed") for r in fresh])

    assert [outcome.counted for outcome in outcomes] == ["refused"]
    assert receipts(intake)[0]["reasons"][0]["code"] == "failed"
    assert dead_letters(intake) == [record.raw]


async def test_what_can_be_no_name_is_refused_and_not_asked_of_the_database(tmp_path: Path, postgres: Callable[[], str]) -> None:
    odd = [form(dataset_id=name) for name in ("a\u0000b", "\ud800", "x" * 100_000)]
    async with desk_of("intake", tmp_path, store=postgres()) as intake:
        assert take(intake, *records_of(*odd, form())) == ["refused"] * 3 + ["accepted"]


async def test_topics_of_several_agencies_are_told_apart(intake: Desk) -> None:
    same_id = str(uuid.uuid4())
    ours, theirs = form(event_id=same_id), form(event_id=same_id, opd="dinkes")
    records = [*records_of(ours), *(r._replace(topic="opd.dinkes.data-submitted.v1") for r in records_of(theirs, ours))]

    assert take(intake, *records) == ["accepted", "accepted", "refused"]
    assert [receipt["opd"] for receipt in receipts(intake)] == ["dispermades", "dinkes", "dinkes"]


async def test_an_event_id_that_is_no_uuid_is_told_back_shortened(intake: Desk) -> None:
    take(intake, *records_of(form() | {"event_id": "x" * 5_000}))

    assert receipts(intake)[0]["event_id"] == "x" * 100
    assert receipts(intake)[0]["reasons"][0]["code"] == "wrong_uuid"


async def test_a_record_of_an_opd_that_is_not_in_the_directory_gets_a_refused_receipt(intake: Desk) -> None:
    topic = "opd.tidak-ada.data-submitted.v1"

    assert take(intake, *records_of(form(opd="tidak-ada"), b"no JSON", None, topic=topic)) == ["refused"] * 3

    assert [receipt["reasons"][0]["code"] for receipt in receipts(intake)] == ["unknown_opd"] * 3
    assert submissions(intake) == 0


async def test_a_receipt_names_no_file_and_no_key_that_nobody_knows_in_full(intake: Desk) -> None:
    program = b"MZ" + bytes(24)
    bad = form(content=program)
    bad["files"][0] |= {"name": "Kartu Budi.csv", "bytes": len(program), "sha256": hashlib.sha256(program).hexdigest()}
    unknown = form(columns=[{"name": "kode", "type": "string", "description": "-", "nik 3313014101900001": 1}])
    unknown["budi santoso " * 10] = 1
    twice = json.dumps(form()).replace('"type"', '"081234567890": 1, "081234567890": 2, "type"', 1).encode()

    assert take(intake, *records_of(bad, unknown, twice)) == ["refused"] * 3

    told = [[(r["code"], r["field"]) for r in receipt["reasons"]] for receipt in receipts(intake)]
    assert told[0] == [("file_type", "files.0")]
    assert ("unknown_field", "dataset.columns.0.nik ****************") in told[1]
    assert max(len(field) for _, field in told[1]) <= 60
    assert told[2] == [("said_twice", "************")]
    text = json.dumps(receipts(intake))
    assert not [word for word in ("Kartu", "3313014101900001", "081234567890", "budi santoso " * 4) if word in text]
