"""Taking over what a portal had before Jejak: what is chosen, and what is refused in a sentence."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from typer.testing import CliRunner

from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from jejak import portal_cli
from jejak.adopting import Known, choices
from portals.portal import Stranger
from services.publisher.web import publishing_of
from tests.services.desk import desk_of

OLD = Stranger(
    id="id-1", name="data_lama", title="Data lama", organization="setda", opd="setda", dataset_id="data_lama", files=1, state="active"
)


def why(*found: Stranger, dataset_id: str | None = None, opd: str | None = None, **known: object) -> list[str | None]:
    said = {"open_opds": {"setda"}, "adopted": {}, "adopted_for": {}, "published": set()} | known
    return [one.why for one in choices(found, Known(**said), dataset_id=dataset_id, opd=opd)]  # type: ignore[arg-type]


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
        (lambda: why(OLD, dataset_id="x1", adopted={"data-lain": "id-1"}, published={"data-lain"}), "data-lain, yang sudah diterbitkan"),
        (lambda: why(OLD, replace(OLD, id="id-2", name="_data_lama")), "juga diusulkan"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(told: Callable[[], list[str | None]], refused: str) -> None:
    assert all(sentence and refused in sentence for sentence in told())


def test_a_choice_stands_until_another_name_is_said_and_may_be_changed_until_something_is_published() -> None:
    known = Known({"setda", "dinkes"}, {"data-lain": "id-1"}, {"data-lain": "dinkes"}, set())
    [again], [other] = (choices([OLD], known, dataset_id=said, opd=None) for said in (None, "data-benar"))
    assert (again.dataset_id, again.opd, again.why, again.chosen) == ("data-lain", "dinkes", None, "data-lain")
    assert (other.dataset_id, other.opd, other.why, other.chosen) == ("data-benar", "dinkes", None, "data-lain")


def test_all_takes_over_what_was_not_chosen_and_a_new_name_takes_the_old_one_back(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`--all` says of what was chosen what it is, and is content with it; what is told is what was written."""
    new = replace(OLD, id="id-2", name="data_baru", dataset_id="data_baru", opd=None)
    said = list[tuple[str, object]]()
    directory = Directory(Kafka("nowhere"), Progress("directory"))
    directory.know({"opd/setda": b'{"name": "Setda"}', "adopted/data-salah": b'{"id": "id-1", "name": "data_lama", "opd": "organisasi"}'})
    standings = SimpleNamespace(directory=directory, on_portal=lambda _: set(), dataset_ids=list)
    portal = SimpleNamespace(strangers=lambda name: [one for one in (OLD, new) if name in (None, one.name)])

    async def put(_: object, key: str, value: object) -> None:
        said.append((key, value))

    monkeypatch.setattr(portal_cli, "_upkeep", lambda: nullcontext(SimpleNamespace(standings=standings, portal=portal)))
    monkeypatch.setattr(portal_cli, "put_record", put)
    adopt = partial(CliRunner().invoke, portal_cli.app, env={"JEJAK_STORE": f"sqlite:{tmp_path}"})

    assert (adopt(["adopt", "--all"]).exit_code, said) == (1, []), "the new one has no OPD"
    told = adopt(["adopt", "data_lama", "--dataset-id", "data-benar", "--opd", "setda", "--json"])
    assert (told.exit_code, [key for key, _ in said], said[1][1]) == (0, ["adopted/data-benar", "adopted/data-salah"], None)
    line = orjson.loads(told.stdout)
    assert (line["adopted_as"], line["dataset_id"], line["opd"], line["chosen_before"]) == (
        "data-benar",
        "data-benar",
        "setda",
        "data-salah",
    )
    new = replace(new, opd="setda")
    assert (adopt(["adopt", "--all"]).exit_code, said[2][0]) == (0, "adopted/data_baru")


@pytest.mark.parametrize("words", [["--all", "--dataset-id", "data"], ["data", "--all"], ["--dataset-id", "data"], ["--opd", "setda"]])
def test_words_that_mean_two_things_are_wrong_use(words: list[str]) -> None:
    assert CliRunner().invoke(portal_cli.app, ["adopt", *words]).exit_code == 2


async def test_a_name_that_was_adopted_for_one_opd_is_no_other_ones(tmp_path: Path) -> None:
    async with desk_of("publisher", tmp_path) as desk:
        standings = publishing_of(desk.lane).standings
        standings.directory.know({"opd/setda": b'{"name": "Setda"}'})
        standings.directory.know({"adopted/data-lama": b'{"id": "id-1", "name": "data_lama", "opd": "setda"}'})
        assert standings.owner("data-lama") == "setda"
        assert standings.owner("data-baru") is None
