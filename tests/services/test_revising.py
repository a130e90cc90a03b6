"""Step 2 over HTTP: the head of the agency confirms or revises, and what only a later version knows is kept."""

import uuid
from typing import Any

import httpx
import orjson
import pytest

from events.contracts import EVENT, Actor, DataRevised
from events.ids import manifest_of
from events.recorder import Row
from events.submission import Recorded
from tests.events.given import (
    FILE,
    approved,
    published,
    rejected,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)
from tests.lane.shelves import keep, sha
from tests.services.desk import KETUA, Desk, codes


async def test_the_head_passes_on_what_needs_no_change(review: Desk) -> None:
    told = story(submitted)
    submission_id = review.given(*told)

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="Sudah dicek.")

    assert answer.status_code == 200
    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.sequence, event.previous, event.actor.id) == (2, told[0].hash, KETUA.id)
    assert (event.data.note, event.data.changed) == ("Sudah dicek.", ())
    assert event.data.manifest == review.lane.find(submission_id).manifest
    (own,) = review.lane.journal.read(0, 10, [Row.OWN])
    assert own.raw == answer.content


async def test_the_head_changes_some_fields_and_takes_one_away(review: Desk) -> None:
    submission_id = review.given(*story(submission_of(theme="Lama")))

    changes = {"title": "Daftar desa 2025", "theme": None}
    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset=changes)

    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.data.dataset.title, event.data.dataset.theme) == ("Daftar desa 2025", None)
    assert event.data.dataset.summary == "Semua desa dan kelurahan."
    assert set(event.data.changed) == {"dataset.title", "dataset.theme"}


