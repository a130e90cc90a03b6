"""Users and their rights on a Kafka with SCRAM and an authorizer: names, passwords and rows of rights in, the cluster changed.

confluent-kafka speaks here: aiokafka's admin client has no calls for users and rights.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from bus.kafka import CALL_S, Kafka
from bus.rights import Right

ITERATIONS: Final = 8192
_WORDS: Final = {"Describe": "DESCRIBE", "DescribeConfigs": "DESCRIBE_CONFIGS", "Read": "READ", "Write": "WRITE", "Create": "CREATE"}


class AccessRefused(RuntimeError):
    """The cluster does not let us, or does not answer; one sentence."""


class Access:
    """Asks a cluster as its super user. Every call raises AccessRefused."""

    def __init__(self, kafka: Kafka) -> None:
        config: dict[str, Any] = {"bootstrap.servers": kafka.bootstrap, "security.protocol": kafka.security, "log_level": 0}
        if "SASL" in kafka.security:
            config |= {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": kafka.user, "sasl.password": kafka.password}
        if kafka.ca_file:
            config["ssl.ca.location"] = kafka.ca_file
        self._admin = AdminClient(config)

    def put_user(self, user: str, password: str, rights: Sequence[Right]) -> None:
        """The user with this password, and with these rights and no others."""
        info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
        _done(
            self._admin.alter_user_scram_credentials([UserScramCredentialUpsertion(user, info, password.encode())], request_timeout=CALL_S)
        )
        wanted = {_binding(user, right, operation) for right in rights for operation in right.operations}
        found = set(self._bindings(user))
        if wanted - found:
            _done(self._admin.create_acls(list(wanted - found), request_timeout=CALL_S))
        for binding in found - wanted:
            self._take(binding)

    def take_user(self, user: str) -> None:
        """Neither user nor rights are left; taking away who is not there is no mistake."""
        for binding in self._bindings(user):
            self._take(binding)
        deletion = UserScramCredentialDeletion(user, ScramMechanism.SCRAM_SHA_512)
        _done(self._admin.alter_user_scram_credentials([deletion], request_timeout=CALL_S), unless=KafkaError.RESOURCE_NOT_FOUND)

    def users(self) -> list[str]:
        try:
            found: dict[str, object] = self._admin.describe_user_scram_credentials(request_timeout=CALL_S).result(CALL_S)
        except (KafkaException, TimeoutError) as error:
            raise _refused(error) from error
        return sorted(found)

    def may(self, topics: Sequence[str]) -> dict[str, set[str]]:
        """Topic → what we ourselves may do there, in Kafka's words; nothing where we may not even hear of it, or it is not there."""
        found = dict[str, set[str]]()
        told = self._admin.describe_topics(TopicCollection(list(topics)), include_authorized_operations=True, request_timeout=CALL_S)
        for topic, future in told.items():
            try:
                found[topic] = {operation.name for operation in future.result(CALL_S).authorized_operations or ()}
            except KafkaException as error:
                if error.args[0].code() not in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART):
                    raise _refused(error) from error
                found[topic] = set()
            except TimeoutError as error:
                raise _refused(error) from error
        return found

    def _bindings(self, user: str) -> list[AclBinding]:
        every = AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, f"User:{user}", None, AclOperation.ANY, AclPermissionType.ANY
        )
        try:
            return list(self._admin.describe_acls(every, request_timeout=CALL_S).result(CALL_S))
        except (KafkaException, TimeoutError) as error:
            raise _refused(error) from error

    def _take(self, b: AclBinding) -> None:
        this = AclBindingFilter(b.restype, b.name, b.resource_pattern_type, b.principal, b.host, b.operation, b.permission_type)
        _done(self._admin.delete_acls([this], request_timeout=CALL_S))


def lacking(rights: Sequence[Right], may: Mapping[str, set[str]]) -> list[str]:
    """What of these rights on the topics of `may` we do not have: "topic: operation". Pure."""
    wanted = {
        (topic, operation)
        for right in rights
        if right.resource == "topic"
        for topic in may
        if topic == right.name or (right.prefixed and topic.startswith(right.name))
        for operation in right.operations
    }
    return sorted(f"{topic}: {operation}" for topic, operation in wanted if _WORDS[operation] not in may[topic])


def _binding(user: str, right: Right, operation: str) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if right.prefixed else ResourcePatternType.LITERAL
    kind = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP}[right.resource]
    return AclBinding(kind, right.name, pattern, f"User:{user}", "*", AclOperation[_WORDS[operation]], AclPermissionType.ALLOW)


def _done(futures: dict[Any, "Future[Any]"], *, unless: int | None = None) -> None:
    """`unless`: the one error that is none here."""
    for future in futures.values():
        try:
            future.result(CALL_S)
        except (KafkaException, TimeoutError) as error:
            if not (isinstance(error, KafkaException) and error.args[0].code() == unless):
                raise _refused(error) from error


def _refused(error: Exception) -> AccessRefused:
    told = error.args[0].str() if isinstance(error, KafkaException) else "no answer in time"
    return AccessRefused(f"Kafka's users and rights cannot be changed: {told}")
