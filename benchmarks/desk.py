"""The desk's pages beside the lanes' own calls: twenty heads at work at once, each of whom opens a page a second. Figures in ms out.

The same person asks the lane directly for what the page is made of, with a token of their own, before and after in the same run.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Final

import httpx

from benchmarks.load import OPDS
from benchmarks.measure import WrongCount, expect, percentile, say
from benchmarks.workers import worker
from desk.accounts import Accounts, Post
from desk.clock import now_ms
from desk.store import open_store
from jejak import ports
from web.tokens import Role

PEOPLE: Final = 20
EVERY_S: Final = 1.0
FOLLOWED_S: Final = 900.0
WHAT: Final = ("inbox", "case")
PASSWORD: Final = "dua-puluh-orang-bekerja"  # noqa: S105 (of people who live as long as the run)
ASSETS: Final = ("/aset/desk.css", "/aset/desk.js", "/aset/jejak.svg")
Ask = Callable[[str], Awaitable[None]]


@dataclass
class Desk:
    """Milliseconds for each repetition, by what was opened; `page` and `lane`: all times of one repetition. `kb`: a first load, as sent."""

    page: dict[str, list[list[float]]] = field(default_factory=lambda: {what: [] for what in WHAT})
    lane: dict[str, list[list[float]]] = field(default_factory=lambda: {what: [] for what in WHAT})
    kb: dict[str, float] = field(default_factory=dict)

    def figures(self) -> Iterator[tuple[str, list[float], str]]:
        """(key, a value for each repetition, words)."""
        for what in WHAT:
            for key, times, words in (("", self.page[what], "on the desk"), ("_lane", self.lane[what], "by the lane's calls")):
                for name, part in (("p50", 0.5), ("p99", 0.99)):
                    yield f"desk_{what}{key}_{name}_ms", [percentile(t, part) for t in times], f"{what} {words}, 20 at work, {name} ms"
            medians = [percentile(page, 0.5) - percentile(lane, 0.5) for page, lane in zip(self.page[what], self.lane[what], strict=True)]
            yield f"desk_{what}_adds_ms", medians, f"what the desk adds to {what} at the median, ms"
            yield f"desk_{what}_kb", [self.kb[what]], f"first load of {what}, kB as sent"


@dataclass
class Head:
    """One person: a browser that is in, and a program with their token."""

    browser: httpx.AsyncClient
    program: httpx.AsyncClient
    ids: Iterator[str]

    async def page(self, what: str) -> None:
        path = "/kotak-masuk" if what == "inbox" else f"/pengajuan/{next(self.ids)}"
        expect(path, (await self.browser.get(path)).status_code, 200)

    async def lane(self, what: str) -> None:
        """What the page asks for, as the page asks for it: what can be asked at once is."""
        if what == "inbox":
            paths = ["/review/api/inbox?limit=50", "/review/api/counts"]
            answers = await asyncio.gather(*(self.program.get(path) for path in paths))
            expect("inbox", {answer.status_code for answer in answers}, {200})
            return
        path = f"/review/api/submissions/{next(self.ids)}"
        answer = await self.program.get(path)
        expect(path, answer.status_code, 200)
        await asyncio.gather(*(self.program.get(f"{path}/files/{file['sha256']}/profile") for file in answer.json()["files"][:3]))


def desk(
    lanes: str, directory: Path, environ: Mapping[str, str], tokens: Callable[[str], str], *, events: int, rounds: int, repeats: int
) -> Desk:
    """`lanes`: their address, `tokens`: OPD → a token of its head, `events`: on the log. Raises WrongCount, WorkerEnded."""
    with _running(lanes, directory, environ) as url:
        people = _accounts(environ)
        _until_followed(url, events)
        return asyncio.run(_measured(url, lanes, people, tokens, rounds=rounds, repeats=repeats))


async def _measured(
    url: str, lanes: str, people: Sequence[tuple[str, str]], tokens: Callable[[str], str], *, rounds: int, repeats: int
) -> Desk:
    found, heads = Desk(), [await _in(url, lanes, name, tokens(opd)) for name, opd in people]
    for what, path in (("inbox", "/kotak-masuk"), ("case", f"/pengajuan/{next(heads[0].ids)}")):
        found.kb[what] = sum([await _sent(heads[0].browser, path) for path in (path, *ASSETS)]) / 1000
    for _ in range(repeats):
        for what in WHAT:
            found.lane[what].append(await _at_work([head.lane for head in heads], what, rounds))
            found.page[what].append(await _at_work([head.page for head in heads], what, rounds))
    say("; ".join(f"{key} {max(values):.1f}" for key, values, _ in found.figures()))
    for head in heads:
        await head.browser.aclose()
        await head.program.aclose()
    return found


async def _at_work(asks: Sequence[Ask], what: str, rounds: int) -> list[float]:
    """Everybody begins at another moment of the second, and opens the next one a second after the last."""
    took: list[float] = []

    async def work(ask: Ask, late_s: float) -> None:
        begin = time.perf_counter() + late_s
        for n in range(rounds):
            await asyncio.sleep(max(0.0, begin + n * EVERY_S - time.perf_counter()))
            started = time.perf_counter()
            await ask(what)
            took.append(1000 * (time.perf_counter() - started))

    await asyncio.gather(*(work(ask, n * EVERY_S / len(asks)) for n, ask in enumerate(asks)))
    return took


async def _in(url: str, lanes: str, name: str, token: str) -> Head:
    browser = httpx.AsyncClient(base_url=url, headers={"Origin": url, "Accept-Encoding": "gzip"}, timeout=30)
    answer = await browser.post("/masuk", data={"nama_pengguna": name, "kata_sandi": PASSWORD})
    expect(f"{name} at the door", answer.status_code, 303)
    program = httpx.AsyncClient(base_url=lanes, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    items = (await program.get("/review/api/inbox?limit=50")).json()["items"]
    return Head(browser, program, cycle([item["submission_id"] for item in items]))


async def _sent(browser: httpx.AsyncClient, path: str) -> int:
    async with browser.stream("GET", path) as answer:
        expect(path, answer.status_code, 200)
        return sum([len(chunk) async for chunk in answer.aiter_raw()])


def _accounts(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """(name, OPD) of each person."""
    accounts = Accounts(open_store(environ["JEJAK_STORE"]))
    people = [(f"ketua-{n}", OPDS[n % len(OPDS)]) for n in range(PEOPLE)]
    for name, opd in people:
        accounts.add_with(Post(0, name, Role.KETUA_PPID, opd), name=name, password=PASSWORD, must_change=False, now_ms=now_ms())
    return people


def _until_followed(url: str, events: int) -> None:
    """A desk that is new here reads the whole log for its notices first, and has half of a processor for the pages meanwhile."""
    deadline = time.monotonic() + FOLLOWED_S
    while httpx.get(f"{url}/healthz").json()["lanes"]["desk"]["log"]["counts"].get("taken", 0) < events:
        if time.monotonic() > deadline:
            raise WrongCount("the desk did not read the log")
        time.sleep(1.0)


@contextmanager
def _running(lanes: str, directory: Path, environ: Mapping[str, str]) -> Iterator[str]:
    port = ports.free()
    mine = {**environ, "JEJAK_PORT": str(port), "JEJAK_DESK_LANES": lanes}
    with worker("pages_process", str(port), "desk", log=directory / "desk.log", environ=mine) as process:
        process.hear()
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/masuk").status_code == 200:
                    break
            except httpx.TransportError:
                pass
            if time.monotonic() > deadline:
                raise WrongCount("the desk did not start")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
