"""A lane's desk: the lane with its real journal, files and HTTP face, without Kafka. History in, calls by people, answers out."""

import asyncio
import base64
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from events.contracts import Actor
from events.submission import Recorded
from jejak.app import LANES
from lane.callers import LaneOf
from lane.errors import add_errors
from lane.lane import Lane, Shared, open_shared
from lane.settings import read_settings
from tests.events.given import ADMIN, ATASAN, DATASET, KETUA, TIM, on_kafka
from web.keys import load_private, make_keys
from web.limits import BodyLimit
from web.tokens import Role, issue

AUDITOR = Actor(id="auditor", name="Auditor Inspektorat", role="auditor")
TIM_OF_DINKES = Actor(id="tim-ppid@dinkes", name="Tim PPID", role="tim_ppid", opd="dinkes")
KETUA_OF_DINKES = Actor(id="ketua-ppid@dinkes", name="Ketua PPID", role="ketua_ppid", opd="dinkes")
__all__ = ["ADMIN", "ATASAN", "AUDITOR", "KETUA", "KETUA_OF_DINKES", "TIM", "TIM_OF_DINKES", "Desk", "desk_of", "form"]


@dataclass
class Desk:
    """`caught_up()` says that the log has been read, as a lane has to before it takes commands."""

    lane: Lane
    http: httpx.AsyncClient
    keys: Path
    app: FastAPI
    offset: int = 0

    @property
    def shared(self) -> Shared:
        return self.lane.shared

    def caught_up(self) -> None:
        self.lane.consumers[0].progress.ready = True
        self.shared.directory.progress.ready = True

    def given(self, *told: Recorded) -> uuid.UUID:
        """These events came from Kafka. Returns the submission's id."""
        self.lane.journal.replicate(on_kafka(*told, offset=self.offset))
        self.offset += len(told)
        return told[0].event.submission_id

    def token(self, who: Actor, *, token_id: str | None = None, days: int = 1, issued_at: datetime | None = None) -> str:
        return issue(
            load_private(self.keys / "private.pem"),
            id=who.id,
            name=who.name,
            role=Role(who.role),
            opd=who.opd,
            issued_at=issued_at or datetime.now(UTC),
            days=days,
            token_id=token_id or str(uuid.uuid4()),
        )

    async def get(self, path: str, who: Actor) -> httpx.Response:
        return await self.http.get(f"/{self.lane.name}/api/{path}", headers=bearer(self.token(who)))

    async def post(self, path: str, who: Actor, body: object) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {**bearer(self.token(who)), "content-type": "application/json"}
        return await self.http.post(f"/{self.lane.name}/api/{path}", headers=headers, content=content)

    async def says(self, who: Actor, verb: str, submission_id: uuid.UUID, **body: Any) -> httpx.Response:
        """One command of this lane."""
        return await self.post(f"submissions/{submission_id}/{verb}", who, body)

    def written(self, submission_id: uuid.UUID) -> list[str]:
        """The types of the submission's events."""
        return [recorded.event.type for recorded in self.lane.journal.history(submission_id)]


def codes(answer: httpx.Response) -> list[tuple[str, str | None]]:
    """Code and field of each error; every one has words for a person."""
    assert all(error["message"] for error in answer.json()["errors"])
    return [(error["code"], error["field"]) for error in answer.json()["errors"]]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@asynccontextmanager
async def desk_of(name: str, folder: Path, *, caught_up: bool = True, **settings: str) -> AsyncIterator[Desk]:
    """The desk of one lane, and the end of this loop's threads with it."""
    try:
        async with one_of_several(name, folder, caught_up=caught_up, **settings) as desk:
            yield desk
    finally:
        await asyncio.get_running_loop().shutdown_default_executor()


@asynccontextmanager
async def one_of_several(name: str, folder: Path, *, caught_up: bool = True, **settings: str) -> AsyncIterator[Desk]:
    """The desk of one lane on stores of its own. Nothing of it runs by itself."""
    make_keys(folder / "keys")
    given = {"KAFKA": "127.0.0.1:1", "STORE": f"sqlite:{folder}/", "FILES": f"file:{folder}/files", "KEYS": str(folder / "keys")}
    given |= {"PORTAL": f"folder:{folder}/portal"} | {key.upper(): value for key, value in settings.items()}
    shared = open_shared(read_settings({f"JEJAK_{key}": value for key, value in given.items()}))
    shared.directory.opds |= {opd: {"name": opd} for opd in ("dispermades", "dinkes", "setda")}
    build, routes = LANES[name]
    lane = build(shared)
    app = FastAPI()
    app.include_router(_routes(routes, lane))
    add_errors(app)
    app.add_middleware(BodyLimit)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://desk") as http:
            desk = Desk(lane, http, folder / "keys", app)
            if caught_up:
                desk.caught_up()
            yield desk
    finally:
        await lane.stop()


def _routes(routes: Callable[[LaneOf], APIRouter], lane: Lane) -> APIRouter:
    return routes(lambda: lane)


CONTENT = b"kode,nama\n33.13.01,Jatipuro\n"


def form(*, event_id: str | None = None, content: bytes | None = CONTENT, opd: str = "dispermades", **dataset: Any) -> dict[str, Any]:
    """DataSubmitted as an OPD writes it, complete; `content` None leaves the file to be put first."""
    file: dict[str, Any] = {"name": "daftar-kecamatan.csv", "media_type": "text/csv", "bytes": len(CONTENT)}
    file["sha256"] = hashlib.sha256(CONTENT).hexdigest()
    if content is not None:
        file["content"] = base64.b64encode(content).decode()
    return {
        "type": "DataSubmitted",
        "event_id": event_id or str(uuid.uuid4()),
        "occurred_at": "2026-11-23T09:00:00+07:00",
        "opd": opd,
        "submitted_by": f"tim-ppid@{opd}",
        "dataset": DATASET | {"dataset_id": f"daftar-{uuid.uuid4().hex[:12]}"} | dataset,
        "files": [file],
    }


def edited(**changes: Any) -> dict[str, Any]:
    """The form with fields at dotted paths changed; None removes one."""
    whole = form()
    for path, value in changes.items():
        holder: Any = whole
        *way, last = path.split("__")
        for step in way:
            holder = holder[int(step) if step.isdigit() else step]
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return whole
