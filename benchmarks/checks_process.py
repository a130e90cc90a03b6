"""One way of reading one file, alone in its process; prints seconds, processor seconds and peak MB as JSON.

python -m benchmarks.checks_process check|csv|frictionless PATH
"""

import csv
import resource
import sys
import time
from pathlib import Path

import orjson


def check(path: Path) -> None:
    from checks.run import Given, Metadata, look_at

    look_at([Given(path, path.name)], Metadata())


def bare(path: Path) -> None:
    """What nothing that looks at cells can be faster than: Python's csv, and `str` of every cell."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            for cell in row:
                str(cell)


def frictionless(path: Path) -> None:
    from frictionless import Checklist, Resource

    Resource(path=path.name, basepath=str(path.parent)).validate(Checklist())


WAYS = {"check": check, "csv": bare, "frictionless": frictionless}

if __name__ == "__main__":
    way, path = WAYS[sys.argv[1]], Path(sys.argv[2])
    began, processor = time.perf_counter(), time.process_time()
    way(path)
    told = {
        "s": time.perf_counter() - began,
        "cpu_s": time.process_time() - processor,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    sys.stdout.buffer.write(orjson.dumps(told))
