"""A broker with two doors: one for its super user, one that asks who you are."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from aiokafka import AIOKafkaProducer

from bus.kafka import Kafka
from bus.rights import OPERATOR
from jejak import broker, ports


@contextmanager
def guarded(directory: Path, more: Mapping[str, str] | None = None) -> Iterator[tuple[Kafka, Kafka]]:
    """Both doors of a running Kafka with an authorizer; through the second nobody is known yet. `more`: of the broker's properties."""
    port, controller, asking = ports.free(), ports.free(), ports.free()
    properties = {
        "listeners": f"BROKER://127.0.0.1:{port},ASKS://127.0.0.1:{asking},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"BROKER://127.0.0.1:{port},ASKS://127.0.0.1:{asking}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,ASKS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.asks.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{OPERATOR}",
        **(more or {}),
    }
    running = broker.start(directory, port=port, controller_port=controller, say=lambda _: None, properties=properties)
    try:
        yield Kafka(running.bootstrap), Kafka(f"127.0.0.1:{asking}", "SASL_PLAINTEXT")
    finally:
        running.stop()


@asynccontextmanager
async def producer_of(kafka: Kafka) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**kafka.options(), retry_backoff_ms=50)
    try:
        await producer.start()
        yield producer
    finally:
        await producer.stop()


async def sends(kafka: Kafka, topic: str) -> None:
    """One record; a client that may not is closed too, whatever it left open."""
    async with producer_of(kafka) as producer:
        await producer.send_and_wait(topic, b"x")
