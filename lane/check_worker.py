"""A process that checks files and may be killed: one JSON line a file in, one JSON line with findings and profiles out.

    {"path", "name", "media_type", "columns", "about", "allowed"}  →  {"findings": [...], "profiles": [...]}

It may take no more memory than it is told at its start; what it runs out of is the file's fault and costs one finding.
"""

import gc
import resource
import sys
from pathlib import Path
from typing import Any

import orjson

from checks.catalogue import report
from checks.files import check_file
from checks.findings import Found
from events.contracts import Column


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


def main() -> None:
    megabytes = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        sys.stdout.buffer.write(orjson.dumps(judged(orjson.loads(line))) + b"\n")
        sys.stdout.buffer.flush()
        gc.collect()


if __name__ == "__main__":
    main()
