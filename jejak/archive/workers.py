"""Work shared out over processes: a function and its arguments in, results in the same order out, with one count of what is done.

Processes are spawned, never forked: a fork would share sockets, locks and SQLite handles. With one process, work stays in this one.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from typing import Any, Final, Protocol, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
Progress = Callable[[int], None]
"""Told now and then how many records are done, of all steps together."""
GARBAGE_EVERY: Final = 100_000
TOLD_EVERY_S: Final = 0.2


class Share(Protocol):
    """Runs a function for each job."""

    def __call__(self, work: Callable[[Job], Result], jobs: Sequence[Job]) -> list[Result]: ...


class _Done:
    """How many records this process and its siblings have done. A worker gets the shared number when it starts."""

    shared: "Synchronized[int] | None" = None


def count(records: int) -> None:
    """Called by the work itself."""
    if _Done.shared is not None:
        with _Done.shared.get_lock():
            _Done.shared.value += records


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0))


def silent(_: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def sharing(processes: int, progress: Progress = silent) -> Iterator[Share]:
    """Processes that run until the block is left."""
    if processes == 1:
        yield lambda work, jobs: [work(job) for job in jobs]
        return
    context = multiprocessing.get_context("spawn")
    done: Synchronized[int] = context.Value("q", 0)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(done,)) as pool:

        def share(work: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
            futures = [pool.submit(work, job) for job in jobs]
            waiting = set(futures)
            while waiting:
                finished, waiting = wait(waiting, timeout=TOLD_EVERY_S, return_when=FIRST_EXCEPTION)
                progress(done.value)
                if any(future.exception() for future in finished):
                    for future in waiting:
                        future.cancel()
                    break
            return [future.result() for future in futures if not future.cancelled()]

        yield share


def _start(done: "Synchronized[int]") -> None:
    _Done.shared = done
    # What a worker makes for each record is freed by reference counting; looking for cycles that often costs a tenth of its time.
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY)
