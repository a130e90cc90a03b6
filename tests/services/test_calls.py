"""What every lane's HTTP face keeps to: who may call, what they see, in which order, and how every refusal looks."""

import base64
import threading
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from eventsourcing.persistence import DataError, OperationalError
from fastapi import FastAPI

import lane.callers
from events.contracts import Actor, Reason
from lane.errors import add_errors
from lane.json_text import fault_of
from tests.events.given import START, Step, after, revised, revision_of, story, submission_of, submitted, verified
from tests.events.stores_that_fail import FailingStore
from tests.services.desk import ATASAN, AUDITOR, KETUA, KETUA_OF_DINKES, TIM, Desk, bearer, desk_of


def cursor_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def code(answer: httpx.Response) -> str:
    (error,) = answer.json()["errors"]
    assert error["message"]
    return str(error["code"])


def by_dinkes() -> Step:
    return submitted.by(Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes"))


async def test_without_a_good_token_nobody_gets_in(review: Desk) -> None:
    gone = review.token(KETUA, issued_at=datetime.now(UTC) - timedelta(days=2))
    revoked = review.token(KETUA, token_id="lost")
    review.shared.directory.revoked.add("lost")
    tokens = {None: "token_missing", "x.y.z": "token_invalid", gone: "token_expired", revoked: "token_revoked"}
    forged = review.token(KETUA)[:-8] + "AAAAAAAA"

    for token, expected in (tokens | {forged: "token_invalid"}).items():
        answer = await review.http.get("/review/api/inbox", headers=bearer(token) if token else {})
        assert (answer.status_code, code(answer)) == (401, expected)
        assert answer.headers["www-authenticate"] == "Bearer"
    for scheme in ("Basic", "Token", ""):
        answer = await review.http.get("/review/api/inbox", headers={"Authorization": f"{scheme} {review.token(KETUA)}"})
        assert (answer.status_code, code(answer)) == (401, "token_missing")


async def test_the_inbox_shows_what_waits_on_this_lane_oldest_due_first(review: Desk) -> None:
    times = [START + timedelta(minutes=minute) for minute in (30, 10, 20)]
    late, early, middle = (review.given(*story(submitted.on(moment))) for moment in times)
    passed_on = review.given(*story(submitted, revised))

    items = (await review.get("inbox", KETUA)).json()["items"]

    assert [item["submission_id"] for item in items] == [str(early), str(middle), str(late)]
    assert str(passed_on) not in str(items)
    first = items[0]
    assert first.keys() == {"submission_id", "title", "opd", "state", "holder", "sequence", "arrived_at", "due_at", "overdue"} | {
        "dataset_id", "edition", "period_start", "period_end", "errors", "warnings", "taken_by"
    }  # fmt: skip
    assert (first["title"], first["opd"], first["state"], first["holder"], first["sequence"]) == (
        "Daftar desa",
        "dispermades",
        "submitted",
        "review",
        1,
    )
    assert datetime.fromisoformat(first["due_at"]) - datetime.fromisoformat(first["arrived_at"]) == timedelta(minutes=60)


async def test_overdue_is_derived_from_the_due_time(review: Desk) -> None:
    now = datetime.now(UTC)
    late = review.given(*story(submitted.on(now - timedelta(minutes=61))))
    review.given(*story(submitted.on(now - timedelta(minutes=59))))

    items = (await review.get("inbox", KETUA)).json()["items"]

    assert [item["submission_id"] for item in items if item["overdue"]] == [str(late)]


async def test_the_inbox_is_read_page_by_page(review: Desk) -> None:
    expected = [str(review.given(*story(submitted.on(START)))) for _ in range(7)]

    page = (await review.get("inbox?limit=3", KETUA)).json()
    seen = [page["items"]]
    while page["next"]:
        page = (await review.get(f"inbox?limit=3&after={page['next']}", KETUA)).json()
        seen.append(page["items"])

    assert [len(items) for items in seen] == [3, 3, 1]
    assert [item["submission_id"] for items in seen for item in items] == sorted(expected)


@pytest.mark.parametrize(
    "after_what", ["x", "%00", "é", base64.urlsafe_b64encode(b"1:x").decode(), base64.urlsafe_b64encode(b":" * 37).decode()]
)
async def test_a_cursor_that_is_none_is_refused(review: Desk, after_what: str) -> None:
    answer = await review.get(f"inbox?after={after_what}", KETUA)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "after")


