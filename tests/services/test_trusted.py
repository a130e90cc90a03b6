"""A signer that lanes trust, such as the desk: its callers act as themselves, and the log says how they were known."""

import uuid
from datetime import UTC, datetime
from pathlib import Path

import httpx

from tests.events.given import ATASAN, story, submitted
from tests.events.given import revised as revised_step
from tests.services.desk import Desk, bearer, desk_of
from web.keys import make_desk_key
from web.tokens import Role, issue

CHECKLIST = dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)


def token(desk: Desk, *, person: str = ATASAN.id) -> str:
    return issue(
        make_desk_key(desk.keys, ["atasan_ppid"]),
        id=person,
        name=ATASAN.name,
        role=Role.ATASAN_PPID,
        opd=None,
        issued_at=datetime.now(UTC),
        seconds=300,
        token_id=str(uuid.uuid4()),
        kid="desk",
        via=("desk", "password"),
        acting="800/123/2026",
    )


async def verify(desk: Desk, submission_id: uuid.UUID, signed: str) -> httpx.Response:
    path = f"/decision/api/submissions/{submission_id}/verify"
    return await desk.http.post(path, headers=bearer(signed), json={"expected_sequence": 2, "checklist": CHECKLIST})


async def test_the_log_says_how_a_person_was_known_and_under_which_letter(tmp_path: Path) -> None:
    async with desk_of("decision", tmp_path) as desk:
        submission_id = desk.given(*story(submitted, revised_step))

        answer = await verify(desk, submission_id, token(desk))

        assert answer.status_code == 200
        actor = answer.json()["actor"]
        assert (actor["id"], actor["via"], actor["acting"]) == (ATASAN.id, ["desk", "password"], "800/123/2026")


async def test_four_eyes_go_by_the_person_however_known(tmp_path: Path) -> None:
    async with desk_of("decision", tmp_path) as desk:
        told = story(submitted, revised_step)
        submission_id = desk.given(*told)

        answer = await verify(desk, submission_id, token(desk, person=told[-1].event.actor.id))

        assert (answer.status_code, [e["code"] for e in answer.json()["errors"]]) == (403, ["four_eyes"])


async def test_without_the_file_the_desk_is_locked_out_and_others_are_not(tmp_path: Path) -> None:
    async with desk_of("decision", tmp_path) as desk:
        signed = token(desk)
        (desk.keys / "trusted" / "desk.json").unlink()

        answer = await desk.http.get("/decision/api/inbox", headers=bearer(signed))

        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "token_invalid")
        assert (await desk.get("inbox", ATASAN)).status_code == 200