async def test_the_head_replaces_a_file_that_intake_has(review: Desk) -> None:
    submission_id, content = review.given(*story(submitted)), b"kode\n"
    keep(review.shared.files, content)
    files = [FILE | {"sha256": sha(content), "bytes": len(content)}]

    refused = await review.says(KETUA, "revise", submission_id, expected_sequence=1, files=files)
    assert codes(refused) == [("file_missing", "files.0.sha256")], "not brought by this OPD"
    review.shared.files.brought(sha(content), "dispermades")
    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, files=files)

    event = EVENT.validate_json(answer.content)
    assert isinstance(event, DataRevised)
    assert (event.data.changed, event.data.files[0].sha256) == (("files",), sha(content))


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"dataset": {"title": " ", "licence": "x"}}, [("required", "dataset.title"), ("unknown_field", "dataset.licence")]),
        ({"dataset": {"title": None}}, [("required", "dataset.title")]),
        ({"dataset": {"information_class": "dikecualikan"}}, [("exempt", "dataset.information_class")]),
        ({"dataset": {"personal_data": {"contains": True}}}, [("personal_data", "dataset.personal_data")]),
        ({"files": [FILE]}, [("file_missing", "files.0.sha256")]),
        ({"files": []}, [("required", "files")]),
        ({"note": 3, "unknown": 1}, [("wrong_type", "note"), ("unknown_field", "unknown")]),
    ],
)
async def test_a_revision_that_may_not_stand_is_refused_with_every_field(
    review: Desk, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    submission_id = review.given(*story(submitted))

    answer = await review.says(KETUA, "revise", submission_id, **({"expected_sequence": 1} | body))

    assert (answer.status_code, codes(answer)) == (422, errors)
    assert review.written(submission_id) == ["DataSubmitted"]


async def test_a_name_may_change_until_something_was_published_under_it(review: Desk) -> None:
    review.given(*story(submission_of(dataset_id="sudah-ada")))
    shown = story(submission_of(dataset_id="terbit"), revision_of(dataset_id="terbit"), verified, approved, published)
    review.given(*shown)
    review.shared.directory.know({"opd/setda": b'{"name": "Setda"}', "adopted/data-lama": b'{"id": "1", "opd": "setda"}'})
    mistyped, next_one = (review.given(*story(submission_of(dataset_id=name))) for name in ("daftar-dessa", "terbit"))

    async def renamed(submission_id: uuid.UUID, name: str, sequence: int = 1) -> httpx.Response:
        return await review.says(KETUA, "revise", submission_id, expected_sequence=sequence, dataset={"dataset_id": name})

    assert codes(await renamed(next_one, "lain")) == [("fixed", "dataset.dataset_id")]
    assert codes(await renamed(mistyped, "sudah-ada")) == [("name_taken", "dataset.dataset_id")]
    assert codes(await renamed(mistyped, "data-lama")) == [("name_taken", "dataset.dataset_id")]
    answer = await renamed(mistyped, "daftar-desa")
    assert (answer.status_code, answer.json()["data"]["dataset"]["dataset_id"]) == (200, "daftar-desa")
    assert answer.json()["data"]["changed"] == ["dataset.dataset_id"]


async def test_a_revision_does_not_become_a_second_open_submission_of_a_period(review: Desk) -> None:
    open_one = review.given(*story(submission_of(period_start="2024-01-01", period_end="2024-12-31")))
    ours = review.given(*story(submitted))
    period = {"period_start": "2024-01-01", "period_end": "2024-12-31"}

    refused = await review.says(KETUA, "revise", ours, expected_sequence=1, dataset=period)
    assert (refused.status_code, codes(refused)) == (422, [("already_open", "dataset.period_start")])
    assert str(open_one) in refused.json()["errors"][0]["message"]
    renamed = review.given(*story(submission_of(dataset_id="salah-ketik")))
    both = await review.says(KETUA, "revise", renamed, expected_sequence=1, dataset=period | {"dataset_id": "nama-lain"})
    assert both.status_code == 200
    assert (await review.says(KETUA, "withdraw", open_one, expected_sequence=1, reason={"code": "test", "note": "Uji."})).status_code == 200
    assert (await review.says(KETUA, "revise", ours, expected_sequence=1, dataset=period)).status_code == 200


async def test_who_renamed_into_a_name_that_another_opd_took_at_the_same_moment_may_rename_again(review: Desk) -> None:
    tim, ketua = (Actor(id=role, name=role, role=role, opd="dinkes") for role in ("tim_ppid", "ketua_ppid"))
    ours = review.given(*story(submission_of(dataset_id="salah-ketik"), revision_of(dataset_id="terbit"), rejected()))
    review.given(
        *story(submission_of(dataset_id="terbit").by(tim), revision_of(dataset_id="terbit").by(ketua), verified, approved, published)
    )
    answer = await review.says(KETUA, "revise", ours, expected_sequence=3, dataset={"dataset_id": "lain"})
    assert answer.status_code == 200


LATER = {"accrual": "harian", "contact": {"fax": "1"}}


def from_a_later_version(**dataset: Any) -> Recorded:
    """A first event with fields that this version does not know, at every level of its metadata."""
    said = orjson.loads(story(submitted)[0].raw)
    said["data"]["dataset"] |= LATER | dataset
    said["data"]["dataset"]["responsible"]["phone"] = "0271"
    said["data"]["dataset"]["columns"][0]["concept"] = "K-1"
    said["data"]["files"][0]["rows"] = 12
    said["data"]["manifest"] = manifest_of(said["data"]["dataset"], said["data"]["files"])
    raw = orjson.dumps(said)
    return Recorded(EVENT.validate_json(raw), raw)


async def test_a_revision_keeps_what_only_a_later_version_knows(review: Desk) -> None:
    first = from_a_later_version()
    submission_id = review.given(first)
    was = orjson.loads(first.raw)["data"]

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, dataset={"title": "Daftar desa 2025"})

    data = answer.json()["data"]
    assert data["dataset"] == was["dataset"] | {"title": "Daftar desa 2025"}
    assert (data["files"], data["changed"]) == (was["files"], ["dataset.title"])
    assert data["manifest"] == manifest_of(data["dataset"], data["files"])
    assert review.lane.journal.history(submission_id)[1].raw == answer.content


async def test_a_revision_that_changes_nothing_keeps_the_manifest_of_a_later_version(review: Desk) -> None:
    first = from_a_later_version()

    answer = await review.says(KETUA, "revise", review.given(first), expected_sequence=1)

    was, data = orjson.loads(first.raw)["data"], answer.json()["data"]
    assert (data["dataset"], data["manifest"], data["changed"]) == (was["dataset"], was["manifest"], [])


@pytest.mark.parametrize("change", [{"accrual": "bulanan"}, {"accrual": None}, {"titel": None}])
async def test_what_this_version_does_not_know_it_does_not_change(review: Desk, change: dict[str, Any]) -> None:
    answer = await review.says(KETUA, "revise", review.given(from_a_later_version()), expected_sequence=1, dataset=change)

    assert (answer.status_code, codes(answer)) == (422, [("unknown_field", f"dataset.{next(iter(change))}")])


async def test_what_is_replaced_is_replaced_whole(review: Desk) -> None:
    columns = [{"name": "kode", "type": "string", "description": "Kode"}]

    answer = await review.says(KETUA, "revise", review.given(from_a_later_version()), expected_sequence=1, dataset={"columns": columns})

    data = answer.json()["data"]
    assert (data["dataset"]["columns"], data["dataset"]["responsible"]["phone"]) == (columns, "0271")
