"""The topics: made with their settings, and refused when an existing one would lose the log.

In: a cluster and how safely it must keep records; out: topics that exist, or `TopicRefused` with the setting to change.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from events.contracts import DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, inbound_topic_of

ATTEMPTS: Final = 10
PAUSE_S: Final = 0.1
FOR_EVER: Final = {"retention.ms": "-1", "retention.bytes": "-1", "cleanup.policy": "delete"}
NEWEST_ONLY: Final = {"cleanup.policy": "compact"}
BIG_RECORDS: Final = {"max.message.bytes": str(4 * 1024 * 1024)}


class TopicRefused(RuntimeError):
    """A topic exists with settings under which records would be lost."""


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int
    config: Mapping[str, str]


def shared_topics(partitions: int) -> list[Topic]:
    return [
        Topic(LOG_TOPIC, partitions, FOR_EVER),
        Topic(RECEIPTS_TOPIC, partitions, FOR_EVER),
        Topic(DEAD_LETTERS_TOPIC, 1, FOR_EVER | BIG_RECORDS),
        Topic(DIRECTORY_TOPIC, 1, NEWEST_ONLY),
    ]


def inbound_topic(opd: str) -> Topic:
    return Topic(inbound_topic_of(opd), 1, FOR_EVER)


async def ensure(admin: AIOKafkaAdminClient, topics: Sequence[Topic], *, replication: int, in_sync: int) -> list[str]:
    """Make what is missing, check what is there. Returns the names of the topics made."""
    existing = set(await admin.list_topics())
    made = [topic for topic in topics if topic.name not in existing]
    safety = {"min.insync.replicas": str(in_sync), "unclean.leader.election.enable": "false"}
    if made:
        new = [NewTopic(t.name, t.partitions, replication, topic_configs={**t.config, **safety}) for t in made]
        response = await admin.create_topics(new, timeout_ms=15_000)
        for name, code, *_ in response.topic_errors:
            if code and for_code(code) is not TopicAlreadyExistsError:
                raise TopicRefused(f"topic {name} could not be made: {for_code(code).__name__}")
            if code:  # the list of topics lags a moment behind
                existing.add(name)
    await check(admin, [topic for topic in topics if topic.name in existing])
    return [topic.name for topic in made if topic.name not in existing]


async def check(admin: AIOKafkaAdminClient, topics: Sequence[Topic]) -> None:
    """Refuse topics whose settings differ in what keeps records."""
    if not topics:
        return
    found = await _settings(admin, [topic.name for topic in topics])
    wrong = [line for topic in topics for line in _differences(topic, found[topic.name])]
    if wrong:
        raise TopicRefused("Kafka would lose records: " + "; ".join(wrong))


async def _settings(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Topic → its settings. A topic made just now is not known everywhere at once: it is asked for again."""
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found, refused = dict[str, dict[str, str]](), dict[str, str]()
    for attempt in range(ATTEMPTS):
        for response in await admin.describe_configs(resources):
            for code, _, _, name, entries in response.resources:
                if code:
                    refused[name] = for_code(code).__name__
                else:
                    found[name] = {entry[0]: entry[1] for entry in entries}
        if found.keys() >= set(names):
            return found
        await asyncio.sleep(PAUSE_S * attempt)
    unread = ", ".join(f"{name} ({refused.get(name, 'no answer')})" for name in names if name not in found)
    raise TopicRefused(f"the settings of these topics cannot be read: {unread}")


def _differences(topic: Topic, config: Mapping[str, Any]) -> list[str]:
    keeps = ("cleanup.policy", "retention.ms", "retention.bytes", "max.message.bytes")
    return [
        f"{topic.name} has {key}={config[key]}, needs {topic.config[key]}"
        for key in keeps
        if key in topic.config and key in config and not _keeps(key, config[key], topic.config[key])
    ]


def _keeps(setting: str, found: str, needed: str) -> bool:
    return int(found) >= int(needed) if setting == "max.message.bytes" else found == needed
