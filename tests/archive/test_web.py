"""The archive over HTTP, as an auditor, an OPD's person and a stranger call it."""

import asyncio
import hashlib
import io
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from archive.app import routes
from benchmarks.load import lives
from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from events.journal import Journal
from events.migration import rebuild_heads
from events.stores import open_store
from lane.errors import add_errors
from lane.file_stores import LocalFiles
from lane.inbox import Inbox, open_engine
from lane.lane import Lane, Shared
from lane.settings import Settings
from tests.archive.copies import Row, id_of, rows_of, stored
from tests.archive.stories import FILE, returned_once
from web.keys import Signers
from web.tokens import Role, issue

KEY = Ed25519PrivateKey.generate()
RETURNED = returned_once(4, 30, 50, 95, 160, 170, 175, 176)
WHO = str(RETURNED[0].event.submission_id)
OTHERS = list(lives(3, first=1))


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    """An archive that has read the log, and does not follow it."""
    address = f"sqlite:{tmp_path}"
    journal = Journal(open_store(address, "archive"), "archive")
    inbox = Inbox("archive", open_engine(address, "archive"))
    inbox.prepare()
    kafka = Kafka("127.0.0.1:9")
    shared = Shared(Settings(), kafka, LocalFiles(tmp_path / "files"), Directory(kafka, Progress("directory")), Signers(KEY.public_key()))
    put(journal, [(WHO, r.event.sequence, r.raw) for r in RETURNED] + rows_of(*OTHERS))
    rebuild_heads(journal.store)
    shared.directory.progress.ready = True
    shared.directory.opds |= {opd: {"name": opd} for opd in ("dispermades", "dinkes")}
    yield Lane(name="archive", shared=shared, journal=journal, inbox=inbox)
    inbox.engine.dispose()
    journal.store.close()


class Client:
    """Calls the application as a server would."""

    def __init__(self, app: FastAPI) -> None:
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=False)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None, params: Mapping[str, str | int] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers, params))

    async def _get(self, path: str, headers: Mapping[str, str] | None, params: Mapping[str, str | int] | None) -> httpx.Response:
        async with httpx.AsyncClient(transport=self.transport, base_url="http://jejak.test") as client:
            return await client.get(path, headers=headers, params=params)


@pytest.fixture
def client(lane: Lane) -> Client:
    app = FastAPI()
    app.include_router(routes(lambda: lane))
    add_errors(app)
    return Client(app)


def put(journal: Journal, rows: list[Row]) -> None:
    journal.store.write(stored(rows))


def as_(role: Role, opd: str | None = None) -> dict[str, str]:
    token = issue(KEY, id="x", name="X", role=role, opd=opd, issued_at=datetime.now(UTC), days=1, token_id="t")
    return {"Authorization": f"Bearer {token}"}


AUDITOR = as_(Role.AUDITOR)
OWN = as_(Role.TIM_PPID, "dispermades")
OTHER = as_(Role.KETUA_PPID, "dinkes")


def codes(answer: httpx.Response) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


def test_the_trail_is_told_whole_and_as_of_a_moment(client: Client) -> None:
    whole = client.get(f"/archive/api/submissions/{WHO}/trail", headers=AUDITOR).json()
    assert (whole["state"], [event["step"] for event in whole["events"]]) == ("published", [1, 2, 3, 3, 2, 3, 3, 4])
    then = client.get(f"/archive/api/submissions/{WHO}/trail", params={"as_of": "2026-11-23T10:40:00+07:00"}, headers=AUDITOR).json()
    assert (then["state"], then["holder"], len(then["events"])) == ("rejected", "review", 4)
    assert then["as_of"] == "2026-11-23T10:40:00+07:00"


def test_a_moment_that_is_none_is_refused(client: Client) -> None:
    answer = client.get(f"/archive/api/submissions/{WHO}/trail", params={"as_of": "kemarin"}, headers=AUDITOR)
    assert (answer.status_code, codes(answer)) == (422, ["wrong_value"])


def test_what_is_not_there_is_404(client: Client) -> None:
    for call in ("", "/trail", "/verify", "/package"):
        answer = client.get(f"/archive/api/submissions/{uuid.uuid4()}{call}", headers=AUDITOR)
        assert (answer.status_code, codes(answer)) == (404, ["not_found"])


def test_people_of_an_opd_see_their_own_and_strangers_nothing(client: Client) -> None:
    for call in ("", "/trail", "/verify"):
        path = f"/archive/api/submissions/{WHO}{call}"
        assert client.get(path, headers=OWN).status_code == 200
        assert (client.get(path, headers=OTHER).status_code, client.get(path).status_code) == (404, 401)
    assert client.get(f"/archive/api/submissions/{WHO}/package", headers=OTHER).status_code == 404


def test_a_whole_submission_is_proved_and_a_damaged_one_is_named(client: Client, lane: Lane) -> None:
    good = client.get(f"/archive/api/submissions/{WHO}/verify", headers=AUDITOR).json()
    assert (good["ok"], good["events"], good["differences"]) == (True, 8, [])
    bad = id_of(next(lives(1, first=9)))
    put(lane.journal, [(bad, 1, b"{}")])
    answer = client.get(f"/archive/api/submissions/{bad}/verify", headers=AUDITOR).json()
    assert [(d["sequence"], d["where"], d["what"]) for d in answer["differences"]] == [(1, "journal archive", "unreadable")]
    assert codes(client.get(f"/archive/api/submissions/{bad}/trail", headers=AUDITOR)) == ["damaged"]
    assert codes(client.get(f"/archive/api/submissions/{bad}/trail", headers=OTHER)) == ["not_found"]


def test_submissions_are_listed_page_by_page_and_filtered(client: Client) -> None:
    first = client.get("/archive/api/submissions", params={"limit": 3}, headers=AUDITOR).json()
    rest = client.get("/archive/api/submissions", params={"limit": 3, "after": first["next"]}, headers=AUDITOR).json()
    assert {item["submission_id"] for item in first["items"] + rest["items"]} == {WHO, *map(id_of, OTHERS)}
    assert rest["next"] is None
    mine = client.get("/archive/api/submissions", headers=OWN).json()["items"]
    assert [item["submission_id"] for item in mine] == [WHO]
    assert client.get("/archive/api/submissions", params={"state": "rejected"}, headers=AUDITOR).json()["items"] == []
    assert client.get("/archive/api/submissions", params={"opd": "dinkes"}, headers=OWN).status_code == 403
    assert codes(client.get("/archive/api/submissions", params={"after": "?"}, headers=AUDITOR)) == ["wrong_value"]


def test_a_package_is_sent_or_its_missing_files_are_named(client: Client, lane: Lane) -> None:
    missing = client.get(f"/archive/api/submissions/{WHO}/package", headers=AUDITOR)
    assert (missing.status_code, codes(missing)) == (409, ["files_missing"])
    with lane.shared.files.spool(limit=1_000) as spool:
        spool.write(FILE)
        spool.keep(hashlib.sha256(FILE).hexdigest())
    sent = client.get(f"/archive/api/submissions/{WHO}/package", headers=OWN)
    assert sent.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(sent.content))
    assert [orjson.loads(line)["sequence"] for line in archive.read(f"{WHO}/data/events.ndjson").splitlines()] == list(range(1, 9))
