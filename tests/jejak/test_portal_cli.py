"""`jejak portal diff` and `repair` as an operator reads them: a line for each difference, and an exit code that a script can go by."""

from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from jejak import portal_cli
from portals.portal import Code, PortalProblem
from services.publisher.upkeep import Upkeep
from services.publisher.web import publishing_of
from tests.lane.shelves import keep
from tests.services.desk import CONTENT, desk_of
from tests.services.portal_that_fails import FailingPortal
from tests.services.test_upkeep import publish

Say = Callable[..., Result]


@pytest.fixture
async def portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FailingPortal]:
    """One dataset is published by the log, and the portal knows nothing of it."""
    async with desk_of("publisher", tmp_path) as desk:
        keep(desk.shared.files, CONTENT)
        publish(desk)
        publishing, made = publishing_of(desk.lane), FailingPortal(tmp_path / "portal")
        upkeep = Upkeep(made, publishing.standings, publishing.turns, desk.shared.files)
        monkeypatch.setattr(portal_cli, "_upkeep", lambda: nullcontext(upkeep))
        yield made


@pytest.fixture
def say() -> Say:
    return lambda *words: CliRunner().invoke(portal_cli.app, words)


async def test_what_differs_is_told_put_right_and_told_no_more(portal: FailingPortal, say: Say, tmp_path: Path) -> None:
    assert say("diff").exit_code == 1
    repaired = say("repair")
    assert (repaired.exit_code, "TETAP" in repaired.stdout) == (0, False)
    for words in (["diff"], ["diff", "daftar-desa"], ["repair"], ["repair", "daftar-desa"]):
        told = say(*words)
        assert (told.exit_code, told.stdout) == (0, ""), words

    page = tmp_path / "portal/dataset/daftar-desa/latest/index.html"
    page.write_text("diretas")
    told = say("diff", "daftar-desa", "--json")
    assert (told.exit_code, orjson.loads(told.stdout)["what"]) == (1, "page")
    told = say("repair", "daftar-desa")
    assert (told.exit_code, "diperbaiki daftar-desa: halaman diubah (" in told.stdout) == (0, True)
    assert "diretas" not in page.read_text()


async def test_what_is_left_is_said_with_why_and_ends_with_1(portal: FailingPortal, say: Say, tmp_path: Path) -> None:
    portal.broken = {"daftar-desa"}
    told = say("repair", "daftar-desa")
    assert (told.exit_code, "TETAP" in told.stdout, "Portal tidak menjawab." in told.stdout) == (1, True, True)
    told = say("repair", "daftar-desa", "--json")
    assert {(one["repaired"], one["why"]) for one in map(orjson.loads, told.stdout.splitlines())} == {(False, "Portal tidak menjawab.")}

    portal.broken = set()
    assert say("repair").exit_code == 0
    (tmp_path / "portal/robots.txt").write_text("milik pengelola")
    told = say("repair")
    assert (told.exit_code, "bukan milik Jejak" in told.stdout) == (1, True)
    (tmp_path / "portal/dataset/palsu").mkdir()
    assert "palsu: ada di portal, tetapi tidak ada di log" in say("diff").stdout, "also with nothing in it"
    assert "sebut namanya" in say("repair").stdout
    assert say("repair", "palsu").exit_code == 0


@pytest.mark.parametrize("verb", ["diff", "repair"])
async def test_a_name_that_nobody_knows_is_wrong_use(verb: str, portal: FailingPortal, say: Say) -> None:
    for name in ("daftar-dessa", "../..", "Daftar", ""):
        assert say(verb, name).exit_code == 2


@pytest.mark.parametrize("verb", ["diff", "repair"])
async def test_a_portal_that_does_not_answer_is_no_clean_portal(verb: str, portal: FailingPortal, say: Say) -> None:
    portal.unreadable["daftar-desa"] = Code.UNREACHABLE
    assert isinstance(say(verb).exception, PortalProblem)
    portal.unreadable["daftar-desa"] = Code.NOT_AUTHORIZED
    told = say(verb, "daftar-desa")
    assert (told.exit_code, "tidak dapat dilihat" in told.stdout) == (1, True)
