"""Who reads and writes which topic with which contract: declared on FastStream's broker; AsyncAPI 3 comes out of the declarations.

In: declarations of the lanes and of those around them; out: the document. The loops that do it are the consumer's and the relay's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI

from bus.kafka import Kafka
from bus.stream import stream
from events.contracts import (
    DEAD_LETTERS_TOPIC,
    DIRECTORY_TOPIC,
    LOG_TOPIC,
    RECEIPTS_TOPIC,
    DataApproved,
    DataPublished,
    DataRejected,
    DataRetracted,
    DataRevised,
    DataSubmitted,
    DataVerified,
    cloud_event_headers,
)
from events.inbound import Inbound, Receipt

Declare = Callable[["Declarations"], None]
SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"


@dataclass(frozen=True)
class Channel:
    """A topic, or a family of topics with {names} in its address; what is on it, with the contracts by the name of the message."""

    name: str
    address: str
    description: str
    contracts: Mapping[str, Any]
    more: Mapping[str, Any] = field(default_factory=dict)
    """What AsyncAPI says of a message beside its payload."""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Declarations:
    """What readers and writers have said of themselves."""

    broker: KafkaBroker = field(default_factory=lambda: stream(Kafka("")))
    said: dict[str, tuple[Channel, str, str | None]] = field(default_factory=dict)
    """Operation → its channel, a sentence, and the group that a reader belongs to."""

    def reads(self, channel: Channel, *, by: str, why: str, group: str | None = None) -> None:
        """`group`: how the processes of a lane share the partitions, where their store can be shared."""
        operation = f"{by}.reads.{channel.name}"
        broker, about = self.broker, channel.description
        if channel.parameters:
            reader = broker.subscriber(pattern=channel.address, batch=True, group_id=group, title=operation, description=about)
        else:
            reader = broker.subscriber(channel.address, batch=True, group_id=group, title=operation, description=about)
        self.said[operation] = (channel, why, reader.group_id)

    def writes(self, channel: Channel, *messages: str, by: str, why: str) -> None:
        """`messages`: which of the channel's; all of them when none is named."""
        for name in messages or channel.contracts:
            operation = f"{by}.writes.{name}"
            self.broker.publisher(channel.address, title=operation, description=channel.description, schema=channel.contracts[name])
            self.said[operation] = (channel, why, None)


def document(*declared: Declare, title: str, version: str, description: str) -> dict[str, Any]:
    """AsyncAPI 3 of all that these declare."""
    told = Declarations()
    for declare in declared:
        declare(told)
    made = AsyncAPI(told.broker, title=title, version=version, description=description).to_specification().to_jsonable()
    return _completed(made, told)


def _completed(made: dict[str, Any], told: Declarations) -> dict[str, Any]:
    """FastStream tells of one channel for each declaration, and nothing of headers, parameters, groups and why. Here they are."""
    channels, messages, operations = dict[str, Any](), dict[str, Any](), dict[str, Any]()
    for name, (channel, why, group) in told.said.items():
        operation = made["operations"][name] | {"channel": {"$ref": f"#/channels/{channel.name}"}, "summary": why}
        ours = channels.setdefault(channel.name, _channel(made["channels"][name], channel))
        del operation["messages"]  # a reader gets all that is on the channel
        if operation["action"] == "send":
            message = name.rpartition(".")[2]
            messages[message] = _message(message, made["components"], name) | dict(channel.more)
            ours["messages"][message] = {"$ref": f"#/components/messages/{message}"}
            operation["messages"] = [{"$ref": f"#/channels/{channel.name}/messages/{message}"}]
        if group:
            operation["bindings"] = {"kafka": {"groupId": {"type": "string", "enum": [group]}}}
        operations[name] = operation
    schemas = {name: schema for name, schema in sorted(made["components"]["schemas"].items()) if ":" not in name}  # it walks a set
    return {
        **{key: made[key] for key in ("asyncapi", "info", "defaultContentType")},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _channel(made: dict[str, Any], channel: Channel) -> dict[str, Any]:
    parameters = {name: {"description": said} for name, said in channel.parameters.items()}
    return {"address": made["address"], "description": channel.description, "messages": {}} | (
        {"parameters": parameters} if parameters else {}
    )


def _message(name: str, components: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """FastStream names what has no class of its own after the operation; that is put where it is used."""
    payload = components["messages"][f"{operation}:Message"]["payload"]
    schema = components["schemas"].get(f"{operation}:Message:Payload")
    if schema:
        payload = {key: value for key, value in schema.items() if key != "title"}
    return {"title": name, "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": payload}}


def _cloud_event_headers() -> dict[str, Any]:
    any_event = dict.fromkeys(("event_id", "type", "version", "lane", "submission_id", "occurred_at", "sequence"), "")
    names = [name for name, _ in cloud_event_headers(any_event) if name.startswith("ce_")]
    said = "CloudEvents 1.0, Kafka binding, binary mode"
    return {"type": "object", "description": said, "properties": {name: {"type": "string"} for name in names}}


EVENTS: Final = (DataSubmitted, DataRevised, DataVerified, DataRejected, DataApproved, DataPublished, DataRetracted)
INBOUND: Final = Channel(
    "inbound",
    "opd.{kode}.data-submitted.v1",
    "Any key; written by that OPD only.",
    {"Inbound": Inbound},
    {"summary": "DataSubmitted as an OPD writes it"},
    {"kode": "The OPD's code, its identity: [a-z0-9][a-z0-9-]{0,62}"},
)
LOG: Final = Channel(
    "log",
    LOG_TOPIC,
    "Key: submission id. Written by the lanes, kept for ever.",
    {event.__name__: event for event in EVENTS},
    {"headers": _cloud_event_headers()},
)
RECEIPTS: Final = Channel("receipts", RECEIPTS_TOPIC, "Key: event_id. One receipt per inbound record, from intake.", {"Receipt": Receipt})
DIRECTORY: Final = Channel(
    "directory",
    DIRECTORY_TOPIC,
    "Compacted. Key: opd/<kode> or token/<id>; written by the operator's commands.",
    {"DirectoryRecord": dict[str, object]},
)
DEAD_LETTERS: Final = Channel(
    "deadLetters",
    DEAD_LETTERS_TOPIC,
    "The raw bytes of what could not be read; headers topic, partition, offset, error.",
    {"DeadLetter": bytes},
    {"contentType": "application/octet-stream"},
)
