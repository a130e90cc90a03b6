"""`python -m tests.soak --minutes N`: random faults under load for long, round after round, and the checker after each.

Prints what happened; exit code 1 when the checker found anything. `--seed` repeats the plan of a run (not its timing).
"""

import argparse
import asyncio
import logging
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from tests.crash.checker import Seen, violations
from tests.crash.evidence import await_rest, expected_of, gather, places_of
from tests.crash.faults import faults_of, process_killed
from tests.crash.lanes import LANES
from tests.crash.load import Load, playing
from tests.crash.losing import NOT_NOW, Forger, Operator, log_cut, log_made_anew
from tests.crash.plans import plans
from tests.crash.stage import Stage, chance_of, ready, stage_in, until

SUBMISSIONS: Final = 400
FAULTS_A_ROUND: Final = 50
BREATH_S: Final = 1.5
REST_S: Final = 600.0
WELL_S: Final = 180.0
WATCH_S: Final = 0.5


@dataclass
class Tally:
    """What happened in all rounds."""

    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    records_in: int = 0
    events_out: int = 0
    duplicates: int = 0
    letters: int = 0
    forged: int = 0
    alarms: int = 0
    put_back: Counter[str] = field(default_factory=Counter)
    longest_outage_s: float = 0.0
    rounds: int = 0
    found: list[str] = field(default_factory=list)


class Watch:
    """Asks every lane whether it takes commands, and keeps the longest time that none of its processes did."""

    def __init__(self, stage: Stage) -> None:
        self._stage, self._stop, self.longest_s = stage, threading.Event(), 0.0
        self._seen = dict.fromkeys(LANES, time.monotonic())
        self._thread = threading.Thread(target=self._run, name="watch")
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(WATCH_S):
            for name in LANES:
                if any(lane.running and lane.answers() for lane in self._stage.of(name)):
                    self._seen[name] = time.monotonic()
                self.longest_s = max(self.longest_s, time.monotonic() - self._seen[name])

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--submissions", type=int, default=SUBMISSIONS)
    parser.add_argument("--faults", type=int, default=FAULTS_A_ROUND, help="in a round")
    wanted = parser.parse_args(arguments)
    seed, chance = chance_of(wanted.seed)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the load's clients meet the same broken broker as the lanes
    _say(f"{wanted.minutes:g} minutes")
    tally, began = Tally(), time.monotonic()
    while time.monotonic() - began < wanted.minutes * 60:
        _round(tally, chance, wanted, postgres=tally.rounds % 2 == 1)
    _tell(tally, seed, time.monotonic() - began)
    return 1 if tally.found else 0


def _round(tally: Tally, chance: random.Random, wanted: argparse.Namespace, *, postgres: bool) -> None:
    tally.rounds += 1
    directory = Path(tempfile.mkdtemp(prefix="jejak-soak-"))
    before = len(tally.found)
    _say(f"round {tally.rounds} on {'PostgreSQL' if postgres else 'SQLite'}, {wanted.submissions} submissions")
    try:
        with stage_in(directory, postgres=postgres) as stage:
            _played(stage, tally, chance, wanted)
    except Exception as error:  # noqa: BLE001 (a round that breaks down is a finding; the others still run)
        traceback.print_exc()
        tally.found.append(f"round {tally.rounds} broke down: {error!r}")
    for line in tally.found[before:]:
        _say(f"  FOUND {line}")
    if len(tally.found) == before:
        shutil.rmtree(directory, ignore_errors=True)
    else:
        _say(f"  its logs stay in {directory}")


