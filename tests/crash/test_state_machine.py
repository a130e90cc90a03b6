"""A Hypothesis state machine over journals, bus and commands in memory, crashing at each row of docs/reliability.md, in any order.

A failing run prints its steps and a blob that repeats it; JEJAK_TEST_SEED draws the same runs again, JEJAK_TEST_EXAMPLES more of them.
"""

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from events.contracts import LOG_TOPIC
from tests.crash.checker import Expected, Letter
from tests.crash.plans import Plan
from tests.crash.poison import inbound_poison, log_poison
from tests.crash.processes import COMMANDS
from tests.crash.scenes import send, small_plans
from tests.crash.stage import SEED, chance_of
from tests.crash.world import World

EXAMPLES = int(os.environ.get("JEJAK_TEST_EXAMPLES", "30"))
STEPS = 40
PHASES = (Phase.generate, Phase.shrink)
LANE = st.sampled_from(list(COMMANDS))
WRITER = st.sampled_from(["review", "decision", "publisher"])
PROCESS = st.integers(0, 1)
CRASH = st.sampled_from([None, None, None, "before", "inside", "after"])
VERBS: dict[str, list[str]] = {
    "submitted": ["review revise"],
    "revised": ["decision verify", "decision reject"],
    "verified": ["decision approve", "decision reject"],
    "rejected": ["review revise"],
    "approved": ["publisher publish"],
}
PLANS = small_plans(12)
SPOILT = inbound_poison(PLANS[-1])[:8]


class Machine(RuleBasedStateMachine):
    """What was sent, seen and forged so far; `teardown` lets everything come to rest and asks the checker."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="jejak-machine-")
        self.world = World(Path(self.directory.name), ("decision", "publisher"))
        self.sent: list[Plan] = []
        self.seen: list[tuple[UUID, str, int]] = []
        self.bad: dict[bytes | None, bool] = {}
        self.forged: set[Letter] = set()

    @initialize(numbers=st.lists(st.integers(0, len(PLANS) - 2), min_size=1, max_size=4))
    def agencies_begin(self, numbers: list[int]) -> None:
        for number in numbers:
            self.an_agency_sends(number)

    @rule(number=st.integers(0, len(PLANS) - 2))
    def an_agency_sends(self, number: int) -> None:
        """Perhaps not for the first time."""
        send(self.world, PLANS[number])
        self.sent.append(PLANS[number])

    @rule(poison=st.sampled_from(SPOILT))
    def an_agency_sends_rubbish(self, poison: Any) -> None:
        self.world.log.write(PLANS[-1].topic, poison.key, poison.value)
        self.bad[poison.value] = poison.code is not None

    @rule(lane=LANE, process=PROCESS, limit=st.integers(1, 30))
    def records_are_delivered(self, lane: str, process: int, limit: int) -> None:
        self.world.deliver(lane, process, limit)

    @rule(lane=LANE, process=PROCESS, crash=CRASH)
    def records_are_taken(self, lane: str, process: int, crash: str | None) -> None:
        self.world.deliver(lane, process, 100)
        self.world.take(lane, process, crash)

    @rule(lane=LANE, process=PROCESS, dies_after=st.none() | st.integers(0, 4))
    def the_relay_sends(self, lane: str, process: int, dies_after: int | None) -> None:
        self.world.relay(lane, process, dies_after)

    @rule(lanes=st.permutations(list(COMMANDS)), process=PROCESS)
    def lanes_work_undisturbed(self, lanes: list[str], process: int) -> None:
        for lane in lanes:
            self.world.deliver(lane, process, 100)
            self.world.take(lane, process)
            self.world.relay(lane, process)

    @rule(lane=WRITER)
    def somebody_looks(self, lane: str) -> None:
        """And keeps in mind what they saw, to act on it now or much later."""
        items = self.world.processes[lane][0].lane.inbox.page(limit=100).items
        self.seen += [(i.submission_id, str(i.state), i.sequence) for i in items]

    @precondition(lambda self: self.seen)
    @rule(data=st.data(), process=PROCESS, crash=CRASH)
    def somebody_acts(self, data: st.DataObject, process: int, crash: str | None) -> None:
        """On what was seen just now or long ago, at either process."""
        submission, state, sequence = data.draw(st.sampled_from(self.seen))
        if state in VERBS:
            lane, _, verb = data.draw(st.sampled_from(VERBS[state])).partition(" ")
            self.world.command(lane, submission, verb, sequence, process=process, crash=crash)

    @rule(lane=LANE)
    def a_lane_is_killed(self, lane: str) -> None:
        self.world.boot(lane)

    @rule(lane=LANE, turn=st.integers(0, 3))
    def partitions_are_dealt_anew(self, lane: str, turn: int) -> None:
        self.world.rebalance(lane, turn)

    @rule(lane=LANE)
    def a_store_is_copied(self, lane: str) -> None:
        self.world.copy(lane)

    @rule(lane=LANE)
    def an_old_copy_comes_back(self, lane: str) -> None:
        if lane in self.world.copies and self.world.has_sent_everything(lane):
            self.world.restore(lane)

    @rule(lane=LANE)
    def a_store_is_lost(self, lane: str) -> None:
        if self.world.has_sent_everything(lane):
            self.world.lose(lane)

    @rule(partition=st.integers(0, 1), number=st.integers(0, 100))
    def a_record_is_written_again(self, partition: int, number: int) -> None:
        records = self.world.log.partitions(LOG_TOPIC)[partition]
        if records and not self._is_forged(again := records[number % len(records)]):
            self.world.log.write(LOG_TOPIC, again.key, again.value, partition=partition)

    @rule(number=st.integers(0, 100), kind=st.integers(0, 100))
    def somebody_forges(self, number: int, kind: int) -> None:
        """A fork or something unreadable, of a submission that the log already holds."""
        records = [m for m in self.world.log.all(LOG_TOPIC) if not self._is_forged(m)]
        if records:
            true = records[number % len(records)]
            poisons = [p for p in log_poison([true.value]) if p.code in ("unreadable", "tombstone", "wrong_key", "fork")]
            poison = poisons[kind % len(poisons)]
            place = self.world.log.write(LOG_TOPIC, poison.key, poison.value, partition=true.partition)
            self.forged.add((LOG_TOPIC, *place, poison.code or ""))

    def teardown(self) -> None:
        try:
            self.world.settle()
            assert self.world.failures == []
            assert self.world.violations(self._expected()) == []
        finally:
            self.world.close()
            self.directory.cleanup()

    def _expected(self) -> Expected:
        """What was accepted stands in the paths that were walked; that they are the same everywhere and hold all promises is checked."""
        walked = {i: [str(orjson.loads(raw)["type"]) for raw in raws] for i, raws in self.world.seen().journals["intake"].events.items()}
        paths = {plan.submission_id: walked.get(plan.submission_id, ["DataSubmitted"]) for plan in self.sent}
        good = {plan.raw: plan.submission_id for plan in self.sent}
        wanted = Expected(paths=paths, good=good, bad=self.bad, said=self.world.said, forged=frozenset(self.forged))
        return replace(wanted, datasets={plan.submission_id: plan.dataset_id for plan in self.sent})

    def _is_forged(self, message: Any) -> bool:
        return (LOG_TOPIC, message.partition, message.offset) in {place[:3] for place in self.forged}


def test_any_order_of_crashes_leads_to_the_same_log() -> None:
    number, _ = chance_of(SEED)
    chosen = settings(
        max_examples=EXAMPLES,
        phases=PHASES,
        stateful_step_count=STEPS,
        deadline=None,
        print_blob=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(number)(Machine), settings=chosen)
