"""The baton: who holds a submission after each step, and who may do what next (SOP, steps 1 to 4)."""

import itertools
import uuid

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from events.contracts import Actor, Lane
from events.rules import STATES, another_pair_of_eyes, held_by, next_ids, same_opd, turn_of
from events.submission import BATON, State, fold
from tests.events.given import (
    ATASAN,
    KETUA,
    TIM,
    WHOLE_LIFE,
    Step,
    approved,
    given,
    on_a_topic,
    published,
    rejected,
    retracted,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)

STEPS = {step.type: step for step in (submitted, revised, verified, rejected(), approved, published, retracted)}
LIVES = [
    # the steps so far                                              state        holder          what may be written next
    ((submitted,), "submitted", "review", {"DataRevised", "DataRetracted"}),
    ((submitted, revised), "revised", "decision", {"DataVerified", "DataRejected"}),
    ((submitted, revised, verified), "verified", "decision", {"DataApproved", "DataRejected"}),
    ((submitted, revised, rejected()), "rejected", "review", {"DataRevised", "DataRetracted"}),
    ((submitted, revised, verified, rejected()), "rejected", "review", {"DataRevised", "DataRetracted"}),
    ((submitted, revised, rejected(), revised), "revised", "decision", {"DataVerified", "DataRejected"}),
    ((submitted, revised, verified, approved), "approved", "publisher", {"DataPublished", "DataRejected", "DataRetracted"}),
    ((submitted, revised, verified, approved, published), "published", None, {"DataRetracted"}),
    ((submitted, revised, verified, approved, published, retracted), "retracted", None, set()),
    ((submitted, revised, verified, approved, retracted), "retracted", None, set()),
]


@pytest.mark.parametrize(("steps", "state", "holder", "may_follow"), LIVES)
def test_exactly_one_lane_holds_the_baton(steps: tuple[Step, ...], state: str, holder: str | None, may_follow: set[str]) -> None:
    submission = given(*steps)

    assert (str(submission.state), submission.holder and str(submission.holder)) == (state, holder)
    assert set(submission.next) == may_follow


def test_the_way_begins_at_intake_and_the_table_names_every_state() -> None:
    assert BATON[None].holder is Lane.INTAKE
    assert set(BATON[None].next) == {"DataSubmitted"}
    assert BATON.keys() == {None, *State}
    assert {state for _, state, _, _ in LIVES} == set(State)


@pytest.mark.parametrize(
    ("steps", "may_follow", "event_type"),
    [(steps, may_follow, event_type) for (steps, _, _, may_follow), event_type in itertools.product(LIVES, STEPS)],
)
def test_only_what_the_baton_allows_may_be_written(steps: tuple[Step, ...], may_follow: set[str], event_type: str) -> None:
    submission = given(*steps)

    turn = turn_of(submission.head) or Lane.PUBLISHER
    reason = held_by(submission.head, event_type=event_type, lane=turn, expected_sequence=submission.sequence)
    elsewhere = held_by(submission.head, event_type=event_type, lane=Lane.INTAKE, expected_sequence=submission.sequence)

    assert (reason is None) == (event_type in may_follow)
    assert elsewhere is not None
    if reason:
        assert reason.code == "not_holder"
        assert STATES[submission.state] in reason.note


@pytest.mark.parametrize("expected_sequence", [1, 3])
def test_who_decides_on_an_older_or_unknown_step_is_told_what_changed(expected_sequence: int) -> None:
    reason = held_by(given(submitted, revised).head, event_type="DataVerified", lane="decision", expected_sequence=expected_sequence)

    assert reason is not None
    assert (reason.code, reason.field) == ("stale", "expected_sequence")
    assert "nomor 2 oleh Ketua PPID" in reason.note


def test_a_returned_dataset_goes_back_to_the_agency_head_with_the_reasons() -> None:
    submission = given(submitted, revised, rejected(reason="kolom tanpa satuan"))

    assert submission.holder is Lane.REVIEW
    assert [reason.note for reason in submission.reasons] == ["kolom tanpa satuan"]
    assert given(submitted, revised, rejected(), revised).reasons == ()


