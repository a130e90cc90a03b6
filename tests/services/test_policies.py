"""The rules of the steps, one by one: each is good, or gives its reason."""

import uuid
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import reject, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from events.contracts import Checklist
from events.inbound import Inbound
from events.metadata import Dataset, File
from events.submission import State
from lane.inbox import OnItsWay, Standing
from lane.publishable import hidden_characters, personal_words, reasons_against, words
from services.decision.policy import MAY_DECIDE, all_five_hold, has_no_error_findings, place_is_free
from services.intake.policy import MAY_PUT_FILES, MAY_SUBMIT, comes_from
from services.publisher.policy import MAY_PUBLISH, PUBLISHER
from services.review.policy import MAY_REVISE
from tests.checks.test_personal import LOOKS
from tests.events.given import CHECKLIST, DATASET, FILE, given, revision_of, submitted
from tests.services.desk import form
from web.tokens import Role


def against(*files: dict[str, Any], **changes: Any) -> list[tuple[str, str | None]]:
    dataset = Dataset.model_validate(DATASET | changes, strict=False)
    return [(r.code, r.field) for r in reasons_against(dataset, [File.model_validate(file) for file in files or (FILE,)])]


def test_public_data_without_personal_data_may_enter() -> None:
    assert against() == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"information_class": "dikecualikan"}, ("exempt", "dataset.information_class")),
        ({"personal_data": {"contains": True}}, ("personal_data", "dataset.personal_data")),
        ({"personal_data": {"contains": True, "deidentified": False}}, ("personal_data", "dataset.personal_data")),
        ({"period_start": "2026-01-01"}, ("period_reversed", "dataset.period_end")),
        ({"columns": []}, ("required", "dataset.columns")),
    ],
)
def test_what_keeps_data_out(changes: dict[str, Any], reason: tuple[str, str]) -> None:
    assert against(**changes) == [reason]


def test_what_looks_like_it_but_may_enter() -> None:
    assert against(personal_data={"contains": True, "deidentified": True}) == []
    assert against(FILE | {"name": "daftar-desa.pdf", "media_type": "application/pdf"}, columns=[]) == []
    assert against(period_start="2025-12-31", period_end="2025-12-31") == []
    for information_class in ("berkala", "serta-merta", "setiap-saat"):
        assert against(information_class=information_class) == []


def test_two_files_of_one_name_would_overwrite_each_other() -> None:
    assert against(FILE, FILE | {"name": FILE["name"].upper()}) == [("file_twice", "files.1.name")]  # type: ignore[attr-defined]
    for twin in ("désa.csv", "de\u0301sa.csv", "désa.csv "):
        assert ("file_twice", "files.1.name") in against(FILE | {"name": "d\u00e9sa.csv"}, FILE | {"name": twin})


def test_all_reasons_are_given_at_once() -> None:
    codes = [code for code, _ in against(information_class="dikecualikan", personal_data={"contains": True}, period_start="2030-01-01")]

    assert codes == ["exempt", "personal_data", "period_reversed"]


@pytest.mark.parametrize("word", CHECKLIST)
def test_each_of_the_five_words_must_hold(word: str) -> None:
    assert all_five_hold(Checklist.model_validate(CHECKLIST)) == []

    (reason,) = all_five_hold(Checklist.model_validate(CHECKLIST | {word: False}))
    assert (reason.code, reason.field) == ("not_confirmed", f"checklist.{word}")
    assert word in reason.note


def test_a_warning_does_not_hinder_and_an_error_does() -> None:
    finding = {"word": "valid", "code": "x", "field": "dataset.columns", "message": "Ada yang salah."}

    assert has_no_error_findings(given(submitted, revision_of(findings=[finding | {"severity": "warning"}]))) == []
    (reason,) = has_no_error_findings(given(submitted, revision_of(findings=[finding | {"severity": "error"}])))
    assert (reason.code, reason.field) == ("has_errors", "dataset.columns")


def test_a_name_belongs_to_the_agency_that_first_submitted_under_it() -> None:
    assert place_is_free(given(submitted).head, Standing("dispermades", 3)) == []

    (reason,) = place_is_free(given(submitted).head, Standing("dinkes", 3))
    assert (reason.code, reason.field) == ("name_taken", "dataset.dataset_id")
    assert "dinkes" in reason.note


def test_of_two_submissions_for_one_period_the_first_goes_first() -> None:
    head = given(submitted).head
    period = ("2025-01-01", "2025-12-31")
    mine, another = (OnItsWay(str(i), period, "dispermades", State.VERIFIED) for i in (head.submission_id, uuid.UUID(int=1)))
    of_before = another._replace(period=("2024-01-01", "2024-12-31"))
    about_to_be_published = another._replace(state=State.APPROVED)

    assert place_is_free(head, Standing("dispermades", 2, (mine, another))) == []
    assert place_is_free(head, Standing("dispermades", 2, (of_before, mine))) == []
    for way in ((another, mine), (mine, about_to_be_published)):
        (reason,) = place_is_free(head, Standing("dispermades", 2, way))
        assert (reason.code, str(uuid.UUID(int=1)) in reason.note) == ("already_open", True)


def test_an_agency_speaks_for_itself_only() -> None:
    inbound = Inbound.model_validate(form(), strict=False)

    assert comes_from(inbound, "dispermades") is None
    reason = comes_from(inbound, "dinkes")
    assert reason is not None
    assert (reason.code, reason.field) == ("other_opd", "opd")


def test_each_swimlane_of_the_sop_does_its_own_step() -> None:
    assert {Role.TIM_PPID} == MAY_SUBMIT
    assert {Role.TIM_PPID, Role.KETUA_PPID} == MAY_PUT_FILES
    assert {Role.KETUA_PPID} == MAY_REVISE
    assert {Role.ATASAN_PPID} == MAY_DECIDE
    assert {Role.ADMIN_OPENDATA} == MAY_PUBLISH
    assert PUBLISHER.role in MAY_PUBLISH


ODD = ("\u202e", 'kata "kutip"', "a\\nb", "0812\t3456\t7890", "surel@gmail.com", "\uff10\uff18\uff11\uff12")
SEEN = st.sampled_from(LOOKS).flatmap(st.from_regex) | st.sampled_from(ODD)
PLACES = ("title", "summary", "section", "license", "source", "method")


@settings(max_examples=400, derandomize=True, database=None, deadline=None)
@for_any(st.dictionaries(st.sampled_from(PLACES), st.builds("{}{}".format, SEEN, st.text(max_size=20)), min_size=1), st.booleans())
def test_the_look_at_a_form_as_a_whole_passes_over_nothing(told: dict[str, str], reached: bool) -> None:  # noqa: FBT001
    office = {"position": "Kepala Bidang 0812 3456 7890" if reached else "Kepala Bidang", "email": "data@karanganyarkab.go.id"}
    try:
        dataset = Dataset.model_validate(DATASET | told | {"responsible": office}, strict=False)
    except ValidationError:
        reject()
    files = [File.model_validate(FILE)]

    assert words(dataset, files) == [*personal_words(dataset, files), *hidden_characters(dataset, files)]
