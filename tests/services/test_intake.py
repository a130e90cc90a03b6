"""Step 1 over HTTP: accepted, duplicate, or refused with every reason at once."""

import asyncio
import hashlib
import uuid
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.contracts import EVENT, MOST, DataSubmitted
from events.ids import submission_id_of
from tests.events.given import after, approved, published, revised, story, submission_of, submitted, verified, withdrawn
from tests.services.desk import ATASAN, AUDITOR, CONTENT, KETUA, TIM, TIM_OF_DINKES, Desk, codes, desk_of, edited, form


async def test_a_submission_is_accepted_with_a_receipt_and_is_the_first_event(intake: Desk) -> None:
    sent = form()

    answer = await intake.post("submissions", TIM, sent)

    receipt = answer.json()
    submission_id = submission_id_of("dispermades", uuid.UUID(sent["event_id"]))
    assert (answer.status_code, receipt["outcome"], receipt["submission_id"]) == (202, "accepted", str(submission_id))
    assert (receipt["event_id"], receipt["opd"], receipt["reasons"]) == (sent["event_id"], "dispermades", [])
    (recorded,) = intake.lane.journal.history(submission_id)
    event = EVENT.validate_json(recorded.raw)
    assert isinstance(event, DataSubmitted)
    assert (event.actor.id, event.data.received.submitted_by, event.data.received.topic) == (TIM.id, sent["submitted_by"], None)
    assert b"content" not in recorded.raw
    assert b"".join(intake.shared.files.read(sent["files"][0]["sha256"])) == CONTENT


async def test_the_same_submission_again_changes_nothing(intake: Desk) -> None:
    sent = form()
    first = (await intake.post("submissions", TIM, sent)).json()

    again = await intake.post("submissions", TIM, sent)

    assert (again.status_code, again.json()["outcome"], again.json()["submission_id"]) == (202, "duplicate", first["submission_id"])
    assert intake.lane.journal.last_id() == 1


async def test_the_same_event_id_with_other_content_is_refused(intake: Desk) -> None:
    sent = form()
    await intake.post("submissions", TIM, sent)

    answer = await intake.post("submissions", TIM, form(event_id=sent["event_id"], title="Lain"))

    assert (answer.status_code, codes(answer)) == (422, [("event_id_reused", "event_id")])
    assert answer.json()["outcome"] == "refused"
    assert intake.lane.journal.last_id() == 1


async def test_the_same_event_id_of_another_agency_is_another_submission(intake: Desk) -> None:
    sent = form()
    one = await intake.post("submissions", TIM, sent)
    two = await intake.post("submissions", TIM_OF_DINKES, form(event_id=sent["event_id"], opd="dinkes"))

    assert (two.status_code, two.json()["outcome"]) == (202, "accepted")
    assert one.json()["submission_id"] != two.json()["submission_id"]


async def test_a_submission_said_at_once_by_many_is_accepted_once(intake: Desk) -> None:
    sent = form()

    answers = await asyncio.gather(*(intake.post("submissions", TIM, sent) for _ in range(8)))

    assert sorted(answer.json()["outcome"] for answer in answers) == ["accepted"] + ["duplicate"] * 7
    assert intake.lane.journal.last_id() == 1


async def test_an_agency_submits_for_itself_only_and_only_its_team_submits(intake: Desk) -> None:
    answer = await intake.post("submissions", TIM_OF_DINKES, form())

    assert (answer.status_code, codes(answer)) == (422, [("other_opd", "opd")])
    for who in (KETUA, ATASAN, AUDITOR):
        assert (await intake.post("submissions", who, form())).status_code == 403


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        (edited(dataset__title=None, dataset__columns=[], opd=None), [("required", "opd"), ("required", "dataset.title")]),
        (edited(dataset__columns=[]), [("required", "dataset.columns")]),
        (
            edited(dataset__titel="x", dataset__frequency="sometimes", files__0__sha256="x"),
            [("not_allowed", "dataset.frequency"), ("unknown_field", "dataset.titel"), ("wrong_format", "files.0.sha256")],
        ),
        (
            edited(occurred_at="2026-11-23T09:00:00", dataset__period_end="31-12-2025", submitted_by=7),
            [("wrong_time", "occurred_at"), ("wrong_type", "submitted_by"), ("wrong_date", "dataset.period_end")],
        ),
        (
            edited(dataset__information_class="dikecualikan", dataset__personal_data={"contains": True}, dataset__period_end="2020-01-01"),
            [
                ("exempt", "dataset.information_class"),
                ("personal_data", "dataset.personal_data"),
                ("period_reversed", "dataset.period_end"),
            ],
        ),
        (edited(files=[]), [("required", "files")]),
        (edited(files__0__content="***"), [("wrong_format", "files.0.content")]),
        (edited(files__0__content="a29kZQ=="), [("wrong_size", "files.0.bytes")]),
        (edited(files__0__content=None), [("file_missing", "files.0.sha256")]),
        (edited(files__0__sha256="0" * 64), [("wrong_hash", "files.0.sha256")]),
        (edited(files__0__name="../../etc/passwd"), [("wrong_format", "files.0.name")]),
        (edited(occurred_at="0001-01-01T00:00:00+07:00"), [("too_small", "occurred_at")]),
    ],
)
async def test_what_is_missing_or_wrong_is_told_all_at_once_with_its_field(
    intake: Desk, sent: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    answer = await intake.post("submissions", TIM, sent)

    assert answer.status_code == 422
    assert sorted(codes(answer)) == sorted(errors)
    assert {(reason["code"], reason["field"]) for reason in answer.json()["reasons"]} == set(errors)
    assert intake.lane.journal.last_id() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"x":NaN}'])
