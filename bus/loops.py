"""How loops wait, end and start anew. Every background loop of a lane is made of these.

In: awaitables and loops; out: their results in time, or their end. What a loop shows of itself is its `Progress`.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog

log = structlog.get_logger("jejak.loops")
T = TypeVar("T")

GATHER_S: Final = 0.05
LEISURE_S: Final = 0.2
"""What a lane in which nobody decides waits before the next batch."""
WATCH_S: Final = 5.0
STALLED_S: Final = 30.0
GRACE_S: Final = 1.0
AGAIN_S: Final = 5.5
BACKOFF_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)


@dataclass
class Progress:
    """What health, readiness and metrics see of one consumer or relay. `ready`: read to the end that was there at start.

    `blocked` ends by itself when what is away comes back; what is `left_alone` waits for the operator. Both begin with a code and a colon.
    """

    name: str
    counts: Counter[str] = field(default_factory=Counter)
    ready: bool = False
    lag: int = 0
    blocked: str | None = None
    left_alone: str | None = None
    moved_at: float = field(default_factory=time.monotonic)
    rebuilt: int = 0

    def moved(self) -> None:
        self.blocked, self.moved_at = None, time.monotonic()

    @property
    def healthy(self) -> bool:
        stuck = self.lag > 0 and time.monotonic() - self.moved_at > STALLED_S
        return self.blocked is None and self.left_alone is None and not stuck


async def within(seconds: float, work: Awaitable[T]) -> T:
    """What `work` gives, or TimeoutError. A cancellation always gets through, and work that will not end is let go.

    `asyncio.wait_for` of Python 3.11 promises neither: cancelled in the moment in which the work ends, it goes on as if nothing was said.
    """
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())  # let go, nobody else asks how it ended
    try:
        if (await asyncio.wait([task], timeout=seconds))[0]:
            return task.result()
        raise TimeoutError
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task], timeout=GRACE_S)


async def ended(tasks: Collection[asyncio.Future[Any]]) -> None:
    """Cancel them until they have ended: a library may lose a cancellation on its way."""
    going = set(tasks)
    while going:
        for task in going:
            task.cancel()
        _, going = await asyncio.wait(going, timeout=AGAIN_S)


def breath(spent_s: float, at_least_s: float = 0.0) -> float:
    """Seconds to wait before the next batch, because larger ones cost less a record: half of what the last took, at most GATHER_S."""
    return max(at_least_s, min(GATHER_S, spent_s / 2))


def pause(failures: int) -> float:
    return BACKOFF_S[min(failures, len(BACKOFF_S) - 1)]


async def woken(wake: asyncio.Event, backstop_s: float) -> None:
    """Until somebody wakes us, or so many seconds have passed."""
    late = asyncio.get_running_loop().call_later(backstop_s, wake.set)
    try:
        await wake.wait()
    finally:
        late.cancel()
        wake.clear()


async def forever(progress: Progress, work: Callable[[], Awaitable[None]]) -> None:
    """Keep one loop of a lane alive: what it did not expect is logged and shown as not healthy, then it starts anew."""
    failures = 0
    while True:
        try:
            await work()
            return
        except asyncio.CancelledError as error:
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            failure: BaseException = error  # a library let the end of a task of its own escape
        except Exception as error:  # noqa: BLE001 (logged with its trace just below)
            failure = error
        failures += 1
        progress.blocked = f"{type(failure).__name__}: {failure}"
        log.error("loop_failed", loop=progress.name, exc_info=failure)
        await asyncio.sleep(pause(failures))


def wake_on(callbacks: list[Callable[[], None]]) -> asyncio.Event:
    """An event of the running loop, set from whichever thread commits."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    callbacks.append(lambda: _set_from_thread(loop, event))
    return event


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)
