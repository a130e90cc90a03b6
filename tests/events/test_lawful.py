"""The law of the log: each way of breaking it has its code, on admission as when a lane writes; what is lawful gives the next head."""

import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from events.contracts import EVENT, Actor, Lane
from events.ids import manifest_of
from events.journal import Journal
from events.lawful import LAW, lawful
from events.submission import Head, Recorded, advance, hash_of
from tests.events.given import (
    ADMIN,
    ATASAN,
    CHECKLIST,
    FILE,
    KETUA,
    TIM,
    Step,
    after,
    approved,
    in_the_role_of,
    on_a_topic,
    on_kafka,
    published,
    recalled,
    rejected,
    retracted,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
    withdrawn,
)

ERROR = {"word": "valid", "severity": "error", "code": "csv_dialect", "message": "Pemisah kolom bukan koma."}
OF_DINKES = KETUA.model_copy(update={"opd": "dinkes"})
TWO = [FILE, FILE | {"name": "kamus.csv", "sha256": "b" * 64}]
Lie = Callable[[dict[str, Any]], None]


def head_after(told: list[Recorded]) -> Head | None:
    head: Head | None = None
    for recorded in told:
        head = advance(head, recorded.said, recorded.hash)
    return head


def told_otherwise(recorded: Recorded, lie: Lie) -> Recorded:
    """The event, saying something else; it still keeps its contract."""
    said = orjson.loads(recorded.raw)
    lie(said)
    raw = orjson.dumps(said)
    return Recorded(EVENT.validate_json(raw), raw)


def put(*way: str, value: Any) -> Lie:
    def lie(said: dict[str, Any]) -> None:
        for step in way[:-1]:
            said = said[step]
        said[way[-1]] = value

    return lie


def shown(sha256: str = "a" * 64) -> dict[str, str]:
    return {"name": "daftar-desa.csv", "sha256": sha256, "url": "/portal/daftar-desa/daftar-desa.csv"}


def by(actor: Actor) -> Lie:
    return put("actor", value=actor.model_dump(exclude_none=True))


LIES: list[tuple[str, tuple[Step, ...], Lie]] = [
    ("gap", (submitted, revised), put("sequence", value=3)),
    ("broken_chain", (submitted, revised), put("previous", value="0" * 64)),
    ("wrong_lane", (submitted, revised, verified, approved, recalled), put("lane", value="decision")),
    ("wrong_lane", (submitted, withdrawn), put("lane", value="publisher")),
    ("wrong_lane", (submitted, revised, verified, approved, published, retracted), put("lane", value="review")),
    ("wrong_lane", (submitted, withdrawn), put("data", "url", value="/portal/daftar-desa/")),
    ("wrong_lane", (submitted, revised, rejected(), withdrawn), put("data", "relist", value=True)),
    ("wrong_role", (submitted,), by(in_the_role_of(ATASAN, TIM).model_copy(update={"opd": "dispermades"}))),
    ("wrong_role", (submitted, revised), by(TIM)),
    ("wrong_role", (submitted, revised, verified), by(ADMIN)),
    ("wrong_role", (submitted, revised, verified, approved), by(KETUA)),
    ("wrong_role", (submitted, revised, verified, approved, published), by(ATASAN)),
    ("wrong_id", (submitted,), put("event_id", value=str(uuid.uuid4()))),
    ("wrong_id", (submitted,), put("data", "received", "event_id", value=str(uuid.uuid4()))),
    ("wrong_id", (submitted,), put("actor", "opd", value="dinkes")),
    ("wrong_id", (submitted, revised), put("event_id", value=str(uuid.uuid4()))),
    ("other_opd", (submitted, revised), by(OF_DINKES)),
    ("other_opd", (submitted, revised), put("actor", "opd", value=None)),
    ("other_opd", (submitted, withdrawn), by(OF_DINKES)),
    ("other_opd", (submitted,), put("data", "received", "topic", value="opd.dinkes.data-submitted.v1")),
    ("other_opd", (submitted,), put("data", "received", "topic", value="")),
    ("other_opd", (submitted, revised, verified), put("actor", "opd", value="dispermades")),
    ("other_opd", (submitted, revised, verified, approved, published), put("actor", "opd", value="dinkes")),
    ("four_eyes", (submitted, revised, verified), by(in_the_role_of(ATASAN, KETUA))),
    ("four_eyes", (submitted, revised, verified, approved), by(in_the_role_of(ATASAN, TIM))),
    *(("not_confirmed", (submitted, revised, verified), put("data", "checklist", word, value=False)) for word in CHECKLIST),
    ("has_errors", (submitted, revision_of(findings=[ERROR]), verified), lambda _: None),
    ("wrong_manifest", (submitted,), put("data", "dataset", "title", value="Judul lain")),
    ("wrong_manifest", (submitted, revised), put("data", "manifest", value="f" * 64)),
    ("wrong_manifest", (submitted, revised, verified), put("data", "manifest", value="f" * 64)),
    ("wrong_manifest", (submitted, revised, verified, approved), put("data", "manifest", value="f" * 64)),
    ("wrong_files", (submitted, revised, verified, approved, published), put("data", "files", value=[shown("e" * 64)])),
    ("wrong_files", (submitted, revised, verified, approved, published), put("data", "files", value=[shown(), shown("e" * 64)])),
    ("wrong_files", (submitted, revision_of(files=TWO), verified, approved, published), put("data", "files", value=[shown()])),
]


