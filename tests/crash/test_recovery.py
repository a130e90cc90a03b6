"""An intake that lost its store goes on at the first inbound record without an answer, even when later ones were answered already.

The relay sends a batch to several partitions at once; killed in between, it leaves such holes.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import orjson
import pytest

import services.intake.recovery as recovery
from bus.kafka import Kafka
from events.admission import source_of
from events.journal import Journal
from tests.crash.memory import CLUSTER, Disk

TOPIC = "opd.setda.data-submitted.v1"
SOURCE = source_of(CLUSTER, TOPIC, 0)


@pytest.fixture
def journal() -> Iterator[Journal]:
    with closing(Disk()) as disk:
        yield Journal(disk, "intake")


def receipt(offset: int) -> Any:
    place = {"cluster": CLUSTER, "topic": TOPIC, "partition": "0", "offset": str(offset)}
    value = {"event_id": None, "opd": "setda", "outcome": "refused", "at": "2026-11-23T02:00:00Z"}
    return SimpleNamespace(headers=[(name, said.encode()) for name, said in place.items()], value=orjson.dumps(value))


@pytest.mark.parametrize(
    ("answered", "goes_on_at"),
    [
        pytest.param([0, 1, 2], 3, id="all"),
        pytest.param([0, 1, 3, 4], 2, id="a hole in the last batch"),
        pytest.param([3, 0, 1, 4], 2, id="read in another order"),
        pytest.param([*range(5_000), 5_001], 5_000, id="a hole after many"),
        pytest.param([0, *range(2, 6_000)], 6_000, id="a mark of a transaction long ago"),
        pytest.param([], 0, id="none"),
    ],
)
async def test_it_goes_on_where_the_first_answer_is_missing(
    answered: list[int], goes_on_at: int, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_topic(*_: Any) -> AsyncIterator[list[Any]]:
        yield [receipt(offset) for offset in answered]

    async def nothing(*_: Any) -> dict[int, tuple[int, int]]:
        return {}

    async def cluster_id(_: Kafka) -> str:
        return CLUSTER

    monkeypatch.setattr(recovery, "read_topic", read_topic)
    monkeypatch.setattr(recovery, "spans", nothing)
    monkeypatch.setattr(recovery, "cluster_id", cluster_id)
    monkeypatch.setattr(recovery, "records_before", nothing)
    await recovery.recover(Kafka("nowhere"), journal)
    assert journal.position(SOURCE) == goes_on_at
