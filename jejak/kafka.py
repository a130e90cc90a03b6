"""How the one Kafka node is set up: its properties, its JVM's options, and the question whether it answers yet."""

import socket
import struct
from collections.abc import Mapping
from pathlib import Path

from jejak.ports import LOOPBACK, Ports

# Paths are relative to the broker's directory, where the JVM runs: Java's properties and log.dirs mind blanks, commas and accents.
SETTINGS: Mapping[str, str] = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "BROKER",
    "controller.listener.names": "CONTROLLER",
    "log.dirs": "data",
    # Topics are made by Jejak, with their settings; nothing is ever deleted by age.
    "auto.create.topics.enable": "false",
    "log.retention.ms": "-1",
    "log.retention.bytes": "-1",
    "compression.type": "producer",
    "offsets.retention.minutes": "5256000",
    # One node is all there is.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "4",
    # Topics may allow records up to 16 MiB.
    "replica.fetch.max.bytes": "16777216",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A killed broker's registration must lapse before the next start may register: 9 s by default, in which nothing goes on.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    # Idle and small: no record every half second into the metadata log, a modest cleaner, few threads.
    "metadata.max.idle.interval.ms": "0",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

JVM = (
    "-Xms64m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.awt.headless=true",
    "-Djava.io.tmpdir=tmp",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)

METADATA, METADATA_VERSION, CORRELATION, NO_CLIENT_ID, NO_TOPICS = 3, 1, 1, -1, 0
ANSWER_S = 2.0


def write_properties(path: Path, ports: Ports, own: Mapping[str, str]) -> None:
    """Write `server.properties`; `own` settings come last and win."""
    addresses = {
        "listeners": f"BROKER://{LOOPBACK}:{ports.broker},CONTROLLER://{LOOPBACK}:{ports.controller}",
        "advertised.listeners": f"BROKER://{LOOPBACK}:{ports.broker}",
        "controller.quorum.voters": f"1@{LOOPBACK}:{ports.controller}",
    }
    lines = [f"{name}={_java(value)}\n" for name, value in {**SETTINGS, **addresses, **own}.items()]
    path.write_text("".join(lines), "ascii")


def write_arguments(path: Path, class_path: str) -> None:
    """Write the JVM's options and class path as an argument file: `ps`, and our messages, then show what matters."""
    escaped = class_path.replace("\\", "\\\\").replace('"', '\\"')
    path.write_text("\n".join((*JVM, "-cp", f'"{escaped}"', "")), "utf-8")


def answers(port: int) -> bool:
    """Whether the broker on this port says that a broker is there for clients: Kafka's Metadata request, which needs no client.

    An open port is not enough: Kafka accepts connections some time before the broker has joined the cluster.
    """
    question = struct.pack(">hhihi", METADATA, METADATA_VERSION, CORRELATION, NO_CLIENT_ID, NO_TOPICS)
    try:
        with socket.create_connection((LOOPBACK, port), ANSWER_S) as connection:
            connection.sendall(struct.pack(">i", len(question)) + question)
            (size,) = struct.unpack(">i", _read(connection, 4))
            _correlation, brokers = struct.unpack(">ii", _read(connection, size)[:8])
    except (OSError, EOFError):
        return False
    return int(brokers) > 0


def _read(connection: socket.socket, size: int) -> bytes:
    chunks = b""
    while len(chunks) < size:
        chunk = connection.recv(size - len(chunks))
        if not chunk:
            raise EOFError
        chunks += chunk
    return chunks


def _java(value: str) -> str:
    """A value as Java's properties want it: ASCII, with backslashes and everything else as \\uXXXX (UTF-16)."""
    units = struct.unpack(f">{len(value.encode('utf-16-be')) // 2}H", value.encode("utf-16-be"))
    return "".join(chr(unit) if 32 <= unit < 127 and unit != ord("\\") else f"\\u{unit:04x}" for unit in units)
