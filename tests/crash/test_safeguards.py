"""Every safeguard earns its place: each scene ends well with it, and the checker finds something when it is taken out."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import events.admission
import events.journal
import events.lawful
import lane.lane
from bus.relay import Relay
from events.contracts import LOG_TOPIC
from events.journal import Journal
from lane.lane import Lane
from tests.crash.removed import patched
from tests.crash.scenes import expected, send, settle, small_plans, started, walk
from tests.crash.world import World

Scene = Callable[[World], list[str]]
Removal = Callable[[], AbstractContextManager[Any]]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with closing(World(tmp_path)) as made:
        yield made


def a_crash_at_a_commit(world: World) -> list[str]:
    [plan] = small_plans(1)
    send(world, plan)
    world.deliver("intake", 0, 100)
    world.deliver("intake", 0, 100)
    world.take("intake", 0, crash="before")
    assert world.crashes == 1
    world.settle()
    return world.violations(expected(world, [plan], 1))


def a_relay_killed_after_sending(world: World) -> list[str]:
    todo = small_plans(3)
    for plan in todo:
        send(world, plan)
    for _ in range(2):
        world.deliver("intake", 0, 100)
        world.take("intake", 0)
    world.relay("intake", 0, dies_after=3)
    assert world.crashes == 1
    world.settle()
    return world.violations(expected(world, todo, 1))


def a_relay_killed_before_sending(world: World) -> list[str]:
    [plan] = small_plans(1)
    send(world, plan)
    for _ in range(2):
        world.deliver("intake", 0, 100)
        world.take("intake", 0)
    world.relay("intake", 0, dies_after=0)
    assert world.crashes == 1
    world.settle()
    return world.violations(expected(world, [plan], 1))


def a_forged_step(world: World) -> list[str]:
    """Somebody writes a step that follows nothing."""
    [plan] = started(world)
    walk(world, plan, 2)
    return _forged(world, plan, 3, "broken_chain", {"sequence": 4, "previous": "0" * 64, "type": "DataApproved"}, {"consideration": "Ya."})


def a_forged_fork(world: World) -> list[str]:
    """Somebody writes another version of a step that everybody has."""
    [plan] = started(world)
    walk(world, plan, 2)
    return _forged(world, plan, 3, "fork", {"occurred_at": "2020-01-01T00:00:00.000Z"}, {})


def _forged(world: World, plan: Any, steps: int, code: str, change: dict[str, Any], data: dict[str, Any]) -> list[str]:
    last = orjson.loads(world.said[-1].raw)
    forged = {**last, **change, "data": {**last["data"], **data}}
    partition, offset = world.log.write(LOG_TOPIC, str(plan.submission_id).encode(), orjson.dumps(forged))
    world.settle()
    wanted = replace(expected(world, [plan], steps), forged=frozenset({(LOG_TOPIC, partition, offset, code)}))
    return world.violations(wanted)


def something_unreadable_on_the_log(world: World) -> list[str]:
    [plan] = started(world)
    partition, offset = world.log.write(LOG_TOPIC, str(plan.submission_id).encode(), b"\xff{")
    assert world.command("review", plan.submission_id, "revise", 1) == "said"
    world.settle()
    wanted = replace(expected(world, [plan], 2), forged=frozenset({(LOG_TOPIC, partition, offset, "unreadable")}))
    return world.violations(wanted)


def an_old_copy_that_writes_at_once(world: World) -> list[str]:
    [plan] = started(world)
    walk(world, plan, 1)
    world.copy("decision")
    assert world.command("decision", plan.submission_id, "verify", 2) == "said"
    settle(world)
    world.restore("decision")
    world.command("decision", plan.submission_id, "reject", 2)
    world.settle()
    return world.violations(expected(world, [plan], 3))


def two_people_at_one_submission(world: World) -> list[str]:
    """Both look at step 2; one returns it, the agency revises it, then the other decides on what is no longer there."""
    [plan] = started(world)
    walk(world, plan, 1)
    assert world.command("decision", plan.submission_id, "reject", 2) == "said"
    settle(world)
    assert world.command("review", plan.submission_id, "revise", 3) == "said"
    settle(world)
    verified = world.command("decision", plan.submission_id, "verify", 2) == "said"
    world.settle()
    path = ("DataSubmitted", "DataRevised", "DataRejected", "DataRevised", *(["DataVerified"] if verified else []))
    return world.violations(replace(expected(world, [plan], 1), paths={plan.submission_id: path}))


def positions_in_a_transaction_of_their_own() -> AbstractContextManager[None]:
    together = "self.store.write(draft.batch(*taken_of(fresh)))"
    apart = "self.store.insert_tracking(Tracking(fresh[-1].source, fresh[-1].offset + 1)); self.store.write(draft.batch({}))"
    return patched(Journal, "_written", together, apart)


@contextmanager
def ready_from_the_start() -> Iterator[None]:
    before = Lane.ready
    Lane.ready = property(lambda _: True)  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        Lane.ready = before  # type: ignore[method-assign]


def no_drop_by_key() -> AbstractContextManager[None]:
    return patched(events.journal, "outcome_of", "code in (APPLIED, DUPLICATE)", "code == APPLIED")


@contextmanager
def no_chain_check() -> Iterator[None]:
    before = events.lawful.LAW
    events.lawful.LAW = tuple(article for article in before if article[0] != "broken_chain")  # type: ignore[misc]
    try:
        yield
    finally:
        events.lawful.LAW = before  # type: ignore[misc]


def no_fork_check() -> AbstractContextManager[None]:
    return patched(events.journal, "admitted", "draft.stored.get(claimed) == record.raw", "claimed in draft.stored")


def cursor_before_the_acknowledgement() -> AbstractContextManager[None]:
    sent = "await within(SEND_S, self._send(producer, sending.messages))"
    saved = "await asyncio.to_thread(self.journal.advance, sending.follower, sending.last)"
    return patched(Relay, "_send_these", sent, f"{saved}\n    {sent}")


def a_parser_that_raises() -> AbstractContextManager[None]:
    return patched(events.admission, "is_event", "except (ValueError, RecursionError):", "except RecursionError:")


def no_expected_sequence() -> AbstractContextManager[None]:
    """Nobody asks which step the caller had seen."""
    return patched(lane.lane, "held_by", "head.sequence != expected_sequence", "False")


SAFEGUARDS: list[tuple[str, Scene, Removal]] = [
    ("a: positions in the transaction of their records", a_crash_at_a_commit, positions_in_a_transaction_of_their_own),
    ("b: a record seen twice is dropped by its key", a_relay_killed_after_sending, no_drop_by_key),
    ("c: each event names the hash of the one before", a_forged_step, no_chain_check),
    ("d: the same key with other bytes is a fork", a_forged_fork, no_fork_check),
    ("e: the relay's cursor follows the acknowledgement", a_relay_killed_before_sending, cursor_before_the_acknowledgement),
    ("f: the parser never raises", something_unreadable_on_the_log, a_parser_that_raises),
    ("g: ready only when caught up", an_old_copy_that_writes_at_once, ready_from_the_start),
    ("h: a command says what its caller saw", two_people_at_one_submission, no_expected_sequence),
]
IDS = [name for name, _, _ in SAFEGUARDS]


@pytest.mark.parametrize(("name", "scene", "removal"), SAFEGUARDS, ids=IDS)
def test_with_the_safeguard_everything_holds(name: str, scene: Scene, removal: Removal, world: World) -> None:
    assert scene(world) == []


@pytest.mark.parametrize(("name", "scene", "removal"), SAFEGUARDS, ids=IDS)
def test_without_it_the_checker_finds_what_broke(name: str, scene: Scene, removal: Removal, world: World) -> None:
    with removal():
        found = scene(world)
    assert found, "this safeguard does nothing, or the checker cannot see it"
