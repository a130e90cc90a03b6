"""Records that no lane may swallow and none may stumble over: every kind, for the inbound topics and for the log, as raw bytes.

In: a good record or event to spoil; out: what to send, and what must become of it.
"""

import gzip
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiokafka import AIOKafkaProducer

from bus.kafka import Kafka, stopped
from bus.relay import SEND_BYTES
from tests.crash.plans import Plan, form

BIG: Final = 1_200
"""So many characters in each of so many columns: an event that is larger than Kafka's limit, from a record that compresses well."""


@dataclass(frozen=True)
class Poison:
    """`code`: of the dead letter, None when a receipt is all (intake refuses what it can read)."""

    kind: str
    key: bytes | None
    value: bytes | None
    code: str | None
    headers: Sequence[tuple[str, bytes]] = ()


def inbound_poison(plan: Plan) -> list[Poison]:
    """A plan that nobody sends, spoilt in every way that an OPD's system can spoil it."""
    good = form(plan)
    key = str(plan.event_id).encode()

    def refused(kind: str, change: Mapping[str, Any]) -> Poison:
        spoilt = {**good, "event_id": str(uuid.uuid5(plan.event_id, kind)), **change}
        return Poison(kind, key, orjson.dumps(spoilt), None)

    columns = [{"name": f"kolom {n}", "type": "string", "description": "x" * BIG} for n in range(1_000)]
    return [
        Poison("empty", key, b"", "unreadable"),
        Poison("tombstone", key, None, "unreadable"),
        Poison("no JSON", b"\xff\xfe", b"\x00\x01\xff\xfe", "unreadable"),
        Poison("cut off", key, plan.raw[: len(plan.raw) // 2], "unreadable"),
        Poison("deep", None, b"[" * 100_000, "unreadable"),
        Poison("gzip inside", key, gzip.compress(plan.raw), "unreadable"),
        Poison("odd headers", key, b"{", "unreadable", (("ce_id", b"\xff\xfe"), ("", b""), ("ce_type", b"x" * 10_000))),
        Poison("huge key", b"k" * 3_000_000, b"!", "unreadable"),
        refused("a list of nothing", {"files": []}),
        refused("another agency", {"opd": "orang-lain"}),
        refused("unknown field", {"catatan": 1}),
        refused("half a surrogate", {"submitted_by": "x\x00y"}),
        refused("wrong hash", {"files": [{**good["files"][0], "sha256": "0" * 64}]}),
        refused("not base64", {"files": [{**good["files"][0], "content": "?"}]}),
        refused("exempt", {"dataset": {**good["dataset"], "information_class": "dikecualikan"}}),
        refused("an event too large for Kafka", {"dataset": {**good["dataset"], "columns": columns}}),
    ]


def log_poison(events: Sequence[bytes]) -> list[Poison]:
    """A submission's true events so far (at least two), and what a forger or a broken disk makes of them."""
    first, last = orjson.loads(events[0]), orjson.loads(events[-1])
    key = last["submission_id"].encode()
    following = {**last, "sequence": len(events) + 1, "event_id": str(uuid.uuid4())}

    def forged(kind: str, code: str, event: Mapping[str, Any], forged_key: bytes = key) -> Poison:
        return Poison(kind, forged_key, orjson.dumps(event), code)

    return [
        Poison("empty", key, b"", "unreadable"),
        Poison("tombstone", key, None, "tombstone"),
        Poison("no JSON", key, b"\x00\xff", "unreadable"),
        Poison("deep", None, b"[" * 100_000, "unreadable"),
        forged("a type that does not exist", "unreadable", {**last, "type": "DataDestroyed"}),
        forged("a later version", "unreadable", {**last, "version": 2}),
        forged("another key", "wrong_key", last, b"somebody else's"),
        forged("fork of the first", "fork", {**first, "occurred_at": "2020-01-01T00:00:00.000Z"}),
        forged("fork of the last", "fork", {**last, "occurred_at": "2020-01-01T00:00:00.000Z"}),
        forged("broken chain", "broken_chain", {**following, "previous": "0" * 64}),
        forged("a gap", "gap", {**following, "sequence": len(events) + 5, "previous": "0" * 64}),
        forged("an enormous step", "gap", {**following, "sequence": 10**15, "previous": "0" * 64}),
        forged("a beginning in the middle", "gap", {**last, "submission_id": str(uuid.uuid5(uuid.NAMESPACE_URL, "nobody"))}, _NOBODY),
    ]


_NOBODY: Final = str(uuid.uuid5(uuid.NAMESPACE_URL, "nobody")).encode()


async def produce(kafka: Kafka, topic: str, poisons: Sequence[Poison]) -> list[tuple[Poison, int, int]]:
    """Send them one by one, compressed as a client may; where each came to lie."""
    producer = AIOKafkaProducer(**kafka.options(), acks="all", max_request_size=4 * SEND_BYTES, compression_type="gzip")
    await producer.start()
    try:
        placed = []
        for poison in poisons:
            sent = await producer.send_and_wait(topic, poison.value, key=poison.key, headers=list(poison.headers))
            placed.append((poison, sent.partition, sent.offset))
        return placed
    finally:
        await stopped(producer.stop())


async def produce_in_transactions(kafka: Kafka, topic: str, values: Sequence[tuple[bytes, bytes]]) -> None:
    """As Kafka Connect does "exactly once": each record in a transaction, which leaves a marker behind that is no record."""
    producer = AIOKafkaProducer(**kafka.options(), transactional_id=f"connect-{topic}", max_request_size=SEND_BYTES)
    await producer.start()
    try:
        for key, value in values:
            async with producer.transaction():
                await producer.send_and_wait(topic, value, key=key)
    finally:
        await stopped(producer.stop())


__all__ = ["Poison", "inbound_poison", "log_poison", "produce", "produce_in_transactions"]
