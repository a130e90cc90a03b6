"""The loops of the notices: the log is followed, the clock is looked at, and what waits is sent, for as long as the desk runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.accounts import Accounts
from desk.clock import now_ms
from desk.notices.sending import Sending
from desk.notices.taking import Taking
from events.admission import Record

Positions = Callable[[str], Mapping[int, int]]
Take = Callable[[Sequence[Record]], None]
Follow = Callable[[Positions, Take], Awaitable[None]]
"""Reads the log from these positions (cluster → partition → offset) into `take` until cancelled; the program hands it in."""
LOOK_S: Final = 2.0
log = structlog.get_logger("jejak.desk")


@asynccontextmanager
async def notices(engine: sa.Engine, address: str, follow: Follow) -> AsyncIterator[None]:
    taking = Taking(engine, Accounts(engine))
    loops = [
        asyncio.ensure_future(follow(taking.positions, lambda records: taking.take(records, now_ms=now_ms()))),
        asyncio.ensure_future(send_for_ever(taking, Sending(engine, address))),
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.wait(loops)


async def send_for_ever(taking: Taking, sending: Sending, *, look_s: float = LOOK_S) -> None:
    """A target that is slow holds up no other: each has a thread of its own meanwhile."""
    busy = set[asyncio.Task[None]]()
    while True:
        try:
            await asyncio.to_thread(lambda: taking.fall_due(now_ms=sending.clock()))
            for target in await asyncio.to_thread(sending.claim):
                task = asyncio.create_task(_work_off(sending, target))
                busy.add(task)
                task.add_done_callback(busy.discard)
        except SQLAlchemyError as error:
            log.error("notices_store", error=repr(error))
        await asyncio.sleep(look_s)


async def _work_off(sending: Sending, target: int) -> None:
    try:
        await asyncio.to_thread(sending.work_off, target)
    except SQLAlchemyError as error:
        log.error("notices_store", target=target, error=repr(error))
