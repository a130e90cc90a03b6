"""A process that checks files and may be killed: one JSON line a file in, one JSON line with findings and profiles out.

    {"path", "name", "media_type", "columns", "about", "allowed"}  →  {"findings": [...], "profiles": [...]}
    {"path", "name", "before": path of the version before, "keys": [names of columns]}  →  {"findings": [...], "changes": [...]}

Each job says in how many seconds an answer is waited for.
It may take no more memory than it is told at its start; what it runs out of is the file's fault and costs one finding.
"""

import gc
import math
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import orjson

from checks.catalogue import report
from checks.differences import differences
from checks.files import check_file
from checks.findings import Found
from checks.limits import LIMITS
from checks.run import collect_rarely
from events.metadata import Column


def judged(job: dict[str, Any]) -> dict[str, Any]:
    """One file. Whatever goes wrong is a finding: this process is all that may break."""
    found = Found()
    profiles: list[dict[str, Any]] = []
    try:
        profiles = check_file(
            Path(job["path"]),
            name=job["name"],
            media_type=job["media_type"],
            found=found,
            columns=[Column.model_validate(column) for column in job["columns"]],
            about=job["about"],
            allowed=frozenset(job["allowed"]),
        )
    except MemoryError:
        found = Found(file=job["name"])
        found("not_checked", reason="pemeriksaan butuh terlalu banyak memori", reason_en="it takes too much memory")
    except Exception as error:  # noqa: BLE001 (told by its kind; its words may hold what stands in the file)
        found = Found(file=job["name"])
        found(
            "not_checked", reason=f"pemeriksa berhenti ({type(error).__name__})", reason_en=f"the checker stopped ({type(error).__name__})"
        )
    told = report(found)
    return {"findings": [f.model_dump(mode="json", exclude_none=True) for f in told.findings], "more": told.more, "profiles": profiles}


def compared(job: dict[str, Any]) -> dict[str, Any]:
    """Two versions of a file. A table that cannot be compared is no fault: both were looked at by themselves."""
    found = Found(file=job["name"])
    changes: list[dict[str, Any]] | None
    try:
        changes = differences(Path(job["before"]), Path(job["path"]), keys=job["keys"], limits=LIMITS, found=found)
    except (MemoryError, Exception) as error:  # noqa: BLE001 (as above)
        changes, found = None, Found(file=job["name"])
        found("not_compared", why=type(error).__name__)
    told = report(found)
    return {"findings": [f.model_dump(mode="json", exclude_none=True) for f in told.findings], "more": told.more, "changes": changes}


def main() -> None:
    megabytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    collect_rarely()
    for line in sys.stdin.buffer:
        job = orjson.loads(line)
        signal.alarm(2 * math.ceil(job["seconds"]) + 1)  # no handler: whatever it is stuck in, it ends, also when nobody is left to kill it
        sys.stdout.buffer.write(orjson.dumps(compared(job) if "before" in job else judged(job)) + b"\n")
        sys.stdout.buffer.flush()
        signal.alarm(0)
        gc.collect()


if __name__ == "__main__":
    main()
