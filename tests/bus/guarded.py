"""A broker with two doors: one for its super user, one that asks who you are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bus.kafka import Kafka
from bus.rights import OPERATOR
from jejak import broker, ports


@contextmanager
def guarded(directory: Path) -> Iterator[tuple[Kafka, Kafka]]:
    """Both doors of a running Kafka with an authorizer; through the second nobody is known yet."""
    port, controller, asking = ports.free(), ports.free(), ports.free()
    properties = {
        "listeners": f"BROKER://127.0.0.1:{port},ASKS://127.0.0.1:{asking},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"BROKER://127.0.0.1:{port},ASKS://127.0.0.1:{asking}",
        "listener.security.protocol.map": "BROKER:PLAINTEXT,ASKS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.asks.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{OPERATOR}",
    }
    running = broker.start(directory, port=port, controller_port=controller, say=lambda _: None, properties=properties)
    try:
        yield Kafka(running.bootstrap), Kafka(f"127.0.0.1:{asking}", "SASL_PLAINTEXT")
    finally:
        running.stop()
