"""The desk alone, in this process, with a database of its own and no lane that answers: what it does by itself is tested here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from fastapi import FastAPI

from desk.accounts import Post
from desk.app import create_desk, opened
from desk.clock import now_ms
from desk.door import Desk
from desk.settings import DeskSettings, lanes_of
from web.keys import make_desk_key
from web.tokens import Role

ADDRESS = "http://jejak.example"
PASSWORD = "tujuh-gunung-biru"


@dataclass(frozen=True)
class Alone:
    """`desk`: its parts; `browser`: the next person's browser, new, with their address."""

    desk: Desk
    app: FastAPI

    def browser(self, *, source: str = "192.0.2.1", origin: str | None = ADDRESS, url: str = ADDRESS) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(source, 1234), raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=url, headers={"Origin": origin} if origin else {})

    def person(self, name: str, role: Role = Role.AUDITOR, opd: str | None = None, *, must_change: bool = False) -> str:
        post = Post(0, name, role, opd)
        self.desk.accounts.add_with(post, name=name.title(), password=PASSWORD, must_change=must_change, now_ms=now_ms())
        return name


@asynccontextmanager
async def desk_alone(folder: Path, *, store: str | None = None, **settings: object) -> AsyncIterator[Alone]:
    make_desk_key(folder / "keys", [role.value for role in Role])
    given = DeskSettings(lanes_of("http://127.0.0.1:9", "http://127.0.0.1:9"), store or f"sqlite:{folder}/", folder / "keys", timeout_s=2)
    given = replace(given, **settings)  # type: ignore[arg-type]
    app = create_desk(given)
    async with opened(app, given):
        yield Alone(app.state.desk, app)


async def log_in(browser: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await browser.post("/masuk", data={"nama_pengguna": name, "kata_sandi": password, **more})
