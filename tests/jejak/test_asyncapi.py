"""The AsyncAPI document against what it tells of: the contracts, who may write which event, and what the lanes' consumers really read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bus.channels import EVENTS
from events.lawful import WRITERS
from jejak.app import LANES
from jejak.asyncapi import asyncapi, schemas
from tests.services.desk import desk_of

DOCUMENT = asyncapi()
COMPONENTS = DOCUMENT["components"]
CONTRACTS: dict[str, tuple[str, str | None]] = {event.__name__: ("log.v1.json", event.__name__) for event in EVENTS}
CONTRACTS |= {"Inbound": ("inbound.v1.json", None), "Receipt": ("receipt.v1.json", None)}


def spelled_out(schema: Any, find: Callable[[str], Any]) -> Any:
    """A schema with every reference replaced by what it leads to."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            return spelled_out(find(schema["$ref"].rpartition("/")[2]), find)
        return {key: spelled_out(value, find) for key, value in schema.items() if not key.startswith("$")}
    return [spelled_out(each, find) for each in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("message", sorted(CONTRACTS))
def test_what_is_said_of_a_message_is_its_contract_to_the_last_field(message: str) -> None:
    file, name = CONTRACTS[message]
    contract = schemas()[file]
    definitions = contract["$defs"]
    expected = spelled_out(definitions[name] if name else contract, definitions.__getitem__)
    payload = COMPONENTS["messages"][message]["payload"]["schema"]

    said = spelled_out(payload, COMPONENTS["schemas"].__getitem__)
    assert {**said, "title": ""} == {**expected, "title": ""}


def test_every_event_is_written_by_its_lane_and_by_nobody_else() -> None:
    writers = {name.partition(".writes.")[::2] for name in DOCUMENT["operations"] if ".writes.Data" in name}

    assert writers == {(str(lane), event) for event, lane in WRITERS}


@pytest.mark.parametrize("lane", sorted(LANES))
async def test_a_lane_s_consumers_read_what_it_declares_in_the_group_that_it_declares(
    lane: str, tmp_path: Path, postgres: Callable[[], str]
) -> None:
    declared = {
        (_address(operation), operation["bindings"]["kafka"]["groupId"]["enum"][0])
        for name, operation in DOCUMENT["operations"].items()
        if name.startswith(f"{lane}.reads.")
    }
    async with desk_of(lane, tmp_path, store=postgres()) as desk:
        consumers = desk.lane.consumers
        for address, group in declared:
            topic = address.replace("{kode}", "dispermades")
            assert [consumer.group for consumer in consumers if consumer.topics.match(topic)] == [group]
        assert len(consumers) == len(declared)


def test_an_event_s_headers_and_a_topic_s_parameters_are_told() -> None:
    headers = COMPONENTS["messages"]["DataVerified"]["headers"]["properties"]

    assert set(headers) == {f"ce_{name}" for name in ("specversion", "id", "type", "source", "subject", "time", "sequence")}
    assert set(DOCUMENT["channels"]["inbound"]["parameters"]) == {"kode"}


def _address(operation: dict[str, Any]) -> str:
    channel = operation["channel"]["$ref"].rpartition("/")[2]
    return str(DOCUMENT["channels"][channel]["address"])
