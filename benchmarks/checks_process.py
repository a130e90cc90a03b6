"""One way of reading one file, alone in its process; prints seconds, processor seconds and peak MB as JSON.

python -m benchmarks.checks_process check|csv|frictionless PATH
"""

import csv
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson

Way = Callable[[Path], object]


def check() -> Way:
    from checks.run import Given, Metadata, collect_rarely, look_at

    collect_rarely()  # as whoever looks at files does
    return lambda path: look_at([Given(path, path.name)], Metadata())


def bare() -> Way:
    return _every_cell


def frictionless() -> Way:
    from frictionless import Checklist, Resource

    return lambda path: Resource(path=path.name, basepath=str(path.parent)).validate(Checklist())


def _every_cell(path: Path) -> None:
    """What nothing that looks at cells can be faster than: Python's csv, and `str` of every cell."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                str(cell)


WAYS = {"check": check, "csv": bare, "frictionless": frictionless}

if __name__ == "__main__":
    way, path = WAYS[sys.argv[1]](), Path(sys.argv[2])  # what it takes to import is not counted
    began, processor = time.perf_counter(), time.process_time()
    way(path)
    told = {
        "s": time.perf_counter() - began,
        "cpu_s": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.buffer.write(orjson.dumps(told))
