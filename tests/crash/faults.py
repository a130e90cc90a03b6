"""Faults by kind: each breaks one thing on a stage, lets a little time pass under load, and mends it. Used by tests and the soak.

A fault is a context manager: broken inside, mended after. What cannot be half-broken (a kill) is over when the body begins.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from tests.crash.evidence import progress
from tests.crash.lanes import LANES, LaneProcess
from tests.crash.stage import Stage, until
from tests.crash.stores import copy, has_copy, lose, restore

Fault = Callable[[Stage, random.Random], AbstractContextManager[None]]
SLOW_S: Final = 0.2
SHORT_S: Final = 3.0
SESSION_S: Final = 10.0
ROWS: Final = 50
NOTICED_S: Final = 60.0
DYING: Final = ("die-before-commit", "die-in-transaction", "die-after-commit")


@contextmanager
def process_killed(stage: Stage, chance: random.Random) -> Iterator[None]:
    lane = _any(stage, chance)
    lane.kill()
    yield
    lane.start()


@contextmanager
def killed_at_a_commit(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Killed just before, in or just after a transaction of the journal."""
    with _dying(stage, _any(stage, chance), f"{chance.choice(DYING)}:{chance.randrange(1, 6)}"):
        yield


@contextmanager
def relay_killed_before_its_cursor(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Kafka has the records, the journal does not know it yet."""
    lane = chance.choice([lane for lane in stage.lanes if lane.name != "archive"])
    with _dying(stage, lane, f"die-after-send:{chance.randrange(1, 4)}"):
        yield


@contextmanager
def _dying(stage: Stage, lane: LaneProcess, rig: str) -> Iterator[None]:
    """Start the lane so that it dies by itself; when there was nothing left to die of, it is killed in the end."""
    lane.kill()
    lane.rig, lane.supervised, before = rig, False, lane.rig
    lane.start()
    yield
    deadline = time.monotonic() + NOTICED_S / 4
    while lane.running and time.monotonic() < deadline:
        time.sleep(0.1)
    lane.kill()
    lane.rig, lane.supervised = before, True
    lane.start()


@contextmanager
def process_paused(stage: Stage, chance: random.Random) -> Iterator[None]:
    """SIGSTOP for longer than Kafka waits for a group's consumer: its twin gets the partitions. Then it goes on as if nothing had been."""
    twins = [lane for lane in stage.lanes if lane.running and len(stage.of(lane.name)) > 1]
    lane = chance.choice(twins) if twins else _any(stage, chance)
    lane.pause()
    began = time.monotonic()
    yield
    until(lambda: time.monotonic() - began > SESSION_S + 1, "its session has timed out")
    lane.resume()


@contextmanager
def broker_killed(stage: Stage, chance: random.Random) -> Iterator[None]:
    stage.broker.kill()
    yield
    stage.restart_broker()


@contextmanager
def broker_hangs(stage: Stage, chance: random.Random) -> Iterator[None]:
    stage.broker.pause()
    began = time.monotonic()
    yield
    until(lambda: time.monotonic() - began > SHORT_S, "it has hung for a while")
    stage.broker.resume()


@contextmanager
def broker_slow(stage: Stage, chance: random.Random) -> Iterator[None]:
    stage.proxy.delay_s = SLOW_S
    before, began = progress(stage), time.monotonic()
    yield
    until(lambda: progress(stage) >= before + ROWS or time.monotonic() - began > 5 * SHORT_S, "something came through slowly")
    stage.proxy.delay_s = 0.0


@contextmanager
def broker_connections_reset(stage: Stage, chance: random.Random) -> Iterator[None]:
    stage.proxy.reset()
    yield
    stage.proxy.reset()


@contextmanager
def broker_unreachable(stage: Stage, chance: random.Random) -> Iterator[None]:
    stage.proxy.shut = True
    stage.proxy.reset()
    began = time.monotonic()
    yield
    until(lambda: time.monotonic() - began > SHORT_S, "it was away for a while")
    stage.proxy.shut = False


@contextmanager
def database_connections_reset(stage: Stage, chance: random.Random) -> Iterator[None]:
    assert stage.database
    stage.database.proxy.reset()
    yield
    stage.database.proxy.reset()


@contextmanager
def database_killed(stage: Stage, chance: random.Random) -> Iterator[None]:
    assert stage.database
    stage.database.kill()
    yield
    stage.database.start()


@contextmanager
def disk_full(stage: Stage, chance: random.Random) -> Iterator[None]:
    """No file of one lane can grow: its journal, its views, its log. It must say so (health red), and go on when there is room."""
    lane = _any(stage, chance)
    lane.limit_files(1)
    began = time.monotonic()
    yield
    until(lambda: time.monotonic() - began > SHORT_S, "the disk was full for a while")
    if lane.running:
        lane.limit_files(None)


@contextmanager
def clock_jumps(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Three hours on or back in one process, and after a while right again."""
    lanes = [lane for lane in stage.lanes if "clock" in lane.rig and lane.running and lane.answers("/healthz")]
    if not lanes:
        yield
        return
    lane, forward = chance.choice(lanes), chance.random() < 0.5
    starts = lane.starts
    lane.jump(forward=forward)
    before, began = progress(stage), time.monotonic()
    yield
    until(lambda: progress(stage) >= before + ROWS or time.monotonic() - began > SHORT_S, "something was written by the wrong clock")
    if lane.starts == starts and lane.running:
        lane.jump(forward=not forward)


@contextmanager
def store_lost(stage: Stage, chance: random.Random) -> Iterator[None]:
    name = chance.choice(LANES)
    lose(stage, name)
    yield


@contextmanager
def store_restored(stage: Stage, chance: random.Random) -> Iterator[None]:
    """Of all lanes that were copied, one gets its old copy back; a new copy is made of another."""
    copied = [name for name in LANES if has_copy(stage, name)]
    if copied:
        restore(stage, chance.choice(copied))
    copy(stage, chance.choice(LANES))
    yield


def _any(stage: Stage, chance: random.Random) -> LaneProcess:
    return chance.choice([lane for lane in stage.lanes if lane.running])


EVERYWHERE: Final[Mapping[str, Fault]] = {
    "process killed": process_killed,
    "process killed at a commit": killed_at_a_commit,
    "relay killed between send and cursor": relay_killed_before_its_cursor,
    "process paused past its session timeout": process_paused,
    "broker killed": broker_killed,
    "broker hangs": broker_hangs,
    "broker slow": broker_slow,
    "broker unreachable": broker_unreachable,
    "connections to the broker reset": broker_connections_reset,
    "clock jumped": clock_jumps,
    "store lost": store_lost,
    "store restored from an old copy": store_restored,
}
ON_SQLITE: Final[Mapping[str, Fault]] = {"disk full": disk_full}
ON_POSTGRES: Final[Mapping[str, Fault]] = {
    "connections to the database reset": database_connections_reset,
    "database killed": database_killed,
}


def faults_of(stage: Stage) -> Mapping[str, Fault]:
    return {**EVERYWHERE, **(ON_POSTGRES if stage.database else ON_SQLITE)}


__all__ = ["ON_SQLITE", "Fault", "faults_of"]
