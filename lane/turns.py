"""Turns at what only a few may do at once: names of those who come in; who has fewest turns at that moment goes next, and nobody takes all.

In one event loop.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Turns:
    """`most` at once, of one at most `of_one`."""

    most: int
    of_one: int
    _has: Counter[str] = field(default_factory=Counter)
    _waiting: dict[str, deque[asyncio.Future[None]]] = field(default_factory=dict)

    @asynccontextmanager
    async def turn(self, who: str) -> AsyncIterator[None]:
        if self._may(who):
            self._has[who] += 1
        else:
            await self._called(who)
        try:
            yield
        finally:
            self._leave(who)

    def _may(self, who: str) -> bool:
        return self._has.total() < self.most and self._has[who] < self.of_one

    async def _called(self, who: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                if turn in self._waiting.get(who, ()):  # nobody who left has passed over it yet
                    self._waiting[who].remove(turn)
                    self._forget(who)
            else:  # called in the moment in which it went away
                self._leave(who)
            raise

    def _leave(self, who: str) -> None:
        self._has[who] -= 1
        self._forget(who)
        while waiting := [other for other in self._waiting if self._may(other)]:
            following = min(waiting, key=lambda other: self._has[other])
            turn = self._waiting[following].popleft()
            called = not turn.cancelled()
            if called:
                self._has[following] += 1
                turn.set_result(None)
            self._forget(following)
            if called:
                return

    def _forget(self, who: str) -> None:
        if not self._has[who]:
            del self._has[who]
        if not self._waiting.get(who, True):
            del self._waiting[who]
