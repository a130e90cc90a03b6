"""`jejak`, with something built in that breaks it at an exact point. Never part of the product: the code is patched here, in this process.

JEJAK_TEST_RIG names what: `die-before-commit:N`, `die-in-transaction:N`, `die-after-commit:N`, `die-after-send:N` (SIGKILL at the
N-th time), `clock` (SIGUSR1 and SIGUSR2 turn the clock three hours on and back). Several are joined by commas.
"""

import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

JUMP: Final = timedelta(hours=3)
ROOMS: Final = {"archive", "bus", "events", "jejak", "lane", "portals", "services"}


def _die_at(count: int) -> Callable[[], None]:
    numbers = itertools.count(1)

    def step() -> None:
        if next(numbers) == count:
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def _around(name: str, *, before: Callable[[], None] = lambda: None, after: Callable[[], None] = lambda: None) -> None:
    """A method of both stores, with something done before or after it."""
    from events.postgres import PostgresStore
    from events.sqlite import SQLiteStore

    for store in (SQLiteStore, PostgresStore):
        method = getattr(store, name)

        def dying(self: Any, *given: Any, _method: Any = method) -> None:
            before()
            _method(self, *given)
            after()

        setattr(store, name, dying)


def die_before_commit(count: int) -> None:
    _around("write", before=_die_at(count))


def die_after_commit(count: int) -> None:
    _around("write", after=_die_at(count))


def die_in_transaction(count: int) -> None:
    """After everything was written, before COMMIT."""
    _around("_write", after=_die_at(count))


def die_after_send(count: int) -> None:
    """Kafka has acknowledged, the relay's cursor is not yet saved."""
    from bus.relay import Message, Relay

    step, send = _die_at(count), Relay._send

    async def dying(self: Relay, producer: Any, messages: Sequence[Message]) -> None:
        await send(self, producer, messages)
        step()

    Relay._send = dying  # type: ignore[method-assign]


class _Clock:
    offset = timedelta()


class _Kind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, datetime)


class JumpingDatetime(datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + _Clock.offset


def clock(_: int) -> None:
    """Only the modules that read the clock get the odd one; types stay as they are."""
    import jejak.app  # noqa: F401  (so that all modules are there)

    def turn(number: int, _: object) -> None:
        _Clock.offset += JUMP if number == signal.SIGUSR1 else -JUMP

    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in ROOMS and getattr(module, "datetime", None) is datetime:
            setattr(module, "datetime", JumpingDatetime)  # noqa: B010
    signal.signal(signal.SIGUSR1, turn)
    signal.signal(signal.SIGUSR2, turn)


RIGS: Final[dict[str, Callable[[int], None]]] = {
    "die-before-commit": die_before_commit,
    "die-in-transaction": die_in_transaction,
    "die-after-commit": die_after_commit,
    "die-after-send": die_after_send,
    "clock": clock,
}


def _end_with(parent: int) -> None:
    """A test run that is killed leaves no lanes behind."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    for rig in filter(None, os.environ.get("JEJAK_TEST_RIG", "").split(",")):
        name, _, count = rig.partition(":")
        RIGS[name](int(count or 0))
    from jejak.cli import main as jejak

    jejak()


if __name__ == "__main__":
    main()
