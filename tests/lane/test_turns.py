"""Turns at what only a few may do at once: one that floods keeps nobody else out."""

import asyncio
from contextlib import suppress

from lane.turns import Turns


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Room:
    def __init__(self, turns: Turns) -> None:
        self.turns, self.inside, self.free = turns, list[str](), asyncio.Event()
        self.tasks = list[asyncio.Task[None]]()

    def comes(self, *names: str) -> None:
        self.tasks += [asyncio.create_task(self._stays(name)) for name in names]

    async def _stays(self, who: str) -> None:
        async with self.turns.turn(who):
            self.inside.append(who)
            await self.free.wait()


async def test_whoever_floods_takes_not_all_turns_and_waits_behind_those_who_have_fewer() -> None:
    room = Room(Turns(4, 2))
    room.comes(*["flood"] * 9, "one", "two", "three")
    await settled()
    assert room.inside == ["flood", "flood", "one", "two"]

    room.tasks[9].cancel()
    await settled()
    assert room.inside[4:] == ["three"]
    room.free.set()
    await asyncio.gather(*room.tasks, return_exceptions=True)
    assert sorted(room.inside) == sorted(["flood"] * 9 + ["one", "two", "three"])
    assert (room.turns._has.total(), room.turns._waiting) == (0, {})


async def test_who_goes_away_while_waiting_or_when_called_keeps_no_turn() -> None:
    room = Room(Turns(1, 1))
    room.comes("one", "two", "three")
    await settled()
    room.tasks[1].cancel()
    await settled()
    room.free.set()
    await settled()
    room.tasks[2].cancel()
    with suppress(asyncio.CancelledError):
        await room.tasks[2]
    assert "two" not in room.inside
    assert (room.turns._has.total(), room.turns._waiting) == (0, {})

    room.free.clear()
    async with room.turns.turn("holder"):
        room.comes("late")
        await settled()
    room.tasks[-1].cancel()  # it was called in this very moment
    with suppress(asyncio.CancelledError):
        await room.tasks[-1]
    assert (room.inside.count("late"), room.turns._has.total()) == (0, 0)


async def test_who_goes_away_in_the_moment_in_which_another_leaves_keeps_no_turn_either() -> None:
    room = Room(Turns(1, 1))
    room.comes("one", "one", "one")
    await settled()
    room.free.set()
    room.tasks[1].cancel()
    async with asyncio.timeout(30):
        await asyncio.gather(*room.tasks, return_exceptions=True)

    assert room.inside == ["one", "one"]
    assert (room.turns._has.total(), room.turns._waiting) == (0, {})
