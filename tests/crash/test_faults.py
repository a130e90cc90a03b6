"""Every kind of fault once, in an order that the seed draws, with many submissions on their way; `make soak` plays thousands.

On SQLite, and on PostgreSQL with two processes of some lanes.
"""

from collections.abc import Collection
from pathlib import Path

import pytest

from tests.crash.evidence import await_progress, await_rest, check, events_in, expected_of
from tests.crash.faults import ON_SQLITE, faults_of
from tests.crash.lanes import LANES
from tests.crash.load import playing
from tests.crash.plans import plans
from tests.crash.stage import SEED, SUBMISSIONS, chance_of, ready, stage_in
from tests.crash.stores import copy

TWINS = ("decision", "publisher")


@pytest.mark.parametrize("store", [pytest.param("sqlite", marks=pytest.mark.long), "postgres"])
def test_every_kind_of_fault_loses_and_doubles_nothing(store: str, tmp_path: Path) -> None:
    assert _played(tmp_path, store, SUBMISSIONS) == []


def test_a_full_disk_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """The kind that PostgreSQL does not have, also when no long tests are asked for."""
    assert _played(tmp_path, "sqlite", SUBMISSIONS // 3, only=ON_SQLITE) == []


def _played(directory: Path, store: str, submissions: int, *, only: Collection[str] = ()) -> list[str]:
    seed, chance = chance_of(SEED)
    with stage_in(directory, postgres=store == "postgres") as stage:
        for name in (*LANES, *TWINS) if stage.database else LANES:
            stage.add(name, rig="clock")
        ready(stage.lanes)
        todo = plans(seed, submissions)
        kinds = [(kind, fault) for kind, fault in faults_of(stage).items() if not only or kind in only]
        chance.shuffle(kinds)
        with playing(stage, todo, chance) as load:
            copy(stage, chance.choice(LANES))
            for number, (kind, fault) in enumerate(kinds):
                await_progress(stage, len(LANES) * events_in(todo) * (number + 1) // (2 * len(kinds)))
                print(kind)  # noqa: T201 (pytest shows it when the test fails)
                with fault(stage, chance):
                    pass
            await_rest(stage, load)
        return check(stage, expected_of(load))
