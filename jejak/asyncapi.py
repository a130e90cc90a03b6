"""The contracts as documents: JSON Schemas of log, inbound form and receipt, and AsyncAPI 3 of what all rooms declare.

`python -m jejak.asyncapi` writes them to `events/schemas/`; a test keeps the committed files in step.
"""

import json
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

import archive.app
import services.decision.app
import services.intake.app
import services.publisher.app
import services.review.app
from bus.channels import DIRECTORY, INBOUND, LOG, RECEIPTS, Declarations, document
from events.contracts import EVENT
from events.inbound import Inbound, Receipt

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
    """Topics, who writes and reads them, and what is on them, as the lanes and those around them declare it."""
    lanes = (services.intake.app, services.review.app, services.decision.app, services.publisher.app, archive.app)
    about = "Events of an open data submission, from the OPD to the portal."
    return document(*(lane.declare for lane in lanes), _around_the_lanes, title="Jejak", version="1.0.0", description=about)


def _around_the_lanes(told: Declarations) -> None:
    """OPDs, the operator's commands, and what every process with lanes follows beside their own topics."""
    told.writes(INBOUND, by="opd", why="An OPD submits a dataset; so does jejak submit.")
    told.reads(RECEIPTS, by="opd", why="It waits for the receipt with its event_id.")
    told.writes(DIRECTORY, by="operator", why="jejak opd add, jejak token revoke.")
    told.reads(LOG, by="desk", why="People are told when it is their turn, and what became of a dataset.")
    told.reads(DIRECTORY, by="lanes", why="Every process follows OPDs and revoked tokens.")


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
