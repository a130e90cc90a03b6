"""An inbox of hundreds of cases is narrowed down, ordered and counted, and never shows more than the caller may see."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from events.contracts import Actor
from tests.events.given import KETUA, Step, approved, published, rejected, revised, story, submission_of, verified
from tests.services.desk import AUDITOR, KETUA_OF_DINKES, TIM, Desk, desk_of

DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")


def case(desk: Desk, title: str, *later: Step, minutes_ago: float = 5, by: Actor | None = None, **more: Any) -> str:
    first = submission_of(title=title, dataset_id=more.pop("dataset_id", f"d-{uuid.uuid4().hex[:8]}"), **more)
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return str(desk.given(*story((first.by(by) if by else first).on(at), *(step.on(at) for step in later))))


async def found(desk: Desk, query: str, who: Actor = AUDITOR) -> list[str]:
    answer = await desk.get(f"inbox?{query}", who)
    assert answer.status_code == 200, answer.text
    return [item["submission_id"] for item in answer.json()["items"]]


async def test_parts_of_the_title_the_dataset_and_the_agency_and_the_beginning_of_a_number(review: Desk) -> None:
    village = case(review, "Daftar 100% Desa", minutes_ago=9)
    clinic = case(review, "Jumlah Puskesmas", minutes_ago=8, by=DINKES, dataset_id="jumlah-puskesmas")

    for query in ("q=desa", "q=100%25", "q=DESA+daf", f"q={village[:4]}", f"q={village}", "q=spermades", "opd=dispermades"):
        assert await found(review, query) == [village], query
    for query in ("q=jumlah-pus", "q=dinkes", "q=puskesmas+dinkes", "opd=dinkes"):
        assert await found(review, query) == [clinic], query
    assert await found(review, "q=") == await found(review, "q=a") == [village, clinic]
    assert await found(review, "q=desa+puskesmas") == await found(review, "q=%25%25") == await found(review, "opd=setda") == []


async def test_state_lateness_and_order(review: Desk) -> None:
    late, new = case(review, "A", minutes_ago=61), case(review, "B", minutes_ago=1)
    back = case(review, "C", revised, rejected(), minutes_ago=30)
    case(review, "D", revised)

    assert await found(review, "state=rejected") == [back]
    assert await found(review, "overdue=true") == [late]
    assert await found(review, "overdue=true&state=rejected") == []
    assert await found(review, "order=due") == [late, back, new]
    assert await found(review, "order=newest") == [new, back, late]
    page = (await review.get("inbox?order=newest&limit=2", AUDITOR)).json()
    rest = await found(review, f"order=newest&limit=2&after={page['next']}")
    assert [item["submission_id"] for item in page["items"]] + rest == [new, back, late]


@pytest.mark.parametrize(("calendar", "days"), [("wall", 69), ("office", 300)])
async def test_a_step_that_may_take_months_is_late_after_them_and_not_before(tmp_path: Path, calendar: str, days: int) -> None:
    async with desk_of("review", tmp_path, sla_minutes="100000", sla_calendar=calendar) as desk:
        case(desk, "A", minutes_ago=days * 24 * 60)
        late = case(desk, "B", minutes_ago=2 * 365 * 24 * 60)
        assert await found(desk, "overdue=true") == [late]


@pytest.mark.parametrize("query", ["state=x", "order=x", "overdue=x", f"q={'a' * 201}", "after=x", "q=%00", "opd=%00"])
async def test_what_cannot_be_asked_is_refused_with_its_field(review: Desk, query: str) -> None:
    answer = await review.get(f"inbox?{query}", AUDITOR)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, query.partition("=")[0])


async def test_counts_are_those_of_the_lines_that_the_caller_may_see(review: Desk) -> None:
    for minutes in (61, 62, 1):
        case(review, "A", minutes_ago=minutes)
    case(review, "B", minutes_ago=99, by=DINKES)
    case(review, "C", revised)

    async def counted(who: Actor, query: str = "") -> dict[str, int]:
        counts: dict[str, int] = (await review.get(f"counts{query}", who)).json()
        return counts

    assert await counted(KETUA) == {"waiting": 3, "overdue": 2}
    assert await counted(KETUA_OF_DINKES) == {"waiting": 1, "overdue": 1}
    assert await counted(AUDITOR) == {"waiting": 4, "overdue": 3}
    assert await counted(AUDITOR, "?opd=dinkes") == {"waiting": 1, "overdue": 1}
    assert await counted(AUDITOR, "?opd=setda") == {"waiting": 0, "overdue": 0}


async def test_who_hands_in_counts_the_own_wherever_they_wait_and_none_that_is_done(tmp_path: Path) -> None:
    async with desk_of("intake", tmp_path) as desk:
        case(desk, "A", minutes_ago=61)
        case(desk, "B", revised)
        case(desk, "C", revised, verified, approved, published)
        case(desk, "D", by=DINKES)

        assert (await desk.get("counts", TIM)).json() == {"waiting": 2, "overdue": 1}
        assert len(await found(desk, "", TIM)) == 2


async def test_another_agencys_cases_cannot_be_asked_for(review: Desk) -> None:
    case(review, "A", by=DINKES)

    for path in ("inbox?opd=dinkes", "counts?opd=dinkes"):
        answer = await review.get(path, KETUA)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "other_opd")
    assert await found(review, "q=dinkes", KETUA) == []


async def test_who_acts_for_an_agency_that_became_another_one_sees_its_cases(review: Desk) -> None:
    old = case(review, "A")
    review.shared.directory.opds["dispermades"] = {"name": "Lama", "moved_to": "dinkes"}

    assert await found(review, "", KETUA_OF_DINKES) == await found(review, "opd=dispermades", KETUA_OF_DINKES) == [old]
    assert (await review.get(f"submissions/{old}", KETUA_OF_DINKES)).json()["may"] == ["revise", "withdraw"]
    assert (await review.get("counts", KETUA_OF_DINKES)).json()["waiting"] == 1