@pytest.mark.parametrize("limit", ["0", "501", "x"])
async def test_a_page_has_one_to_five_hundred_lines(review: Desk, limit: str) -> None:
    answer = await review.get(f"inbox?limit={limit}", KETUA)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "limit")


async def test_an_agency_head_sees_the_own_agency_only_and_the_auditor_sees_all(review: Desk) -> None:
    own, other = review.given(*story(submitted)), review.given(*story(by_dinkes()))

    async def inbox(who: Actor) -> list[str]:
        return [item["submission_id"] for item in (await review.get("inbox", who)).json()["items"]]

    assert await inbox(KETUA) == [str(own)]
    assert await inbox(KETUA_OF_DINKES) == [str(other)]
    assert sorted(await inbox(AUDITOR)) == sorted([str(own), str(other)])
    refused = await review.get(f"submissions/{other}", KETUA)
    assert (refused.status_code, refused.json()) == (404, (await review.get(f"submissions/{uuid.uuid4()}", KETUA)).json())
    assert (await review.get(f"submissions/{other}", AUDITOR)).status_code == 200
    for who in (TIM, ATASAN):
        assert (await review.get("inbox", who)).status_code == 403


async def test_a_submission_is_shown_whole_with_its_history_as_it_was_written(review: Desk) -> None:
    told = story(submitted, revision_of(title="Daftar desa 2025"))
    submission_id = review.given(*told)

    shown = await review.get(f"submissions/{submission_id}", KETUA)

    body = shown.json()
    assert body["dataset"]["title"] == body["title"] == "Daftar desa 2025"
    assert (body["state"], body["holder"], body["sequence"], len(body["manifest"])) == ("revised", "decision", 2, 64)
    assert body["files"][0]["name"] == "daftar-desa.csv"
    assert body["findings"] == []
    assert b",".join(recorded.raw for recorded in told) in shown.content


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("submissions/3f0c5b1e-8a7d-5e0b-9c39-6a1d1c0f7a10", 404, "not_found"),
        ("submissions/not-a-uuid", 422, "wrong_uuid"),
        ("nothing", 404, "not_found"),
        ("submissions/3f0c5b1e-8a7d-5e0b-9c39-6a1d1c0f7a10/revise", 405, "wrong_method"),
    ],
)
async def test_what_does_not_exist(review: Desk, path: str, status: int, expected: str) -> None:
    answer = await review.get(path, KETUA)

    assert (answer.status_code, code(answer)) == (status, expected)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"expected_sequence": 1e999}', b"[" * 50_000])
async def test_a_body_that_is_no_command_is_refused(review: Desk, body: bytes) -> None:
    submission_id = review.given(*story(submitted))

    answer = await review.post(f"submissions/{submission_id}/revise", KETUA, body)

    assert answer.status_code == 422
    assert all(error["message"] and not (error["field"] or "").isdigit() for error in answer.json()["errors"])


