"""Work shared out over processes: a function and its arguments in, results in the same order out, with one count of what is done.

Processes are spawned, never forked: a fork would share sockets, locks and SQLite handles. With one process, work stays in this one.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, BrokenExecutor, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Final, Protocol, TypeVar

from bus.headers import read_any_header

Job = TypeVar("Job")
Result = TypeVar("Result")
Progress = Callable[[int], None]
"""Told now and then how many records are done, of all steps together."""
GARBAGE_EVERY: Final = 100_000
TOLD_EVERY_S: Final = 0.2


class Share(Protocol):
    """Runs a function for each job."""

    def __call__(self, work: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]: ...


class WorkersLost(RuntimeError):
    """A process was killed from outside, mostly because memory ran out; one sentence for people."""


class _Done:
    """Where this process says how many records it has done: a number shared with its siblings, or its own."""

    add: Progress = staticmethod(lambda _: None)


def count(records: int) -> None:
    """Called by the work itself."""
    _Done.add(records)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def silent(_: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def sharing(processes: int, progress: Progress = silent) -> Iterator[Share]:
    """Processes that run until the block is left. Raises WorkersLost."""
    if processes == 1:
        with _counted_here(progress), rare_garbage():
            yield lambda work, jobs: [work(job) for job in jobs]
        return
    context = multiprocessing.get_context("spawn")
    done: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(done,)) as pool:

        def share(work: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
            futures = [pool.submit(work, job) for job in jobs]
            waiting = set(futures)
            while waiting and not any(future.done() and future.exception() for future in futures):
                _, waiting = wait(waiting, timeout=TOLD_EVERY_S, return_when=FIRST_EXCEPTION)
                progress(done.value)
            for future in waiting:
                future.cancel()
            return [future.result() for future in futures if not future.cancelled()]

        try:
            yield share
        except BrokenExecutor as error:
            raise WorkersLost("Sebuah proses pemeriksa dihentikan dari luar; periksa memori mesin ini.") from error


@contextmanager
def rare_garbage() -> Iterator[None]:
    """While the block runs, cycles are looked for rarely: what is made for each record is freed by reference counting."""
    before = gc.get_threshold()
    _look_rarely()
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _look_rarely() -> None:
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY, 20, 50)


@contextmanager
def _counted_here(progress: Progress) -> Iterator[None]:
    done = 0

    def add(records: int) -> None:
        nonlocal done
        done += records
        progress(done)

    before, _Done.add = _Done.add, staticmethod(add)
    try:
        yield
    finally:
        _Done.add = before


def _start(done: "Synchronized[int]") -> None:
    read_any_header()

    def add(records: int) -> None:
        with done.get_lock():
            done.value += records

    _Done.add = staticmethod(add)
    _look_rarely()