def _played(stage: Stage, tally: Tally, chance: random.Random, wanted: argparse.Namespace) -> None:
    for name in (*LANES, "decision", "publisher") if stage.database else LANES:
        stage.add(name, rig="clock")
    ready(stage.lanes)
    watch = Watch(stage)
    try:
        todo = plans(chance.getrandbits(64), wanted.submissions)
        forging = Forger(stage, random.Random(chance.getrandbits(64)))  # noqa: S311
        with (
            Operator(stage) as operator,
            forging as forger,
            playing(stage, todo, chance) as load,
        ):
            _break(stage, tally, chance, wanted.faults)
            await_rest(stage, load, patience_s=REST_S)
        _ended(stage, operator, tally)
        seen = gather(stage, forged=forger.forged)
    finally:
        watch.close()
    _count(tally, stage, load, seen)
    tally.longest_outage_s = max(tally.longest_outage_s, watch.longest_s)
    tally.forged += len(forger.forged)
    astray = asyncio.run(places_of(stage.kafka, forger.forged))
    tally.found += violations(seen, expected_of(load, astray=astray))


def _ended(stage: Stage, operator: Operator, tally: Tally) -> None:
    """The operator ends what is left, also what a lane that reads the log anew notices meanwhile; then every lane is well."""

    def all_well() -> bool:
        with suppress(*NOT_NOW):
            operator.act()
            tally.alarms += operator.end_all_alarms()
            return all(lane.answers(f"/{lane.name}/healthz") for lane in stage.lanes)
        return False

    try:
        until(all_well, "all lanes are well", WELL_S)
    except TimeoutError as error:
        told = {lane.name: httpx.get(f"{lane.url}/{lane.name}/healthz", timeout=10).text for lane in stage.lanes}
        tally.found.append(f"{error}: {told}")
    tally.put_back.update(operator.put_back)


def _break(stage: Stage, tally: Tally, chance: random.Random, faults: int) -> None:
    """One fault after another; now and then a process is killed in the middle of one."""
    kinds = list({**faults_of(stage), "log cut and grown": log_cut, "log made anew and grown": log_made_anew}.items())
    order = [kind for _ in range(faults // len(kinds) + 1) for kind in chance.sample(kinds, len(kinds))][:faults]
    for kind, fault in order:
        _say(f"  {kind}")
        with ExitStack() as stack:
            stack.enter_context(fault(stage, chance))
            if chance.random() < 0.25 and any(lane.running for lane in stage.lanes):
                _say("  process killed meanwhile")
                stack.enter_context(process_killed(stage, chance))
                tally.faults["process killed"] += 1
        tally.faults[kind] += 1
        threading.Event().wait(chance.random() * BREATH_S)


def _count(tally: Tally, stage: Stage, load: Load, seen: Seen) -> None:
    tally.kills += sum(lane.starts - 1 for lane in stage.lanes)
    tally.records_in += len(seen.inbound) + len(load.received)
    tally.events_out += sum(len(raws) for raws in seen.journals["archive"].events.values())
    tally.duplicates += seen.duplicates
    tally.letters += len(set(seen.letters))


def _tell(tally: Tally, seed: int, took_s: float) -> None:
    _say(f"\n{tally.rounds} rounds in {took_s / 60:.1f} minutes, seed {seed}")
    _say(f"faults                {tally.faults.total()}")
    for kind, count in sorted(tally.faults.items()):
        _say(f"  {kind:<40} {count}")
    _say(f"processes killed      {tally.kills}")
    _say(f"records in            {tally.records_in}")
    _say(f"events out            {tally.events_out}")
    _say(f"duplicates dropped    {tally.duplicates} (records of the log that Kafka holds more than once)")
    _say(f"dead letters          {tally.letters} (that nobody forged)")
    _say(f"forged records        {tally.forged}, {tally.alarms} alarms of them ended by word")
    losses, held = tally.put_back.pop("losses", 0), dict(tally.put_back)
    _say(f"losses of the log     {losses} (each lane's and partition's); events put back, by journals that held them: {held}")
    _say(f"longest outage        {tally.longest_outage_s:.1f} s (one lane took no commands)")
    _say(f"the checker found     {len(tally.found) or 'nothing'}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