@pytest.mark.parametrize(("code", "steps", "lie"), LIES, ids=[f"{code} {steps[-1].type} {n}" for n, (code, steps, _) in enumerate(LIES)])
def test_what_breaks_the_law_is_named_and_enters_no_journal(journal: Journal, code: str, steps: tuple[Step, ...], lie: Lie) -> None:
    told = story(*steps)
    *before, last = told
    forged = told_otherwise(last, lie)

    assert lawful(head_after(before), forged.said, forged.hash) == code
    outcomes = journal.replicate(on_kafka(*before, forged))
    assert [outcome.counted for outcome in outcomes] == ["applied"] * len(before) + [code]
    assert [(letter.code, letter.raw) for _, letter in journal.letters(0, 9)] == [(code, forged.raw)]
    assert len(journal.history(last.event.submission_id)) == len(before)


def test_every_article_of_the_law_is_tried() -> None:
    assert {code for code, _, _ in LIES} | {"out_of_turn"} == {code for code, _ in LAW}


WAYS = [
    (submitted, revised, rejected(), revised, verified, approved, published, retracted),
    (submitted, revised, verified, rejected(), withdrawn),
    (submitted, withdrawn.by(TIM)),
    (submitted, revised, verified, approved, recalled, revised, verified, approved, published),
    (submitted, revised, verified, approved, recalled.by(ATASAN)),
    (submitted, revised, verified, approved, retracted),
    (on_a_topic(submitted, says=ATASAN.id), revised, verified, approved),
    (submitted, revised, rejected().by(in_the_role_of(ATASAN, TIM))),
    (submitted, revision_of(findings=[ERROR]), rejected(), revised, verified),
]


@pytest.mark.parametrize("steps", WAYS)
def test_every_way_through_the_sop_is_lawful(journal: Journal, steps: tuple[Step, ...]) -> None:
    told = story(*steps)

    assert [outcome.counted for outcome in journal.replicate(on_kafka(*told))] == ["applied"] * len(told)
    assert journal.head(told[0].event.submission_id) == head_after(told)


@pytest.mark.parametrize("listed", [TWO[::-1], [*TWO, TWO[0] | {"name": "sama.csv"}], []], ids=["another order", "twice the same", "none"])
def test_what_was_approved_is_published_however_it_is_listed(listed: list[dict[str, str]]) -> None:
    *before, last = story(submitted, revision_of(files=TWO), verified, approved, published)
    told = told_otherwise(last, put("data", "files", value=[shown(file["sha256"]) for file in listed]))

    assert isinstance(lawful(head_after(before), told.said, told.hash), Head)


@pytest.mark.parametrize("step", [withdrawn, retracted, published])
def test_out_of_turn_is_said_before_whose_turn_it_is(journal: Journal, step: Step) -> None:
    told = story(submitted, revised)
    forged = after(told, step)

    assert [outcome.counted for outcome in journal.replicate(on_kafka(*told, *forged))] == ["applied", "applied", "out_of_turn"]


def test_whoever_acts_for_an_agency_now_may_act_on_what_it_submitted() -> None:
    told = story(submitted, revised.by(OF_DINKES))
    head = head_after(told[:1])

    assert lawful(head, told[1].said, told[1].hash) == "other_opd"
    assert isinstance(lawful(head, told[1].said, told[1].hash, {"dispermades": "dinkes"}), Head)
    assert lawful(head, told[1].said, told[1].hash, {"dinkes": "dispermades"}) == "other_opd"
    assert isinstance(lawful(head, told[1].said, told[1].hash, {"dispermades": "setda", "dinkes": "setda"}), Head), "moved on since"


def test_a_whole_life_forged_over_kafka_alone_enters_no_journal(journal: Journal) -> None:
    """One person in every step, the superior's role as submitter, five times false: sequence, chain and turn were right."""
    one = Actor(id="satu-orang", name="Bupati", role="atasan_ppid", opd="setda")
    steps = [submission_of().by(one), revised.by(one), verified.by(one), approved.by(one)]
    told = story(*steps)
    false = told_otherwise(told[2], put("data", "checklist", value=dict.fromkeys(CHECKLIST, False)))

    outcomes = journal.replicate(on_kafka(told[0], told[1], false, told[3]))

    assert [outcome.counted for outcome in outcomes] == ["wrong_role", "gap", "gap", "gap"]
    assert journal.last_id() == 0


def test_a_lane_writes_nothing_that_the_others_would_refuse(journal: Journal) -> None:
    told = story(submitted, revised, verified.by(in_the_role_of(ATASAN, KETUA)))
    journal.replicate(on_kafka(*told[:2]))

    with pytest.raises(Exception, match="Data sudah berubah"):
        journal.append([told[2].event])
    assert len(journal.history(told[0].event.submission_id)) == 2


def test_the_manifest_is_that_of_what_the_event_tells() -> None:
    (recorded,) = story(submitted)
    data = recorded.said["data"]

    assert data["manifest"] == manifest_of(data["dataset"], data["files"])
    assert lawful(None, recorded.said, hash_of(recorded.raw)) == head_after([recorded])
    assert recorded.event.lane is Lane.INTAKE
