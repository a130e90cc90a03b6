"""The local broker, for real: it serves, keeps its data over stops and crashes, refuses clearly, and leaves nothing behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from jejak import kafka, ports
from jejak.broker import Broker, BrokerRefused, start

TOPIC = "trail"
PATIENCE_S = 180.0
CHECKOUT = Path(__file__).parents[2]

OWNER = """
import sys, threading
from pathlib import Path
from jejak.broker import start

# Started from a thread that ends: whatever watches the owner must mean the process, not the thread.
started = []
thread = threading.Thread(target=lambda: started.append(start(Path(sys.argv[1]), port=0)))
thread.start()
thread.join()
print("pid", started[0].pid, started[0].bootstrap, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def brokers(tmp_path: Path) -> Iterator[Callable[[], Broker]]:
    """Starts Kafka on one directory, again and again; whatever still runs at the end is stopped."""
    begun: list[Broker] = []

    def begin() -> Broker:
        begun.append(start(tmp_path / "kafka", port=0, say=quiet))
        return begun[-1]

    yield begin
    for broker in begun:
        broker.kill()


def quiet(_line: str) -> None:
    """Nobody waits for these lines."""


async def test_records_go_in_and_come_out(brokers: Callable[[], Broker]) -> None:
    broker = brokers()

    await create_topic(broker)
    await send(broker, b"one", b"two")

    assert await records(broker) == [b"one", b"two"]


async def test_topics_are_not_made_by_writing_to_them(brokers: Callable[[], Broker]) -> None:
    broker = brokers()

    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        sending = asyncio.create_task(producer.send(TOPIC, b"lost?"))
        await producer.client.force_metadata_update()
        sending.cancel()

    assert TOPIC not in await topics(broker)


async def test_a_second_start_has_the_data_and_the_ports_of_the_first(brokers: Callable[[], Broker]) -> None:
    first = brokers()
    await create_topic(first)
    await send(first, b"kept")
    first.stop()
    assert not first.running

    second = brokers()

    assert second.bootstrap == first.bootstrap
    assert await records(second) == [b"kept"]


async def test_a_killed_broker_starts_again_with_its_data(brokers: Callable[[], Broker]) -> None:
    first = brokers()
    await create_topic(first)
    await send(first, b"acknowledged")
    first.kill()
    assert not psutil.pid_exists(first.pid)

    second = brokers()
    await send(second, b"after the crash")

    assert await records(second) == [b"acknowledged", b"after the crash"]


async def test_a_broker_that_hangs_goes_on_where_it_was(brokers: Callable[[], Broker]) -> None:
    broker = brokers()
    await create_topic(broker)
    broker.pause()
    sending = asyncio.create_task(send(broker, b"late"))
    assert not await asyncio.to_thread(kafka.answers, port_of(broker))
    assert not sending.done()

    broker.resume()
    await sending

    assert await records(broker) == [b"late"]


def test_stopping_is_clean_and_may_be_said_twice(brokers: Callable[[], Broker]) -> None:
    broker = brokers()

    broker.stop()
    broker.stop()
    broker.kill()

    assert not psutil.pid_exists(broker.pid)
    assert (broker.directory / "data" / ".kafka_cleanshutdown").exists()


def test_a_hung_broker_is_stopped_too(brokers: Callable[[], Broker]) -> None:
    broker = brokers()
    broker.pause()

    broker.stop()

    assert not psutil.pid_exists(broker.pid)


def test_a_second_broker_on_the_same_directory_is_refused(brokers: Callable[[], Broker]) -> None:
    broker = brokers()

    with pytest.raises(BrokerRefused, match=f"in use by the Kafka on {broker.bootstrap} .*pid {os.getpid()}"):
        brokers()

    assert broker.running


def test_a_taken_port_is_refused_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(BrokerRefused, match=f"port {port} of 127.0.0.1 is taken by .*pid {os.getpid()}.*JEJAK_KAFKA_PORT"):
            start(tmp_path, port=port, say=quiet)


def test_a_port_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokerRefused, match="70000 is no TCP port"):
        start(tmp_path, port=70_000, say=quiet)


def test_a_file_in_the_directory_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kafka").touch()

    with pytest.raises(BrokerRefused, match=r"kafka is a file, not a directory$"):
        start(tmp_path / "kafka", port=0, say=quiet)


def test_a_setting_that_kafka_does_not_take_is_refused_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(BrokerRefused, match=r"num\.io\.threads"):
        start(tmp_path, port=0, say=quiet, properties={"num.io.threads": "many"})


def test_own_properties_win(tmp_path: Path) -> None:
    broker = start(tmp_path / "a, b=ü" / "kafka", port=0, say=quiet, properties={"num.io.threads": "3"})
    broker.stop()

    assert "num.io.threads=3" in (broker.directory / "server.properties").read_text("ascii")


def test_a_killed_owner_leaves_no_orphan(tmp_path: Path) -> None:
    with an_owner(tmp_path / "kafka") as (owner, broker_pid, _):
        family = [psutil.Process(broker_pid), psutil.Process(broker_pid).parent()]

        owner.send_signal(signal.SIGKILL)
        owner.wait()

        _, alive = psutil.wait_procs([process for process in family if process], PATIENCE_S)
        assert alive == []


def test_the_next_start_waits_for_a_killed_owner_s_broker(tmp_path: Path) -> None:
    said: list[str] = []
    with an_owner(tmp_path / "kafka") as (owner, broker_pid, bootstrap):
        owner.send_signal(signal.SIGKILL)
        owner.wait()

        broker = start(tmp_path / "kafka", port=0, say=said.append)
        try:
            assert broker.bootstrap == bootstrap
            assert not psutil.pid_exists(broker_pid)
            assert said == [f"Waiting for the Kafka of a killed process (pid {owner.pid}) to stop"]
        finally:
            broker.stop()


@pytest.mark.needs("linux")
def test_a_killed_guard_leaves_no_orphan(tmp_path: Path) -> None:
    with an_owner(tmp_path / "kafka") as (_, broker_pid, _):
        broker = psutil.Process(broker_pid)
        guard = broker.parent()
        assert guard is not None

        guard.kill()

        _, alive = psutil.wait_procs([broker], PATIENCE_S)
        assert alive == []


@contextmanager
def an_owner(directory: Path) -> Iterator[tuple["subprocess.Popen[str]", int, str]]:
    """Another process that starts the broker: it, the broker's pid, and where the broker listens."""
    command = [sys.executable, "-c", OWNER, str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as owner:
        assert owner.stdout is not None
        line = next(line for line in owner.stdout if line.startswith("pid "))
        try:
            yield owner, int(line.split()[1]), line.split()[2]
        finally:
            owner.kill()


async def create_topic(broker: Broker) -> None:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await client.start()
    try:
        await client.create_topics([NewTopic(TOPIC, num_partitions=1, replication_factor=1)])
    finally:
        await client.close()


async def topics(broker: Broker) -> list[str]:
    client = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await client.start()
    try:
        return list(await client.list_topics())
    finally:
        await client.close()


async def send(broker: Broker, *values: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(TOPIC, value)


async def records(broker: Broker) -> list[bytes]:
    """Everything that is in the topic now."""
    partition = TopicPartition(TOPIC, 0)
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap, auto_offset_reset="earliest") as consumer:
        consumer.assign([partition])
        end = (await consumer.end_offsets([partition]))[partition]
        async with asyncio.timeout(PATIENCE_S):
            return [(await consumer.getone()).value for _ in range(end)]


def port_of(broker: Broker) -> int:
    return int(broker.bootstrap.rpartition(":")[2])
