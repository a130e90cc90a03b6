"""The desk over real lanes in this process, without Kafka: no lane hears of another's event until a test says so."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from desk.accounts import Post
from desk.clock import now_ms
from events.submission import Recorded
from tests.desk.alone import PASSWORD, Alone, desk_alone, log_in
from tests.services.desk import Desk as LaneDesk
from tests.services.desk import one_of_several
from web.tokens import Role

OPD = "dispermades"


@dataclass(frozen=True)
class Over:
    """`lanes`: those that are there, by name; `alone`: the desk and its browsers."""

    alone: Alone
    lanes: dict[str, LaneDesk]

    def given(self, *told: Recorded) -> uuid.UUID:
        """Every lane that is there has heard of these events. The submission's id."""
        for lane in self.lanes.values():
            lane.given(*told)
        return told[0].event.submission_id

    @asynccontextmanager
    async def person(self, role: Role, name: str = "") -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody who has come in."""
        person = name or role.value.replace("_", "-")
        if self.alone.desk.accounts.find(person) is None:
            post = Post(0, person, role, OPD if role in {Role.TIM_PPID, Role.KETUA_PPID} else None)
            self.alone.desk.accounts.add_with(post, name=person.title(), password=PASSWORD, must_change=False, now_ms=now_ms())
        async with self.alone.browser() as browser:
            assert (await log_in(browser, person)).status_code == 303
            yield browser


@asynccontextmanager
async def desk_over(folder: Path, *names: str, upload_mb: int = 100) -> AsyncIterator[Over]:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asyncio.get_running_loop().shutdown_default_executor)
        alone = await stack.enter_async_context(desk_alone(folder, lanes={name: f"http://{name}" for name in LANES}, upload_mb=upload_mb))
        lanes = {name: await stack.enter_async_context(one_of_several(name, folder)) for name in names}
        mounts = {f"http://{name}": httpx.ASGITransport(lane.app, raise_app_exceptions=False) for name, lane in lanes.items()}
        nobody = httpx.AsyncHTTPTransport()
        http = await stack.enter_async_context(
            httpx.AsyncClient(mounts={**mounts, "all://": nobody}, timeout=alone.desk.lanes.http.timeout, trust_env=False)
        )
        desk = replace(alone.desk, lanes=replace(alone.desk.lanes, http=http))
        alone.app.state.desk = desk
        yield Over(replace(alone, desk=desk), lanes)


LANES = ("intake", "review", "decision", "publisher", "archive")
