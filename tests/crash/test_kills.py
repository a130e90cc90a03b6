"""kill -9 of each lane at random moments, with many submissions on their way."""

import os
from pathlib import Path

from tests.crash.evidence import await_progress, await_rest, check, expected_of
from tests.crash.lanes import LANES
from tests.crash.load import playing
from tests.crash.plans import plans
from tests.crash.stage import SEED, SUBMISSIONS, chance_of, ready, stage_in

KILLS = int(os.environ.get("JEJAK_TEST_KILLS", "15"))


def test_lanes_killed_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    seed, chance = chance_of(SEED)
    with stage_in(tmp_path) as stage:
        for name in LANES:
            stage.add(name)
        ready(stage.lanes)
        todo = plans(seed, SUBMISSIONS)
        rows = 5 * sum(len(plan.path) for plan in todo)
        moments = sorted(chance.randrange(rows * 9 // 10) for _ in range(KILLS))
        with playing(stage, todo, chance) as load:
            for number, moment in enumerate(moments):
                await_progress(stage, moment)
                lane = stage.of(LANES[number % len(LANES)])[0]
                lane.kill()
                lane.start()
            await_rest(stage, load)
        assert check(stage, expected_of(load)) == []
        assert sum(lane.starts for lane in stage.lanes) == len(LANES) + KILLS
