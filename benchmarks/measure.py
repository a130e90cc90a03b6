"""What a measurement is made of: repeated values in, median and spread out; and who used the processors meanwhile."""

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import psutil

EVERY_S: Final = 0.25
STARTED: Final = time.monotonic()


class WrongCount(RuntimeError):
    """Something was lost, doubled or changed: the figure would be a lie, so there is none."""


@dataclass(frozen=True)
class Figure:
    """One measured thing: a value for each repetition."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


def figure(values: Sequence[float]) -> Figure:
    return Figure(tuple(values))


def percentile(values: Sequence[float], p: float) -> float:
    """The smallest value that at least the part `p` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(len(ordered) * p * 1000) // 1000) - 1)]


def expect(what: str, found: object, wanted: object) -> None:
    """Raises WrongCount."""
    if found != wanted:
        raise WrongCount(f"{what}: {found} instead of {wanted}")


def say(line: str) -> None:
    """Progress, on stderr; the table alone goes to stdout."""
    sys.stderr.write(f"[{time.monotonic() - STARTED:6.1f} s] {line}\n")
    sys.stderr.flush()


@dataclass
class Usage:
    """Processor seconds: ours by process name, and everybody else's, as parts of all processors over the time watched."""

    seconds: float = 0.0
    ours: dict[str, float] = field(default_factory=dict)
    others: float = 0.0

    @property
    def others_percent(self) -> float:
        """Of all processors."""
        return 100 * self.others / (self.seconds * (os.cpu_count() or 1)) if self.seconds else 0.0


@contextmanager
def watched(*roots: int) -> Iterator[Usage]:
    """Watch this process, its children and the process trees of `roots` while the block runs; filled in when it ends."""
    usage = Usage()
    sampler = _Sampler((os.getpid(), *roots))
    busy, started = _busy(), time.monotonic()
    sampler.start()
    try:
        yield usage
    finally:
        sampler.stop()
        usage.seconds = time.monotonic() - started
        usage.ours = sampler.used()
        usage.others = max(0.0, _busy() - busy - sum(usage.ours.values()))


@dataclass
class _Sampler:
    """Processes come and go, so their times are read again and again."""

    roots: tuple[int, ...]
    _first: dict[psutil.Process, float] = field(default_factory=dict)
    _last: dict[psutil.Process, float] = field(default_factory=dict)
    _names: dict[psutil.Process, str] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._look(known=True)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()
        self._look()

    def used(self) -> dict[str, float]:
        by_name: dict[str, float] = {}
        for process, last in self._last.items():
            name = self._names[process]
            by_name[name] = by_name.get(name, 0.0) + last - self._first[process]
        return by_name

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            self._look()

    def _look(self, *, known: bool = False) -> None:
        for process in _trees(self.roots):
            try:
                times = process.cpu_times()
                if process not in self._names:
                    self._names[process] = _name_of(process)
                    self._first[process] = times.user + times.system if known else 0.0
                self._last[process] = times.user + times.system
            except psutil.Error:
                continue


def _trees(roots: Sequence[int]) -> Iterator[psutil.Process]:
    for pid in roots:
        try:
            root = psutil.Process(pid)
            yield root
            yield from root.children(recursive=True)
        except psutil.Error:
            continue


def _name_of(process: psutil.Process) -> str:
    line = process.cmdline()
    if "kafka.Kafka" in line:
        return "broker" if "java" in line[0] else "guard"
    if "postgres" in process.name():
        return "postgres"
    if (module := next((word for word in line if word.startswith("benchmarks.")), None)) is not None:
        return " ".join([module.removeprefix("benchmarks."), *line[line.index(module) + 1 :][:1]])
    return "bench" if process.pid == os.getpid() else process.name()


def _busy() -> float:
    times = psutil.cpu_times()
    return float(
        times.user + times.nice + times.system + getattr(times, "irq", 0) + getattr(times, "softirq", 0) + getattr(times, "steal", 0)
    )
