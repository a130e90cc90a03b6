"""The archive's lists over HTTP: what cannot be asked is refused with its field, and nobody finds another agency's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from archive.views import Views
from events.contracts import Actor
from tests.events.given import KETUA, story, submission_of
from tests.services.desk import AUDITOR, KETUA_OF_DINKES, TIM, Desk, desk_of


@pytest.fixture
async def archive(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_of("archive", tmp_path) as desk:
        desk.given(*story(submission_of(title="Daftar desa")))
        views = desk.lane.parts["views"]
        assert isinstance(views, Views)
        assert views.follow() == 1
        yield desk


async def found(desk: Desk, query: str, who: Actor) -> list[str]:
    answer = await desk.get(f"submissions?{query}", who)
    assert answer.status_code == 200, answer.text
    return [item["title"] for item in answer.json()["items"]]


async def test_each_finds_what_they_may_see(archive: Desk) -> None:
    for query in ("q=desa", "q=dispermades", "q=daftar-desa", "dataset_id=daftar-desa", "holder=review", "state=submitted&q=daf"):
        for who in (AUDITOR, TIM, KETUA):
            assert await found(archive, query, who) == ["Daftar desa"], query
        assert await found(archive, query, KETUA_OF_DINKES) == [], query
    assert await found(archive, "opd=dinkes", AUDITOR) == []
    refused = await archive.get("submissions?opd=dinkes", TIM)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "other_opd")


@pytest.mark.parametrize("path", ["submissions", "due"])
@pytest.mark.parametrize("query", ["opd=%00", "after=x", "limit=0", "limit=501"])
async def test_what_cannot_be_asked_is_refused_with_its_field(archive: Desk, path: str, query: str) -> None:
    answer = await archive.get(f"{path}?{query}", AUDITOR)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


@pytest.mark.parametrize("query", ["q=%00", f"q={'a' * 201}", "dataset_id=%00", "order=x", "state=x", "holder=archive"])
async def test_nor_is_what_no_list_knows(archive: Desk, query: str) -> None:
    answer = await archive.get(f"submissions?{query}", AUDITOR)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


async def test_numbers_are_for_everybody_and_a_month_is_a_month(archive: Desk) -> None:
    for query in ("", "?month=2026-11"):
        answer = await archive.http.get(f"/archive/api/statistics{query}")
        assert (answer.status_code, len(answer.json()["steps"])) == (200, 4)
        assert answer.headers["cache-control"] == "public, max-age=30"
    for month in ("2026-13", "2026-1", "x", "1999-01", "2026-11%00"):
        refused = await archive.http.get(f"/archive/api/statistics?month={month}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "month")


async def test_agencies_are_listed_by_name_also_those_that_closed(archive: Desk) -> None:
    archive.shared.directory.opds |= {"lama": {"name": "Dinas Lama", "closed_at": "2026-01-01"}, "baru": {"name": "Dinas Baru"}}

    items = (await archive.get("opds", TIM)).json()["items"]

    baru = {"kode": "baru", "name": "Dinas Baru", "open": True, "heir": None}
    assert items[:2] == [baru, {"kode": "lama", "name": "Dinas Lama", "open": False, "heir": None}]
