"""The load: agencies submit by Kafka and HTTP, officials work off their inboxes, all like real clients, until everything is published.

In: a stage and plans; out: what the lanes answered (`Said`), which the checker holds against the journals. Runs in a thread.
"""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import httpx
import orjson

from bus.client import send
from bus.kafka import KafkaError
from bus.loops import ended
from tests.crash.lanes import LaneProcess
from tests.crash.plans import OPDS, RETURN_ME, Plan
from tests.crash.stage import Stage

IDLE_S: Final = 0.2
CALL_S: Final = 20.0
AT_ONCE: Final = 6
CHUNK: Final = 25
NOT_NOW: Final = (502, 503, 504)
CHECKLIST: Final = dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)
REASON: Final = {"code": "incomplete", "field": "dataset.retention", "note": "Jadwal retensi belum diisi."}


@dataclass(frozen=True)
class Said:
    """A command that was answered with success: what its caller had seen, and the event as it came back."""

    expected_sequence: int
    raw: bytes


@dataclass
class Load:
    """`said` and `received` are promises the lanes made; `surprises` are answers that no client should ever get."""

    stage: Stage
    plans: Sequence[Plan]
    chance: random.Random
    said: list[Said] = field(default_factory=list)
    received: list[UUID] = field(default_factory=list)
    sent: int = 0
    surprises: list[str] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    stopping: threading.Event = field(default_factory=threading.Event)

    async def run(self) -> None:
        agencies = [asyncio.create_task(self._agency_on_kafka()), asyncio.create_task(self._agency_on_http())]
        officials = [asyncio.create_task(self._official("review", f"Ketua {opd}")) for opd in OPDS]
        officials += [asyncio.create_task(self._official("decision", name)) for name in ("Atasan Satu", "Atasan Dua")]
        tasks = agencies + officials
        try:
            while not self.stopping.is_set():
                await _pause()
                for task in [task for task in tasks if task.done()]:
                    task.result()
        finally:
            await ended(tasks)

    async def _agency_on_kafka(self) -> None:
        """In chunks, again when unsure; some records twice, to be dropped by their event_id."""
        records = [plan for plan in self.plans if not plan.by_http for _ in range(plan.times)]
        self.chance.shuffle(records)
        for start in range(0, len(records), CHUNK):
            chunk = [(p.topic, str(p.event_id).encode(), p.raw) for p in records[start : start + CHUNK]]
            while not await self._sent(chunk):
                await _pause()
            self.sent += len(chunk)

    async def _sent(self, chunk: Sequence[tuple[str, bytes | None, bytes]]) -> bool:
        try:
            await send(self.stage.kafka, chunk)
        except (KafkaError, OSError, TimeoutError):
            return False
        return True

    async def _agency_on_http(self) -> None:
        async with _client() as http:
            for plan in [each for each in self.plans if each.by_http for _ in range(each.times)]:
                while not await self._submitted(http, plan):
                    await _pause()

    async def _submitted(self, http: httpx.AsyncClient, plan: Plan) -> bool:
        token = self.stage.tokens[f"Tim {plan.opd}"]
        put = await self._call(http, "intake", "PUT", f"/intake/api/files/{plan.sha256}", token, plan.content)
        if put is None or put.status_code != 201:
            return False
        answer = await self._call(http, "intake", "POST", "/intake/api/submissions", token, plan.raw)
        if answer is None:
            return False
        receipt = orjson.loads(answer.content)
        if answer.status_code != 202 or receipt["submission_id"] != str(plan.submission_id):
            self.surprises.append(f"submission by HTTP answered {answer.status_code}: {answer.text[:300]}")
        self.received.append(plan.submission_id)
        self.sent += 1
        return True

    async def _official(self, lane: str, name: str) -> None:
        token = self.stage.tokens[name]
        async with _client() as http:
            while True:
                inbox = await self._call(http, lane, "GET", f"/{lane}/api/inbox?limit=50", token)
                items = orjson.loads(inbox.content)["items"] if inbox is not None else []
                self.chance.shuffle(items)
                for start in range(0, len(items), AT_ONCE):
                    await asyncio.gather(*(self._decide(http, lane, token, item) for item in items[start : start + AT_ONCE]))
                if not items:
                    await _pause()

    async def _decide(self, http: httpx.AsyncClient, lane: str, token: str, item: dict[str, Any]) -> None:
        verb, body = next_step(item)
        expected = item["sequence"]
        path = f"/{lane}/api/submissions/{item['submission_id']}/{verb}"
        answer = await self._call(http, lane, "POST", path, token, orjson.dumps({"expected_sequence": expected, **body}))
        if answer is not None and answer.status_code == 200:
            self.said.append(Said(expected, answer.content))

    async def _call(
        self, http: httpx.AsyncClient, lane: str, method: str, path: str, token: str, content: bytes = b""
    ) -> httpx.Response | None:
        """One call to any process of the lane; None when it must be tried again (not now, or nobody there)."""
        process: LaneProcess = self.chance.choice(self.stage.of(lane))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            answer = await http.request(method, process.url + path, content=content, headers=headers)
        except httpx.TransportError as error:
            self.answers[type(error).__name__] += 1
            await _pause()
            return None
        self.answers[str(answer.status_code)] += 1
        if answer.status_code in NOT_NOW:
            await _pause()
            return None
        if answer.status_code not in (200, 201, 202, 409):
            self.surprises.append(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer


def next_step(item: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What the official whose turn it is says, by the plan that the title gives away."""
    match item["state"]:
        case "submitted" | "rejected":
            return "revise", {"note": "Sudah dicek."}
        case "revised" if RETURN_ME in item["title"] and item["sequence"] == 2:
            return "reject", {"reasons": [REASON]}
        case "revised":
            return "verify", {"checklist": CHECKLIST, "note": "Temuan sudah dibaca."}
        case _:
            return "approve", {"consideration": "Data publik, layak diunggah."}


@contextmanager
def playing(stage: Stage, plans: Sequence[Plan], chance: random.Random) -> Iterator[Load]:
    """The load in its thread; what went wrong in it is raised at the end."""
    load = Load(stage, plans, chance)
    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(load.run())
        except BaseException as error:  # noqa: BLE001 (raised again below, in the test)
            failed.append(error)

    thread = threading.Thread(target=run, name="load")
    thread.start()
    try:
        yield load
    finally:
        load.stopping.set()
        thread.join()
    if failed:
        raise failed[0]


async def _pause() -> None:
    """Nothing to do, or nobody there: look again soon, as clients do."""
    await asyncio.sleep(IDLE_S)


@asynccontextmanager
async def _client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=CALL_S) as http:
        yield http