def test_a_revision_replaces_metadata_and_files_and_the_hash_a_decision_binds_to() -> None:
    before = given(submitted)
    after = given(submitted, revision_of(title="Daftar desa 2025", findings=[FINDING]))

    assert (before.dataset.title, after.dataset.title) == ("Daftar desa", "Daftar desa 2025")
    assert after.manifest != before.manifest
    assert [finding.code for finding in after.findings] == ["metadata_incomplete"]
    assert given(submitted, revised, verified).manifest == given(submitted).manifest


def test_the_baton_arrives_when_the_last_event_happened() -> None:
    told = story(submitted, revised)
    submission = fold(told)

    assert submission is not None
    assert (submission.arrived_at, submission.actor) == (told[-1].event.occurred_at, KETUA)
    assert next_ids(submission.head) | {"event_id": None} == {
        "submission_id": told[0].event.submission_id,
        "sequence": 3,
        "previous": told[-1].hash,
        "event_id": None,
    }


@pytest.mark.parametrize(
    ("steps", "who", "may_decide"),
    [
        ((submitted, revised), ATASAN, True),
        ((submitted, revised), TIM, False),
        ((submitted, revised), KETUA, False),
        ((submitted, revised.by(ATASAN)), ATASAN, False),
        ((submitted.by(ATASAN), revised), ATASAN, False),
        ((submitted, revised.by(ATASAN), rejected().by(KETUA), revised), ATASAN, False),
        ((submitted, revised, verified), ATASAN, True),
    ],
)
def test_four_eyes_who_submitted_or_revised_does_not_decide(steps: tuple[Step, ...], who: Actor, *, may_decide: bool) -> None:
    reason = another_pair_of_eyes(given(*steps).head, who)

    assert (reason is None) == may_decide
    assert reason is None or reason.code == "four_eyes"


def test_four_eyes_binds_nobody_whom_a_system_names_on_kafka() -> None:
    """Else whoever may write to an OPD's topic could lock the only superior out of every decision."""
    told = story(on_a_topic(submitted, says=ATASAN.id), revised)
    submission = fold(told)

    assert submission is not None
    assert submission.head.hands == {KETUA.id}
    assert another_pair_of_eyes(submission.head, ATASAN) is None


def test_an_agency_head_acts_on_the_own_agency_only() -> None:
    submission = given(submission_of())
    other = Actor(id="ketua@dinkes", name="Ketua", role="ketua_ppid", opd="dinkes")

    assert same_opd(submission.head, KETUA) is None
    assert same_opd(submission.head, other) is not None
    assert same_opd(submission.head, ATASAN) is not None


@for_all(st.lists(st.sampled_from(list(STEPS.values())), max_size=12))
def test_no_history_makes_the_fold_raise_and_it_ends_where_the_last_event_says(steps: list[Step]) -> None:
    told = story(*steps, event_id=uuid.UUID(int=7))

    submission = fold(told)

    begun = [n for n, r in enumerate(told) if r.event.type == "DataSubmitted"]
    assert (submission is None) == (not begun)
    if submission:
        assert submission.state == f"{told[-1].event.type.removeprefix('Data')}".lower()
        assert (submission.sequence, submission.head.hash) == (len(told), told[-1].hash)


def test_the_fold_of_a_prefix_is_the_submission_at_that_moment() -> None:
    told = story(*WHOLE_LIFE)
    states = [fold(told[:n]) for n in range(len(told) + 1)]

    assert [s and s.state for s in states] == [None, "submitted", "revised", "rejected", "revised", "verified", "approved", "published"]


FINDING = {
    "word": "lengkap",
    "severity": "warning",
    "code": "metadata_incomplete",
    "field": "dataset.theme",
    "message": "Belum diisi: theme.",
}
