"""Processes that look at files and may be killed: a job in, its answer out, or None when there was none in time.

What a lane that was killed leaves behind ends by itself: a worker by its own clock, the copy of a file when a later worker is started.
"""

import contextlib
import os
import selectors
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

CORES: Final = os.cpu_count() or 1
PREFIX: Final = "jejak-check-"
LEFT_S: Final = 24 * 3600.0
"""Seconds after which a copy is nobody's any more."""


@dataclass
class Worker:
    """One process that is asked line by line."""

    process: subprocess.Popen[bytes]

    def ask(self, job: dict[str, Any], *, seconds: float) -> dict[str, Any] | None:
        """The answer; None when there was none in time or the process died. The worker is then of no use any more."""
        assert self.process.stdin  # noqa: S101 (made with pipes)
        assert self.process.stdout  # noqa: S101
        deadline = time.monotonic() + seconds
        try:
            self.process.stdin.write(orjson.dumps({**job, "seconds": seconds}) + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        answer = bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                left = deadline - time.monotonic()
                if left <= 0 or not ready.select(left):
                    return None
                block = os.read(self.process.stdout.fileno(), 1 << 16)
                if not block:
                    return None
                answer += block
        told: dict[str, Any] = orjson.loads(answer)
        return told

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@dataclass
class Workers:
    """Those that have nothing to do; several may be asked at once, each job has a worker of its own.

    No more than one above the cores work at a time, since each may take all the memory that is allowed; who comes later waits.
    """

    _idle: list[Worker] = field(default_factory=list)
    _turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(CORES + 1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, job: dict[str, Any], *, seconds: float, memory_mb: int) -> dict[str, Any] | None:
        """None: the worker died or had to be killed. The seconds begin with the turn."""
        with self._turns:
            return self._asked(job, seconds=seconds, memory_mb=memory_mb)

    def _asked(self, job: dict[str, Any], *, seconds: float, memory_mb: int) -> dict[str, Any] | None:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or worker.process.poll() is not None:
            worker = _started(memory_mb)
        told = worker.ask(job, seconds=seconds)
        with self._lock:
            if told is not None and len(self._idle) < CORES:
                self._idle.append(worker)
                return told
        worker.end()
        return told

    def stop(self) -> None:
        """Ends the processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()


def _started(memory_mb: int) -> Worker:
    _sweep(Path(tempfile.gettempdir()))
    command = [sys.executable, "-m", "lane.check_worker", str(memory_mb)]
    return Worker(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))


@contextlib.contextmanager
def copied(chunks: Iterable[bytes]) -> Iterator[str]:
    """The path of a file's bytes, as long as it is looked at."""
    with tempfile.NamedTemporaryFile(prefix=PREFIX) as copy:
        for chunk in chunks:
            copy.write(chunk)
        copy.flush()
        yield copy.name


def _sweep(folder: Path) -> None:
    oldest = time.time() - LEFT_S
    for path in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError, PermissionError):  # another process sweeps too, or it is another user's
            if path.stat().st_mtime < oldest:
                path.unlink()
