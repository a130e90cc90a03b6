"""Records that cannot be read or break the rules of the log, of every kind, between good ones: set aside, and everything else goes on."""

import asyncio
from pathlib import Path

import httpx

from events.contracts import LOG_TOPIC
from tests.crash.checker import Letter
from tests.crash.evidence import await_progress, await_rest, check, expected_of, finished_submission, intake_lag
from tests.crash.lanes import LANES
from tests.crash.load import playing
from tests.crash.plans import plans
from tests.crash.poison import inbound_poison, log_poison, produce, produce_in_transactions
from tests.crash.stage import SEED, SUBMISSIONS, chance_of, ready, stage_in, until


def test_every_kind_of_poison_between_good_records(tmp_path: Path) -> None:
    seed, chance = chance_of(SEED)
    with stage_in(tmp_path) as stage:
        for name in LANES:
            stage.add(name)
        ready(stage.lanes)
        todo = plans(seed, SUBMISSIONS // 3)
        never_sent = plans(seed + 1, 1)[0]
        with playing(stage, todo, chance) as load:
            await_progress(stage, SUBMISSIONS)
            bad: dict[bytes | None, bool] = {}
            for poison, *_ in asyncio.run(produce(stage.kafka, never_sent.topic, inbound_poison(never_sent))):
                bad[poison.value] = poison.code is not None
            asyncio.run(produce_in_transactions(stage.kafka, never_sent.topic, [(b"", b"[]")]))
            bad[b"[]"] = False
            until(lambda: intake_lag(stage) == 0, "intake is past the markers of a transaction")
            assert stage.of("intake")[0].answers("/healthz")
            placed = asyncio.run(produce(stage.kafka, LOG_TOPIC, log_poison(finished_submission(stage, load))))
            forged: set[Letter] = {(LOG_TOPIC, partition, offset, poison.code or "") for poison, partition, offset in placed}
            await_rest(stage, load)
        assert check(stage, expected_of(load, bad=bad, forged=forged)) == []
        for lane in stage.lanes:
            assert httpx.get(lane.url + "/healthz").status_code == 503, "a fork turns health red"
