"""The official Kafka image as a testcontainer (testcontainers' own Kafka needs Confluent's scripts)."""

from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import LogMessageWaitStrategy

START = "/tmp/start.sh"  # noqa: S108 - inside the container


class KafkaContainer(DockerContainer):
    """One node, set up as the local broker is. The mapped port is known only after the start, so a script copied in begins it."""

    def __init__(self, image: str) -> None:
        super().__init__(image)
        self.with_exposed_ports(9092)
        self.with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_LISTENERS="PLAINTEXT://:9092,BROKER://:9094,CONTROLLER://:9093",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            KAFKA_INTER_BROKER_LISTENER_NAME="BROKER",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            KAFKA_CONTROLLER_QUORUM_VOTERS="1@localhost:9093",
            KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
            KAFKA_LOG_RETENTION_MS="-1",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
            KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS="1000",
        )
        self.with_command(["sh", "-c", f"while [ ! -f {START} ]; do sleep 0.1; done; . {START}"])

    @property
    def bootstrap(self) -> str:
        """`host:port` as seen from here."""
        return f"{self.get_container_host_ip()}:{self.get_exposed_port(9092)}"

    def start(self) -> "KafkaContainer":
        """Start it, and wait until Kafka says so."""
        super().start()
        script = f"export KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://{self.bootstrap},BROKER://localhost:9094\nexec /etc/kafka/docker/run\n"
        self.copy_into_container(script.encode(), START, 0o755)
        LogMessageWaitStrategy("Kafka Server started").with_startup_timeout(60).wait_until_ready(self)
        return self
