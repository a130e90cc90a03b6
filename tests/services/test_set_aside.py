"""The operator's word on what a lane set aside: kept beside it and sent with it, so it is looked at like any official's words."""

import pytest

from tests.events.given import story, submitted, verified
from tests.services.desk import ADMIN, Desk, codes

NIK = "NIK 3313014101900001 Budi"


async def set_aside(desk: Desk) -> int:
    desk.given(*story(submitted, verified))
    [item] = (await desk.get("dead-letters", ADMIN)).json()["items"]
    return int(item["number"])


@pytest.mark.parametrize("how", ["discard", "retry"])
@pytest.mark.parametrize("note", ["a\x00b", "a\ud800b", NIK, "x" * 1_001], ids=["zero", "half a letter", "NIK", "long"])
async def test_a_note_that_no_store_holds_or_that_names_somebody_is_refused(review: Desk, how: str, note: str) -> None:
    number = await set_aside(review)

    answer = await review.post(f"dead-letters/{number}/{how}", ADMIN, {"note": note})

    assert answer.status_code == 422
    assert (codes(answer)[0] == ("personal_data", "note")) is (note == NIK)
    assert (await review.get(f"dead-letters/{number}", ADMIN)).json()["acts"] == []


async def test_a_plain_note_is_taken(review: Desk) -> None:
    number = await set_aside(review)

    answer = await review.post(f"dead-letters/{number}/discard", ADMIN, {"note": "  Uji coba.  "})

    assert (answer.status_code, answer.json()["acts"][0]["note"]) == (200, "Uji coba.")
