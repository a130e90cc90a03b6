"""One pass over the log in a process of its own, so that its memory can be watched: `python -m benchmarks.replay_process BOOTSTRAP DIR`.

Hears {"do": what}: `bare` reads the topic and does nothing with it, `verify` checks the log, `verify_all` the log against a journal,
`rebuild` makes that journal. Answers {"events", "seconds"}.
"""

import asyncio
import shutil
import sys
import time
from pathlib import Path

import orjson

from archive.proof import JournalAt, verify
from archive.rebuild import rebuild
from archive.scan import LogAt
from benchmarks.workers import answer
from bus.kafka import Kafka
from bus.reader import read_topic, spans
from events.contracts import LOG_TOPIC

LANE = "archive"


def bare(log: LogAt, _: Path) -> int:
    async def read() -> int:
        events = 0
        async for records in read_topic(log.kafka, LOG_TOPIC, await spans(log.kafka, LOG_TOPIC)):
            events += len(records)
        return events

    return asyncio.run(read())


def verified(log: LogAt, _: Path) -> int:
    report = verify([], log)
    return report.events if report.ok else -1


def verified_against_journal(log: LogAt, directory: Path) -> int:
    report = verify([JournalAt(LANE, f"sqlite:{directory}/", LANE)], log)
    return report.events if report.ok else -1


def rebuilt(log: LogAt, directory: Path) -> int:
    shutil.rmtree(directory, ignore_errors=True)
    return rebuild(f"sqlite:{directory}/", LANE, log)["applied"]


WAYS = {"bare": bare, "verify": verified, "verify_all": verified_against_journal, "rebuild": rebuilt}


def main() -> None:
    log, directory = LogAt(Kafka(sys.argv[1])), Path(sys.argv[2])
    answer({"ready": True})
    for line in sys.stdin.buffer:
        way = WAYS[orjson.loads(line)["do"]]
        started = time.monotonic()
        events = way(log, directory)
        answer({"events": events, "seconds": time.monotonic() - started})


if __name__ == "__main__":
    main()
