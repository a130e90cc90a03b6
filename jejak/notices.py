"""The desk's notices as the program runs them: log, directory and clock in, messages out; loops that are kept alive and seen in health."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bus.directory import Directory
from bus.follow import follow
from bus.kafka import Kafka
from bus.loops import Progress, ended, forever
from desk.accounts import Accounts
from desk.clock import now_ms
from desk.notices.kept import Kept
from desk.notices.running import send_for_ever
from desk.notices.sending import Sending
from desk.notices.taking import Taking
from events.contracts import LOG_TOPIC
from lane.settings import DESK

Loop = tuple[Progress, Callable[[], Awaitable[None]]]


@dataclass
class Notices:
    """`lane.health.Watched`. `directory`: followed by the lanes beside it, or by this one (`follows`) where the desk stands alone.

    Without a Kafka there are none.
    """

    kafka: Kafka | None
    directory: Directory
    follows: bool = False
    name: str = DESK
    reading: Progress = field(default_factory=lambda: Progress("log"))
    sending: Progress = field(default_factory=lambda: Progress("notices"))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def loops(self) -> Sequence[Progress]:
        return (self.reading, self.sending, self.directory.progress) if self.kafka else ()

    @property
    def healthy(self) -> bool:
        return all(loop.healthy for loop in self.loops) and not any(task.done() for task in self._tasks)

    @property
    def ready(self) -> bool:
        """The pages need no notices."""
        return True

    @asynccontextmanager
    async def running(self, engine: sa.Engine, address: str) -> AsyncIterator[None]:
        """`address`: where links lead. What is being sent when it ends is sent to the end, and nothing more."""
        loops = self._loops(self.kafka, engine, address) if self.kafka else []
        self._tasks = [asyncio.create_task(forever(progress, run), name=f"{self.name}:{progress.name}") for progress, run in loops]
        try:
            yield
        finally:
            await ended(self._tasks)
            self._tasks = []

    def _loops(self, kafka: Kafka, engine: sa.Engine, address: str) -> list[Loop]:
        taking = Taking(engine, Accounts(engine), self.directory.heirs, self.reading.counts)
        sending = Sending(engine, address, counts=self.sending.counts)
        return [
            (self.reading, lambda: self._read(kafka, taking)),
            (self.sending, lambda: self._send(taking, sending)),
            *([(self.directory.progress, self.directory.run)] if self.follows else []),
        ]

    async def _read(self, kafka: Kafka, taking: Taking) -> None:
        await self._until_known()
        take = lambda records: taking.take(records, now_ms=now_ms())  # noqa: E731
        await follow(kafka, LOG_TOPIC, Kept(taking.engine), take, (SQLAlchemyError,), self.reading)

    async def _send(self, taking: Taking, sending: Sending) -> None:
        await self._until_known()
        await send_for_ever(taking, sending, self.sending)

    async def _until_known(self) -> None:
        """Whose people are told is known when the directory was read once."""
        while not self.directory.progress.ready:  # noqa: ASYNC110 (a loop of its own makes it so)
            await asyncio.sleep(0.05)
