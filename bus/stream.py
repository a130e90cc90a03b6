"""FastStream's broker, set up as we need it. Its own defaults lose records: they acknowledge before a handler has run, send without
waiting for every copy, and pass over a record whose headers are no text.

In: how to reach the cluster; out: a `KafkaBroker` to subscribe handlers on and to publish with. For the edges: clients, notices, the demo.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from aiokafka import ConsumerRecord
from aiokafka.helpers import create_ssl_context
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.message import StreamMessage
from faststream.security import BaseSecurity, SASLScram512

from bus.kafka import CALL_S, Kafka, stopped
from bus.loops import within

SEND_BYTES: Final = 4 * 1024 * 1024
Parsed = StreamMessage["ConsumerRecord[bytes, bytes]"]


def stream(kafka: Kafka) -> KafkaBroker:
    """A broker that is not yet connected. Handlers get the bytes of a record; what they raise is logged, and the next record comes."""
    return _broker(kafka, enable_idempotence=True)


def listening(kafka: Kafka) -> KafkaBroker:
    """The same for who sends nothing: an idempotent producer, which starts in any case, would ask for the right to write."""
    return _broker(kafka, enable_idempotence=False)


def _broker(kafka: Kafka, *, enable_idempotence: bool) -> KafkaBroker:
    return KafkaBroker(
        kafka.bootstrap.split(","),
        security=_security(kafka),
        request_timeout_ms=int(CALL_S * 1000),
        acks="all",
        enable_idempotence=enable_idempotence,
        max_request_size=SEND_BYTES,
        allow_auto_create_topics=False,
        ack_policy=AckPolicy.MANUAL,
        graceful_timeout=None,
        id_generator=lambda: "",  # else every record gets a random header
        parser=readable,
        decoder=as_it_is,
        logger=logging.getLogger("jejak.stream"),
        log_level=logging.DEBUG,
    )


@asynccontextmanager
async def connected(broker: KafkaBroker) -> AsyncIterator[KafkaBroker]:
    """Connected, with its subscribers reading; stopped at the end. Raises KafkaError, TimeoutError."""
    try:
        await within(CALL_S, broker.start())
        yield broker
    finally:
        await stopped(broker.stop())


async def readable(record: "ConsumerRecord[bytes, bytes]", parse: Callable[["ConsumerRecord[bytes, bytes]"], Awaitable[Parsed]]) -> Parsed:
    """Never raises: header values that are no text are read with replacement marks."""
    headers = [(name, (value or b"").decode("utf-8", "replace").encode()) for name, value in record.headers]
    return await parse(replace(record, headers=headers))


async def as_it_is(message: Parsed) -> bytes:
    """Never raises: what a record says is read by whoever knows its contract."""
    return bytes(message.body)


def _security(kafka: Kafka) -> BaseSecurity:
    tls = kafka.security.endswith("SSL")
    context = create_ssl_context(cafile=kafka.ca_file) if tls else None
    if "SASL" in kafka.security:
        return SASLScram512(kafka.user or "", kafka.password or "", ssl_context=context, use_ssl=tls)
    return BaseSecurity(ssl_context=context, use_ssl=tls)
