"""Taking over what a portal had before Jejak: what is chosen, and what is refused in a sentence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from jejak import portal_cli
from jejak.adopting import choices
from portals.portal import Stranger
from services.publisher.web import publishing_of
from tests.services.desk import desk_of

OLD = Stranger(
    id="id-1", name="data_lama", title="Data lama", organization="setda", opd="setda", dataset_id="data_lama", files=1, state="active"
)


def why(*found: Stranger, dataset_id: str | None = None, opd: str | None = None, **known: object) -> list[str | None]:
    said = {"open_opds": {"setda"}, "adopted": {}, "published": set()} | known
    return [one.why for one in choices(found, dataset_id=dataset_id, opd=opd, **said)]  # type: ignore[arg-type]


def test_what_is_proposed_can_be_taken_over_once_and_again() -> None:
    assert why(OLD) == why(OLD, adopted={"data_lama": "id-1"}) == [None]


@pytest.mark.parametrize(
    ("told", "refused"),
    [
        (lambda: why(OLD, dataset_id="Data Lama"), "bukan dataset_id"),
        (lambda: why(OLD, dataset_id="-lama"), "bukan dataset_id"),
        (lambda: why(OLD, dataset_id="search"), "dipakai portal sendiri"),
        (lambda: why(replace(OLD, dataset_id=None)), "sebut satu dengan --dataset-id"),
        (lambda: why(replace(OLD, opd=None)), "--opd"),
        (lambda: why(OLD, opd="tidak-ada"), "tidak terdaftar"),
        (lambda: why(OLD, published={"data_lama"}), "sudah diterbitkan Jejak"),
        (lambda: why(OLD, adopted={"data_lama": "id-2"}), "data lain di portal"),
        (lambda: why(OLD, adopted={"data-lain": "id-1"}), "sudah dipilih untuk dataset_id data-lain"),
        (lambda: why(OLD, replace(OLD, id="id-2", name="_data_lama")), "juga diusulkan"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(told: Callable[[], list[str | None]], refused: str) -> None:
    assert all(sentence and refused in sentence for sentence in told())


@pytest.mark.parametrize("words", [["--all", "--dataset-id", "data"], ["data", "--all"], ["--dataset-id", "data"], ["--opd", "setda"]])
def test_words_that_mean_two_things_are_wrong_use(words: list[str]) -> None:
    assert CliRunner().invoke(portal_cli.app, ["adopt", *words]).exit_code == 2


async def test_a_name_that_was_adopted_for_one_opd_is_no_other_ones(tmp_path: Path) -> None:
    async with desk_of("publisher", tmp_path) as desk:
        standings = publishing_of(desk.lane).standings
        standings.directory.know({"adopted/data-lama": b'{"id": "id-1", "name": "data_lama", "opd": "setda"}'})
        assert standings.owner("data-lama") == "setda"
        assert standings.owner("data-baru") is None
