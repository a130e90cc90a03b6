"""Who calls is asked before a byte of the body is read; a body past its limit is a 413 however it comes; then it is read as JSON."""

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.events.given import ATASAN, approved, revised, story, submitted, verified
from tests.services.desk import ADMIN, KETUA, TIM, bearer, desk_of

MIB = 1024 * 1024
SUBMISSION = uuid.UUID(int=1)
CALLS: list[tuple[str, str, str, Any]] = [
    ("intake", "PUT", f"/intake/api/files/{'0' * 64}", TIM),
    ("intake", "POST", "/intake/api/submissions", TIM),
    ("review", "POST", f"/review/api/submissions/{SUBMISSION}/revise", KETUA),
    *(("decision", "POST", f"/decision/api/submissions/{SUBMISSION}/{verb}", ATASAN) for verb in ("verify", "approve", "reject")),
    *(("publisher", "POST", f"/publisher/api/submissions/{SUBMISSION}/{verb}", ADMIN) for verb in ("retry", "retract")),
]


class Body:
    """Chunks of a body, and how many were asked for."""

    def __init__(self, chunks: int) -> None:
        self.chunks = chunks
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.chunks):
            self.read += 1
            yield b" " * MIB


def code(answer: httpx.Response) -> str:
    (error,) = answer.json()["errors"]
    assert error["message"]
    return str(error["code"])


@pytest.mark.parametrize(("lane", "method", "path", "who"), CALLS)
async def test_without_a_token_nothing_of_the_body_is_read(tmp_path: Path, lane: str, method: str, path: str, who: Any) -> None:
    async with desk_of(lane, tmp_path) as desk:
        body = Body(3)

        answer = await desk.http.request(method, path, content=body, headers={"content-type": "application/json"})

        assert (answer.status_code, code(answer), body.read) == (401, "token_missing", 0)


@pytest.mark.parametrize(("lane", "method", "path", "who"), CALLS)
async def test_a_chunked_body_past_the_limit_is_too_large(tmp_path: Path, lane: str, method: str, path: str, who: Any) -> None:
    async with desk_of(lane, tmp_path, files_limit_mb="1") as desk:
        headers = {**bearer(desk.token(who)), "content-type": "application/json"}

        answer = await desk.http.request(method, path, content=Body(20), headers=headers)

        assert (answer.status_code, code(answer)) == (413, "too_large")


@pytest.mark.parametrize(("lane", "method", "path", "who"), CALLS)
async def test_a_body_that_says_it_is_too_large_is_answered_before_it_comes(
    tmp_path: Path, lane: str, method: str, path: str, who: Any
) -> None:
    async with desk_of(lane, tmp_path, files_limit_mb="1") as desk:
        app = desk.http._transport.app  # type: ignore[attr-defined]
        told: list[dict[str, Any]] = []
        headers = [(b"authorization", f"Bearer {desk.token(who)}".encode()), (b"content-length", b"99999999")]

        async def receive() -> dict[str, Any]:
            assert [message.get("status") for message in told[:1]] == [413]
            assert b"too_large" in told[1]["body"]
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
        await app({**scope, "http_version": "1.1", "scheme": "http", "server": ("desk", 80), "client": ("t", 1)}, receive, send)

        assert told[0]["status"] == 413


async def test_a_command_in_another_encoding_or_with_a_key_twice_is_refused_by_name(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path) as desk:
        submission_id = desk.given(*story(submitted))
        plain = json.dumps({"expected_sequence": 1, "note": "x", "dataset": {"title": "Désa"}})

        utf_16 = await desk.post(f"submissions/{submission_id}/revise", KETUA, plain.encode("utf-16"))
        marked = await desk.post(f"submissions/{submission_id}/revise", KETUA, plain.encode("utf-8-sig"))
        twice = await desk.post(f"submissions/{submission_id}/revise", KETUA, plain.replace('"note"', '"note": "y", "note"').encode())

        assert [(answer.status_code, code(answer)) for answer in (utf_16, marked, twice)] == [
            (422, "wrong_encoding"),
            (422, "wrong_encoding"),
            (422, "said_twice"),
        ]
        assert (await desk.post(f"submissions/{submission_id}/revise", KETUA, plain.encode())).status_code == 200


async def test_true_is_no_word(tmp_path: Path) -> None:
    """Whether an earlier edition is shown again is not guessed from "yes" or 1."""
    async with desk_of("publisher", tmp_path) as desk:
        told = desk.given(*story(submitted, revised, verified, approved))
        reason = {"code": "x", "note": "Salah berkas."}
        for relist in ("yes", "false", 1):
            refused = await desk.says(ADMIN, "retract", told, expected_sequence=4, reason=reason, relist=relist)
            assert (refused.status_code, code(refused)) == (422, "wrong_type")
        assert len(desk.written(told)) == 4


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("order=x", "order harus salah satu dari 'due', 'newest'."),
        ("limit=501", "limit paling besar 500."),
        ("limit=x", "limit harus bilangan bulat."),
    ],
)
async def test_what_would_be_taken_is_said_in_indonesian(tmp_path: Path, query: str, message: str) -> None:
    async with desk_of("review", tmp_path) as desk:
        answer = await desk.get(f"inbox?{query}", KETUA)
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (422, message)
