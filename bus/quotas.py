"""How much a user of Kafka may send: a user's name and bytes a second in, the broker's quota `producer_byte_rate` set, read or taken away.

Neither aiokafka's nor confluent-kafka's admin client can set quotas; AlterClientQuotas (KIP-546, version 0) is told here in aiokafka's own
words for the protocol, so no Java is started for it.
"""

from typing import Final

from aiokafka.errors import for_code
from aiokafka.protocol.admin import DescribeClientQuotasRequest
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Float64, Int16, Int32, Schema, String

from bus.access import AccessRefused
from bus.kafka import CALL_S, Kafka
from bus.loops import within

USUAL: Final = 1024 * 1024
"""Bytes a second for an OPD, unless the operator says otherwise: a record with a file of 3 MB takes a few seconds."""
RATE: Final = "producer_byte_rate"
_EXACT: Final = 0
_ENTITY: Final = Array(("entity_type", String("utf-8")), ("entity_name", String("utf-8")))


class _AlteredQuotas(Response):  # type: ignore[misc]
    API_KEY = 49
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("entries", Array(("error_code", Int16), ("error_message", String("utf-8")), ("entity", _ENTITY))),
    )


class _AlterQuotas(RequestStruct):  # type: ignore[misc]
    API_KEY = 49
    API_VERSION = 0
    RESPONSE_TYPE = _AlteredQuotas
    SCHEMA = Schema(
        ("entries", Array(("entity", _ENTITY), ("ops", Array(("key", String("utf-8")), ("value", Float64), ("remove", Boolean))))),
        ("validate_only", Boolean),
    )


class _Alter(Request[_AlterQuotas]):  # type: ignore[misc]
    API_KEY = 49

    def __init__(self, user: str, rate: float | None) -> None:
        self._entry = ([("user", user)], [(RATE, rate or 0.0, rate is None)])

    def build(self, request_struct_class: type[_AlterQuotas]) -> _AlterQuotas:
        return request_struct_class([self._entry], False)  # noqa: FBT003 (as the protocol has it)


async def limit(kafka: Kafka, user: str, rate: int | None) -> None:
    """Bytes a second, over all of the user's connections to one broker; None: no limit. Raises AccessRefused, KafkaError, OSError."""
    answer = await _asked(kafka, _Alter(user, rate))
    for code, words, _ in answer.entries:
        if code:
            raise AccessRefused(f"the quota of {user} cannot be changed: {words or for_code(code).__name__}")


async def limit_of(kafka: Kafka, user: str) -> int | None:
    """Raises AccessRefused, KafkaError, OSError."""
    answer = await _asked(kafka, DescribeClientQuotasRequest([("user", _EXACT, user)], True))  # noqa: FBT003
    if answer.error_code:
        raise AccessRefused(f"the quota of {user} cannot be read: {answer.error_message or for_code(answer.error_code).__name__}")
    found = {name: value for _, values in answer.entries for name, value in values}
    return int(found[RATE]) if RATE in found else None


async def _asked(kafka: Kafka, request: "Request[RequestStruct]") -> Response:
    async with kafka.admin() as admin:
        return await within(CALL_S, admin._send_request(request))  # noqa: SLF001 (its own calls do no other)
