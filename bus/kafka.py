"""How to reach the Kafka cluster, and how long we wait for it. Other rooms know Kafka and its errors through this one."""

import random
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError
from aiokafka.errors import KafkaError as KafkaError  # noqa: PLC0414
from aiokafka.helpers import create_ssl_context

from bus.loops import within

log = structlog.get_logger("jejak.bus")

CALL_S: Final = 15.0
STOP_S: Final = 4.0


class _Admin(AIOKafkaAdminClient):  # type: ignore[misc]
    """aiokafka asks the one broker that chance picks, also when it is away; here the others are asked then."""

    async def _send_request(self, request: Any, node_id: int | None = None) -> Any:  # noqa: ANN401 (as the client has it)
        if node_id is not None:
            return await super()._send_request(request, node_id)
        nodes = [broker.nodeId for broker in self._client.cluster.brokers()]
        random.shuffle(nodes)
        for node in nodes[:-1]:
            try:
                return await super()._send_request(request, node)
            except (NodeNotReadyError, KafkaConnectionError) as error:
                log.warning("broker_away", node=node, error=repr(error))
        return await super()._send_request(request, nodes[-1] if nodes else None)


@dataclass(frozen=True)
class Kafka:
    """How to reach the cluster. `security` is one of Kafka's protocol names."""

    bootstrap: str
    security: str = "PLAINTEXT"
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None

    def options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security,
            "request_timeout_ms": int(CALL_S * 1000),
        }
        if "SASL" in self.security:
            options |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": self.user, "sasl_plain_password": self.password}
        if "SSL" in self.security:
            options["ssl_context"] = create_ssl_context(cafile=self.ca_file)
        return options

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        client = _Admin(**self.options())
        try:
            await within(CALL_S, client.start())
            yield client
        finally:
            await client.close()


async def stopped(stopping: Awaitable[None]) -> None:
    """`stop()` may freeze (aiokafka #773): give it a moment, then let go."""
    try:
        await within(STOP_S, stopping)
    except (KafkaError, TimeoutError, OSError) as error:
        log.warning("stop_failed", error=repr(error))
