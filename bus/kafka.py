"""How to reach the Kafka cluster, and how long we wait for it. Other rooms know Kafka and its errors through this one."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError as KafkaError  # noqa: PLC0414
from aiokafka.helpers import create_ssl_context

from bus.loops import within

log = structlog.get_logger("jejak.bus")

CALL_S: Final = 15.0
STOP_S: Final = 4.0


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
        client = AIOKafkaAdminClient(**self.options())
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
