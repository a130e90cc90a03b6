"""The contracts as documents: JSON Schemas of log, inbound form and receipt, and AsyncAPI 3 over them.

`python -m lane.asyncapi` writes them to `events/schemas/`; a test keeps the committed files in step.
"""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from events.contracts import DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, EVENT, LOG_TOPIC, RECEIPTS_TOPIC, Inbound, Receipt

FOLDER: Final = Path(__file__).parent.parent / "events" / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """File name → JSON Schema."""
    return {
        "log.v1.json": _schema("The seven events of the log", EVENT),
        "inbound.v1.json": _schema("DataSubmitted as an OPD writes it", TypeAdapter(Inbound)),
        "receipt.v1.json": _schema("Intake's answer to one inbound record", TypeAdapter(Receipt)),
    }


def _schema(title: str, adapter: TypeAdapter[Any]) -> dict[str, Any]:
    return {"$schema": DIALECT, "title": title} | adapter.json_schema(mode="validation")


def asyncapi() -> dict[str, Any]:
    """Topics, who writes and reads them, and what is on them."""
    channels = {
        "inbound": _channel("opd.{kode}.data-submitted.v1", "Any key; written by that OPD only.", ["inbound"])
        | {"parameters": {"kode": {"description": "The OPD's code, its identity: [a-z0-9][a-z0-9-]{0,62}"}}},
        "log": _channel(LOG_TOPIC, "Key: submission id. Written by the lanes, kept for ever.", ["event"]),
        "receipts": _channel(RECEIPTS_TOPIC, "Key: event_id. One receipt per inbound record, from intake.", ["receipt"]),
        "directory": _channel(DIRECTORY_TOPIC, "Compacted. Key: opd/<kode> or token/<id>; written by the operator's commands.", ["record"]),
        "deadLetters": _channel(
            DEAD_LETTERS_TOPIC, "The raw bytes of what could not be read; headers topic, partition, offset, error.", ["raw"]
        ),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Jejak", "version": "1.0.0", "description": "Events of an open data submission, from the OPD to the portal."},
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {
            "submit": _operation("receive", "inbound", "An OPD submits a dataset."),
            "answer": _operation("send", "receipts", "Intake answers every inbound record."),
            "write": _operation("send", "log", "The lane that holds a submission writes its next event."),
            "follow": _operation("receive", "log", "Every lane and the archive copy the whole log."),
            "setAside": _operation("send", "deadLetters", "What could not be read or breaks the rules of the log."),
            "know": _operation("receive", "directory", "Every lane follows OPDs and revoked tokens."),
        },
        "components": {"messages": _messages()},
    }


def _channel(address: str, description: str, messages: list[str]) -> dict[str, Any]:
    return {"address": address, "description": description, "messages": {m: {"$ref": f"#/components/messages/{m}"} for m in messages}}


def _operation(action: str, channel: str, summary: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "summary": summary}


def _messages() -> dict[str, Any]:
    documents = schemas()
    headers = {
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binding, binary mode",
        "properties": {f"ce_{name}": {"type": "string"} for name in ("specversion", "id", "type", "source", "subject", "time", "sequence")},
    }
    return {
        "inbound": {"title": "DataSubmitted (inbound)", "payload": _payload(documents["inbound.v1.json"])},
        "event": {"title": "Event of the log", "headers": headers, "payload": _payload(documents["log.v1.json"])},
        "receipt": {"title": "Receipt", "payload": _payload(documents["receipt.v1.json"])},
        "record": {"title": "Directory record", "payload": {"schema": {"type": "object"}, "schemaFormat": DIALECT}},
        "raw": {"title": "Dead letter", "contentType": "application/octet-stream", "payload": {"type": "string", "format": "binary"}},
    }


def _payload(schema: dict[str, Any]) -> dict[str, Any]:
    return {"schemaFormat": "application/schema+json;version=draft-2020-12", "schema": schema}


def documents() -> dict[str, str]:
    """File name → text, as committed."""
    return {
        name: json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for name, content in (schemas() | {"asyncapi.json": asyncapi()}).items()
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