async def test_a_lane_that_has_not_caught_up_takes_no_commands_and_says_when_to_ask_again(tmp_path: Path) -> None:
    async with desk_of("review", tmp_path, caught_up=False) as desk:
        submission_id = desk.given(*story(submitted))
        body = {"expected_sequence": 1, "note": ""}
        answers = [await desk.says(KETUA, "revise", submission_id, **body)]
        desk.shared.directory.progress.ready = True
        answers.append(await desk.says(KETUA, "revise", submission_id, **body))

        for answer in answers:
            assert (answer.status_code, code(answer), answer.headers["retry-after"]) == (503, "not_now", "2")
        assert desk.written(submission_id) == ["DataSubmitted"]
        readyz = await desk.http.get("/review/readyz")
        assert (readyz.status_code, readyz.json()["ready"]) == (503, {"review": False})
        assert (await desk.get(f"submissions/{submission_id}", KETUA)).status_code == 200

        desk.caught_up()
        assert (await desk.says(KETUA, "revise", submission_id, **body)).status_code == 200


async def test_a_pool_of_connections_that_is_used_up_is_for_later_and_what_no_column_holds_is_the_callers(tmp_path: Path) -> None:
    app = FastAPI()
    add_errors(app)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/x.sqlite", pool_size=1, max_overflow=0, pool_timeout=0.01, poolclass=sa.QueuePool)

    @app.get("/busy")
    def busy() -> None:
        with engine.connect(), engine.connect():
            raise AssertionError("there is one connection only")

    @app.get("/odd")
    def odd() -> None:
        raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://lane") as http:
        later, wrong = await http.get("/busy"), await http.get("/odd")
    engine.dispose()

    assert (later.status_code, code(later), later.headers["retry-after"]) == (503, "not_now", "2")
    assert (wrong.status_code, code(wrong)) == (422, "wrong_value")


async def test_a_body_is_looked_at_beside_the_event_loop(review: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large one takes its time, in which nobody else would be answered. The look itself is the real one."""
    looked_in: list[str] = []

    def look(raw: bytes) -> Reason | None:
        looked_in.append(threading.current_thread().name)
        return fault_of(raw)

    monkeypatch.setattr(lane.callers, "fault_of", look)
    await review.says(KETUA, "revise", review.given(*story(submitted)), expected_sequence=1)

    assert looked_in
    assert threading.current_thread().name not in looked_in


async def test_success_is_told_only_after_the_commit(review: Desk) -> None:
    submission_id = review.given(*story(submitted))
    real = review.lane.journal.store
    failing = FailingStore(real)
    failing.unavailable = 1
    review.lane.journal.store = failing

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="")

    assert (answer.status_code, code(answer)) == (503, "not_now")
    assert OperationalError.__name__ not in answer.text
    assert review.written(submission_id) == ["DataSubmitted"]
    assert (await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="")).status_code == 200
    review.lane.journal.store = real


async def test_what_came_meanwhile_over_kafka_makes_a_command_stale(review: Desk) -> None:
    told = story(submitted)
    submission_id = review.given(*told)
    review.given(*after(told, revised, verified))

    answer = await review.says(KETUA, "revise", submission_id, expected_sequence=1, note="")

    assert (answer.status_code, answer.json()["state"], answer.json()["sequence"]) == (409, "verified", 3)


async def test_health_tells_what_does_not_move_without_telling_addresses(review: Desk) -> None:
    assert (await review.http.get("/review/healthz")).status_code == 200
    review.lane.consumers[0].progress.blocked = "KafkaConnectionError: host secret:9092"

    answer = await review.http.get("/review/healthz")

    assert (answer.status_code, answer.json()["ok"]) == (503, False)
    assert answer.json()["lanes"]["review"]["log"]["blocked"] == "KafkaConnectionError"
    assert "secret" not in answer.text


async def test_a_title_travels_as_it_is(review: Desk) -> None:
    title = "Data <b>desa</b> & “kota” – 测试 🎉"
    submission_id = review.given(*story(submission_of(title=title)))

    assert (await review.get(f"submissions/{submission_id}", KETUA)).json()["title"] == title
    assert (await review.get("inbox", KETUA)).json()["items"][0]["title"] == title
    assert (await review.get(f"submissions/{uuid.uuid4()}", KETUA)).headers["content-type"] == "application/json"
