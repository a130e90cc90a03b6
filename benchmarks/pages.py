"""Inbox and trail over the real HTTP application, with so many submissions open: p99 of calls one after another."""

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Final

import httpx

from benchmarks import topics
from benchmarks.desk import Desk, desk
from benchmarks.load import OPDS, key_of, lives
from benchmarks.measure import WrongCount, expect, percentile, say
from benchmarks.whole_lives import settings
from benchmarks.workers import worker
from bus.kafka import Kafka
from events.contracts import LOG_TOPIC
from jejak import ports
from web.keys import PRIVATE, load_private, make_desk_key
from web.tokens import Role, issue

CALLS: Final = 300
PATIENCE_S: Final = 900.0
LANES: Final = ("review", "archive")
Token = Callable[[Role, str | None], str]


@dataclass
class Pages:
    """At one number of open submissions: p99 in milliseconds for each repetition, by what was asked for."""

    open: int
    p99: dict[str, list[float]] = field(default_factory=dict)


def pages(kafka: Kafka, sizes: list[int], repeats: int, directory: Path, *, rounds: int) -> tuple[list[Pages], Desk]:
    """Open submissions are added until there are so many, then the pages are asked for; `rounds`: of the desk's people, at the largest.

    Raises WrongCount.
    """
    asyncio.run(topics.fresh(kafka))
    found = []
    with _application(kafka, directory) as (http, environ, token):
        open_now = 0
        for size in sizes:
            ids = _open_more(kafka, first=open_now, upto=size)
            open_now = size
            _until_followed(http, size)
            at = Pages(size)
            for _ in range(repeats):
                for what, calls in _calls(http, ids).items():
                    at.p99.setdefault(what, []).append(_p99(http, calls))
            say(f"{size:,} open: " + ", ".join(f"{what} p99 {max(values):.1f} ms" for what, values in at.p99.items()))
            found.append(at)
        heads = partial(token, Role.KETUA_PPID)
        lanes = str(http.base_url).rstrip("/")
        return found, desk(lanes, directory, environ, heads, events=open_now, rounds=rounds, repeats=repeats)


def _open_more(kafka: Kafka, *, first: int, upto: int) -> list[str]:
    """Ids of submissions that are open."""
    ids: list[str] = []

    def records() -> Iterator[tuple[str, bytes, bytes]]:
        for life in lives(upto - first, first=first):
            ids.append(key_of(life).decode())
            yield LOG_TOPIC, key_of(life), life[0]

    asyncio.run(topics.send(kafka, records()))
    return random.Random(1).sample(ids, min(len(ids), CALLS))  # noqa: S311 (any will do)


def _calls(http: httpx.Client, ids: list[str]) -> dict[str, list[tuple[str, str]]]:
    """(path, token) of each call: the first inbox page of an auditor and of an agency, pages from the middle, trails."""
    auditor, head = http.headers["x-auditor"], http.headers["x-head"]
    cursors, after = [], None
    for _ in range(20):
        page = http.get("/review/api/inbox", params={"limit": 50} | ({"after": after} if after else {}), headers=_as(auditor)).json()
        after = page["next"]
        if not after:
            break
        cursors.append(after)
    found = {
        "inbox": [
            ("/review/api/inbox", auditor),
            ("/review/api/inbox", head),
            *((f"/review/api/inbox?after={c}", auditor) for c in cursors),
        ],
        "trail": [(f"/archive/api/submissions/{i}/trail", auditor) for i in ids],
        "submission": [(f"/review/api/submissions/{i}", auditor) for i in ids],
    }
    if http.get("/review/", headers=_as(auditor)).status_code == 200:
        found["inbox_html"] = [("/review/", auditor)]
    return {what: list(islice(cycle(calls), CALLS)) for what, calls in found.items()}


def _p99(http: httpx.Client, calls: list[tuple[str, str]]) -> float:
    took = []
    for path, token in calls:
        started = time.perf_counter()
        answer = http.get(path, headers=_as(token))
        took.append(1000 * (time.perf_counter() - started))
        expect(path, answer.status_code, 200)
    return percentile(took, 0.99)


def _until_followed(http: httpx.Client, size: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        told = http.get("/healthz").json()["lanes"]
        counts = {lane: told[lane]["log"]["counts"].get("applied", 0) for lane in LANES if lane in told}
        if all(counts.get(lane) == size for lane in LANES):
            return
        if time.monotonic() > deadline:
            raise WrongCount(f"journals hold {counts} instead of {size}")
        time.sleep(0.5)


@contextmanager
def _application(kafka: Kafka, directory: Path) -> Iterator[tuple[httpx.Client, dict[str, str], Token]]:
    port, environ = ports.free(), settings(kafka, directory, f"sqlite:{directory / 'pages'}/")
    make_desk_key(directory / "keys", [role.value for role in Role])
    private = load_private(directory / "keys" / PRIVATE)

    def token(role: Role, opd: str | None) -> str:
        return issue(
            private, id=role.value, name=role.value, role=role, opd=opd, issued_at=datetime.now(UTC), days=1, token_id=str(uuid.uuid4())
        )

    tokens = {"x-auditor": token(Role.AUDITOR, None), "x-head": token(Role.KETUA_PPID, OPDS[0])}
    with worker("pages_process", str(port), *LANES, log=directory / "pages.log", environ=environ) as process:
        process.hear()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            _until_ready(http)
            http.headers.update(tokens)
            yield http, environ, token


def _until_ready(http: httpx.Client) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if http.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise WrongCount("the application did not become ready")
        time.sleep(0.1)


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
