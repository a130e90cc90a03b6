"""The loop that sends: the clock is looked at and what waits is sent, for as long as the desk runs. The program keeps it alive."""

import asyncio
from typing import Final, Protocol

from desk.notices.sending import Sending
from desk.notices.taking import Taking

LOOK_S: Final = 2.0


class Shown(Protocol):
    """What health and metrics see of this loop. `lag`: notices that wait, also those whose address is left alone for a while."""

    lag: int

    def moved(self) -> None: ...


async def send_for_ever(taking: Taking, sending: Sending, shown: Shown, *, look_s: float = LOOK_S) -> None:
    """A target that is slow holds up no other: each has a thread of its own meanwhile.

    Raises whatever a look or a sending raises; when it ends, what is being sent at that moment is still sent and marked, and no more.
    """
    sending.stopped.clear()
    busy, failed = set[asyncio.Task[None]](), list[BaseException]()

    def done(task: asyncio.Task[None]) -> None:
        busy.discard(task)
        if not task.cancelled() and (error := task.exception()):
            failed.append(error)

    try:
        while not failed:
            await asyncio.to_thread(lambda: taking.fall_due(now_ms=sending.clock()))
            for target in await asyncio.to_thread(sending.claim):
                task = asyncio.create_task(asyncio.to_thread(sending.work_off, target))
                busy.add(task)
                task.add_done_callback(done)
            shown.lag = await asyncio.to_thread(sending.waiting)
            shown.moved()
            await asyncio.sleep(look_s)
        raise failed[0]
    finally:
        sending.stopped.set()
        for task in busy:
            task.cancel()