async def test_what_is_no_form_is_refused(intake: Desk, body: bytes) -> None:
    answer = await intake.post("submissions", TIM, body)

    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_metadata_too_large_for_the_log_is_refused_and_its_files_are_not_kept(intake: Desk) -> None:
    columns = [{"name": f"kolom_{n}", "type": "string", "description": "x" * 1_500} for n in range(700)]

    answer = await intake.post("submissions", TIM, form(columns=columns))

    assert (answer.status_code, codes(answer)) == (422, [("too_large", "dataset")])
    assert intake.shared.files.size(hashlib.sha256(CONTENT).hexdigest()) is None


async def test_submissions_of_a_dataset_are_numbered_and_a_second_open_one_of_a_period_is_refused(intake: Desk) -> None:
    def year(number: int, **more: Any) -> dict[str, Any]:
        return form(dataset_id="daftar-desa", period_start=f"{number}-01-01", period_end=f"{number}-12-31", **more)

    one, two = await intake.post("submissions", TIM, year(2023)), await intake.post("submissions", TIM, year(2024))
    again = await intake.post("submissions", TIM, year(2023, title="Sekali lagi"))
    theirs = await intake.post("submissions", TIM_OF_DINKES, year(2024, opd="dinkes") | {"opd": "dinkes"})

    def edition_of(answer: httpx.Response) -> int | None:
        event = intake.lane.journal.history(uuid.UUID(answer.json()["submission_id"]))[0].event
        assert isinstance(event, DataSubmitted)
        return event.data.edition

    assert [edition_of(answer) for answer in (one, two)] == [1, 2]
    assert (again.status_code, codes(again)) == (422, [("already_open", "dataset.period_start")])
    assert one.json()["submission_id"] in again.json()["errors"][0]["message"]
    assert (theirs.status_code, codes(theirs)) == (422, [("name_taken", "dataset.dataset_id")])
    assert not [told for told in ("dispermades", two.json()["submission_id"]) if told in theirs.text]


async def test_a_forged_last_number_is_told_and_other_names_go_on(intake: Desk) -> None:
    intake.given(*story(submission_of(edition=MOST, period_start="2020-01-01", period_end="2020-12-31")))

    answer = await intake.post("submissions", TIM, form(dataset_id="daftar-desa"))
    another = await intake.post("submissions", TIM, form(dataset_id="daftar-desa-baru"))

    assert (answer.status_code, codes(answer)) == (422, [("no_number_left", "dataset.dataset_id")])
    assert another.status_code == 202


async def test_what_was_on_its_way_under_a_name_that_was_handed_over_stands_in_nobodys_way(intake: Desk) -> None:
    theirs = await intake.post("submissions", TIM_OF_DINKES, form(dataset_id="daftar-desa", opd="dinkes") | {"opd": "dinkes"})
    intake.shared.directory.names["daftar-desa"] = "dispermades"

    ours = await intake.post("submissions", TIM, form(dataset_id="daftar-desa"))

    assert (theirs.status_code, ours.status_code) == (202, 202)


async def test_a_name_that_an_old_dataset_was_adopted_under_is_its_opds_until_something_is_published(intake: Desk) -> None:
    """An organization of CKAN that is no OPD, as earlier releases wrote it, binds nobody."""
    intake.shared.directory.know(
        {
            "opd/setda": b'{"name": "Setda"}',
            "adopted/data-lama": b'{"id": "id-1", "name": "data_lama", "opd": "setda"}',
            "adopted/data-tua": b'{"id": "id-2", "name": "data_tua", "opd": "organisasi-ckan"}',
            "adopted/daftar-desa": b'{"id": "id-3", "name": "daftar_desa", "opd": "setda"}',
        }
    )
    intake.given(
        *story(submission_of(edition=1, period_start="2020-01-01", period_end="2020-12-31"), revised, verified, approved, published)
    )

    taken = await intake.post("submissions", TIM, form(dataset_id="data-lama"))
    free = await intake.post("submissions", TIM, form(dataset_id="data-tua"))
    own = await intake.post("submissions", TIM, form(dataset_id="daftar-desa"))

    assert (taken.status_code, codes(taken)) == (422, [("name_taken", "dataset.dataset_id")])
    assert (free.status_code, own.status_code) == (202, 202)


