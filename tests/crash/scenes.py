"""Scenes in the world in memory, each around one row of docs/reliability.md; with and without the safeguard that the row relies on."""

from tests.crash.checker import Expected
from tests.crash.plans import STRAIGHT, Plan, plans
from tests.crash.processes import COMMANDS
from tests.crash.world import World

SEED = 4


def small_plans(count: int) -> list[Plan]:
    """Plans by Kafka only."""
    return [plan for plan in plans(SEED, 10 * count) if not plan.by_http][:count]


def send(world: World, plan: Plan) -> None:
    world.log.write(plan.topic, str(plan.event_id).encode(), plan.raw)


def settle(world: World, lanes: tuple[str, ...] = tuple(COMMANDS)) -> None:
    """These lanes send, read and take until everybody has everything; nobody crashes."""
    for _ in range(4):
        for name in lanes:
            world.relay(name, 0)
        for name in lanes:
            world.deliver(name, 0, 1_000)
            world.take(name, 0)


def walk(world: World, plan: Plan, steps: int) -> None:
    """A submission's first steps after DataSubmitted, everybody seeing everything in between."""
    verbs = [("review", "revise"), ("decision", "verify"), ("decision", "approve"), ("publisher", "publish")]
    for sequence, (lane, verb) in enumerate(verbs[:steps], start=1):
        assert world.command(lane, plan.submission_id, verb, sequence) == "said"
        settle(world)


def started(world: World, count: int = 1) -> list[Plan]:
    """So many submissions were accepted and have reached every lane."""
    todo = small_plans(count)
    for plan in todo:
        send(world, plan)
    settle(world)
    return todo


def expected(world: World, todo: list[Plan], steps: int) -> Expected:
    """Every plan has gone so many steps."""
    return Expected(
        paths={plan.submission_id: STRAIGHT[:steps] for plan in todo},
        good={plan.raw: plan.submission_id for plan in todo},
        said=world.said,
        datasets={plan.submission_id: plan.dataset_id for plan in todo},
    )
