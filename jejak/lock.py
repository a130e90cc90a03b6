"""One broker per directory: a lock that the broker's JVM inherits, so that it is held until the JVM itself is gone.

The file also says who started the broker. A lock whose owner is dead is that of a broker on its way out: worth waiting for.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from jejak.ports import described
from jejak.refused import BrokerRefused

STOPPING_S = 20.0
TICK_S = 0.05


@dataclass(frozen=True)
class Owner:
    """The process that started a broker, beyond confusion with a later one of the same pid, and where that broker listens."""

    pid: int
    started: float
    bootstrap: str

    def lives(self) -> bool:
        """Whether that very process still runs."""
        try:
            process = psutil.Process(self.pid)
            return process.create_time() == self.started and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


def acquire(path: Path, *, say: Callable[[str], None]) -> int:
    """A file descriptor that holds the lock. Waits for a broker whose owner was killed; raises BrokerRefused for a live one."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait(descriptor, path, say)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def sign(descriptor: int, bootstrap: str) -> None:
    """Write into the lock that this process is its owner."""
    owner = Owner(os.getpid(), psutil.Process().create_time(), bootstrap)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)


def _wait(descriptor: int, path: Path, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + STOPPING_S
    waited = False
    while not _locked(descriptor):
        owner = _owner(descriptor)
        if owner is None or owner.lives() or time.monotonic() > deadline:
            raise BrokerRefused(_in_use(path, owner))
        if not waited:
            say(f"Waiting for the Kafka of a killed process (pid {owner.pid}) to stop")
            waited = True
        time.sleep(TICK_S)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _owner(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, 1000, 0)))
    except (ValueError, TypeError):
        return None


def _in_use(path: Path, owner: Owner | None) -> str:
    if owner is None:
        return f"{path.parent} is in use by another Kafka that is just starting: wait for it, or give this one another directory"
    holder = described(owner.pid) or f"a process that is gone (pid {owner.pid}), but whose Kafka does not stop"
    return (
        f"{path.parent} is in use by the Kafka on {owner.bootstrap} that was started by {holder}: stop that first, "
        f"or set JEJAK_KAFKA={owner.bootstrap} to use it"
    )