async def test_many_at_once_get_numbers_of_their_own(intake: Desk) -> None:
    sent = [form(dataset_id="daftar-desa", period_start=f"{year}-01-01", period_end=f"{year}-12-31") for year in range(2010, 2018)]

    answers = await asyncio.gather(*(intake.post("submissions", TIM, one) for one in sent))

    ids = [uuid.UUID(answer.json()["submission_id"]) for answer in answers]
    assert sorted(head.edition or 0 for head in intake.lane.journal.heads(ids).values()) == list(range(1, 9))


async def test_by_when_the_next_step_is_due_is_told_with_the_rule(tmp_path: Path) -> None:
    """A setting of tomorrow must not turn what was in time into late."""
    async with desk_of("intake", tmp_path, sla_minutes="45", sla_calendar="office") as desk:
        answer = await desk.post("submissions", TIM, form())
        said = desk.lane.journal.history(uuid.UUID(answer.json()["submission_id"]))[0].said

    assert (said["due"]["minutes"], said["due"]["calendar"]) == (45, "office")
    assert "holidays" in said["due"]["holidays"]
    assert said["due"]["at"] > said["occurred_at"]


async def test_the_same_content_again_under_another_event_id_is_told_with_the_number_of_the_first(intake: Desk) -> None:
    sent = form(dataset_id="daftar-desa")
    first = (await intake.post("submissions", TIM, sent)).json()["submission_id"]
    history = intake.lane.journal.history(uuid.UUID(first))
    intake.given(*after(history, withdrawn))

    second = await intake.post("submissions", TIM, sent | {"event_id": str(uuid.uuid4())})

    event = intake.lane.journal.history(uuid.UUID(second.json()["submission_id"]))[0].event
    assert isinstance(event, DataSubmitted)
    (finding,) = [finding for finding in event.data.findings if finding.code == "same_content"]
    assert (finding.severity, first in finding.message) == ("warning", True)


async def test_it_is_the_first_that_is_named_also_when_others_came_between(intake: Desk) -> None:
    sent, told = form(dataset_id="daftar-desa"), list[str]()
    for title in ("Daftar desa", "Daftar lain", "Daftar desa", "Daftar desa"):
        again = sent | {"event_id": str(uuid.uuid4()), "dataset": sent["dataset"] | {"title": title}}
        told.append((await intake.post("submissions", TIM, again)).json()["submission_id"])
        intake.given(*after(intake.lane.journal.history(uuid.UUID(told[-1])), withdrawn))

    events = [intake.lane.journal.history(uuid.UUID(one))[0].event for one in told]
    named = [[f.message for f in event.data.findings if f.code == "same_content"] for event in events if isinstance(event, DataSubmitted)]
    assert [len(messages) for messages in named] == [0, 0, 1, 1]
    assert all(told[0] in messages[0] for messages in named[2:])


async def test_who_hands_in_sees_the_own_agency_s_submissions_wherever_they_wait(intake: Desk) -> None:
    mine = [intake.given(*story(*steps)) for steps in ((submitted,), (submitted, revised, verified))]
    intake.given(*story(submitted, revised, verified, approved, published))
    intake.given(*story(submitted.by(TIM_OF_DINKES)))

    seen = (await intake.get("inbox", TIM)).json()["items"]

    assert {(item["submission_id"], item["holder"]) for item in seen} == {(str(mine[0]), "review"), (str(mine[1]), "decision")}
    assert all(item["due_at"] for item in seen)


async def test_a_good_token_of_an_opd_that_is_not_in_the_directory_is_refused(intake: Desk) -> None:
    intake.shared.directory.opds["dinkes"] = {"name": "Dinkes", "moved_to": "setda", "closed_at": "2026-11-23T02:00:00+00:00"}
    for who, words in ((TIM.model_copy(update={"opd": "tidak-ada"}), "operator"), (TIM_OF_DINKES, "sekarang setda")):
        answer = await intake.post("submissions", who, form(opd=who.opd or ""))
        assert (answer.status_code, codes(answer)) == (403, [("unknown_opd", "opd")])
        assert words in answer.json()["errors"][0]["message"]
