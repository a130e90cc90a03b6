"""The directory: OPDs, revoked tokens and adopted datasets, records on one compacted topic that every lane follows in memory.

In: records `opd/<kode>`, `token/<id>` and `adopted/<dataset_id>`; out: who exists, whose token no longer counts and which dataset
was on the portal before Jejak, within seconds everywhere.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from bus.client import send
from bus.consumer import Stalled
from bus.kafka import CALL_S, Kafka, log, stopped
from bus.loops import STALLED_S, WATCH_S, Progress, ended, pause, within
from events.contracts import DIRECTORY_TOPIC


@dataclass
class Directory:
    """Empty until `progress.ready`. Records that cannot be read are counted and passed over: the newest good one stands."""

    kafka: Kafka
    progress: Progress
    opds: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    adopted: dict[str, str] = field(default_factory=dict)
    """dataset_id → the portal's own id of a dataset that it had before Jejak."""

    def name_of(self, opd: str) -> str:
        return str(self.opds.get(opd, {}).get("name") or opd)

    def is_revoked(self, token_id: str) -> bool:
        return token_id in self.revoked

    async def run(self) -> None:
        failures = 0
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError, Stalled) as error:
                failures += 1
                self.progress.blocked = f"{type(error).__name__}: {error}"
                log.warning("directory_rebuilt", error=repr(error))
                await asyncio.sleep(pause(failures))

    async def read_once(self) -> None:
        """As it stands now, for a command. Raises KafkaError, TimeoutError."""
        following = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(2 * CALL_S):
                while not self.progress.ready and not following.done():  # noqa: ASYNC110 (the task makes it so)
                    await asyncio.sleep(0.05)
        finally:
            await ended([following])

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(**self.kafka.options(), group_id=None, enable_auto_commit=False, auto_offset_reset="earliest")
        partition, built_at = TopicPartition(DIRECTORY_TOPIC, 0), time.monotonic()
        consumer.assign([partition])
        try:
            await within(CALL_S, consumer.start())
            consumer.seek(partition, 0)
            while True:
                end = (await within(CALL_S, consumer.end_offsets([partition])))[partition]
                waits_ms = int(WATCH_S * 1000) if self.progress.ready else 200
                for messages in (await within(STALLED_S, consumer.getmany(timeout_ms=waits_ms))).values():
                    for message in messages:
                        self._take(message.key, message.value)
                before, self.progress.lag = self.progress.lag, max(0, end - await within(CALL_S, consumer.position(partition)))
                self.progress.ready = self.progress.ready or self.progress.lag == 0
                if self.progress.lag == 0 or self.progress.lag != before:
                    self.progress.moved()
                elif time.monotonic() - max(self.progress.moved_at, built_at) > STALLED_S:
                    raise Stalled("the directory does not arrive")
        finally:
            await stopped(consumer.stop())

    def _take(self, key: bytes | None, value: bytes | None) -> None:
        kind, _, name = (key or b"").decode("utf-8", "replace").partition("/")
        try:
            record = orjson.loads(value) if value else None
        except orjson.JSONDecodeError:
            self.progress.counts["unreadable"] += 1
            return
        self.progress.counts["applied"] += 1
        match kind:
            case "opd" if isinstance(record, dict):
                self.opds[name] = record
            case "opd":
                self.opds.pop(name, None)
            case "adopted" if isinstance(record, dict) and isinstance(record.get("id"), str):
                self.adopted[name] = record["id"]
            case "adopted":
                self.adopted.pop(name, None)
            case "token" if record is None:
                self.revoked.discard(name)
            case "token":
                self.revoked.add(name)


async def put_record(kafka: Kafka, key: str, value: Mapping[str, Any]) -> None:
    """Write one record of the directory, durable on return (an operator's command)."""
    await send(kafka, [(DIRECTORY_TOPIC, key.encode(), orjson.dumps(value))])
