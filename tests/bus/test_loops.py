"""Waiting and ending: a cancellation always gets through, whatever a library makes of it."""

import asyncio

import pytest

from bus import loops
from bus.loops import ended, within


async def test_what_the_work_gives_and_how_it_fails() -> None:
    async def fails() -> None:
        raise OSError("no disk")

    assert await within(1.0, asyncio.sleep(0, "done")) == "done"
    with pytest.raises(OSError, match="no disk"):
        await within(1.0, fails())
    with pytest.raises(TimeoutError):
        await within(0.01, asyncio.sleep(60))


async def test_cancelled_in_the_moment_in_which_the_work_ends() -> None:
    """`asyncio.wait_for` of Python 3.11 loses this one: a loop then goes on for ever, and whoever stops it waits as long."""
    work: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    went_on = False

    async def loop() -> None:
        nonlocal went_on
        await within(60.0, work)
        went_on = True

    task = asyncio.create_task(loop())
    await asyncio.sleep(0)
    work.set_result("done")
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert not went_on


async def test_work_that_will_not_end_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "GRACE_S", 0.01)
    release = asyncio.Event()

    async def frozen() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    with pytest.raises(TimeoutError):
        await within(0.01, frozen())
    waiting = asyncio.create_task(within(60.0, frozen()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()


async def test_ending_asks_again_when_a_cancellation_was_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "AGAIN_S", 0.01)
    lost = 0

    async def loses_two() -> None:
        nonlocal lost
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost == 2:
                    raise
                lost += 1

    tasks = [asyncio.create_task(loses_two()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    await ended(tasks)

    assert [task.cancelled() for task in tasks] == [True, True]
    await ended([])
