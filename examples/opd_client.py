# ruff: noqa: INP001 (a script to copy, not part of a package)
"""Submits one dataset to Jejak over Kafka and waits for the receipt. Copy it and change it; needs Python 3.11 and
`pip install "faststream[kafka]"`.

    python opd_client.py daftar-kecamatan.json --kafka 127.0.0.1:9092

The form holds the metadata; its data files lie beside it and travel inside the record, up to 512 KiB each (bigger: opd_client_http.py).
The finished record is kept in `<form>.record` until its receipt is there; after a crash the same bytes are sent again, which changes
nothing. Exit code: 0 accepted or duplicate, 1 refused or no receipt.
"""

import argparse
import asyncio
import base64
import hashlib
import json
import logging
import os
import ssl
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, Topic
from faststream.kafka.subscriber.usecase import DefaultSubscriber
from faststream.security import BaseSecurity, SASLScram512

RECEIPTS = "opendata.receipts.v1"
INLINE_LIMIT = 512 * 1024


def record_of(form_path: Path) -> bytes:
    """The record that is still to be sent, or a new one made from the form and its files."""
    kept = form_path.with_suffix(".record")
    if kept.exists():
        return kept.read_bytes()
    form = json.loads(form_path.read_text("utf-8"))
    form["event_id"] = str(uuid.uuid4())
    form["occurred_at"] = datetime.now(UTC).isoformat()
    form["files"] = [described(file, form_path.parent) for file in form["files"]]
    record = json.dumps(form, ensure_ascii=False).encode()
    draft = kept.with_suffix(".draft")
    draft.write_bytes(record)
    draft.replace(kept)
    return record


def described(file: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A file of the form with its size, hash and content."""
    content = (folder / file["name"]).read_bytes()
    if len(content) > INLINE_LIMIT:
        sys.exit(f"{file['name']} is larger than 512 KiB: send it with opd_client_http.py")
    return file | {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "content": base64.b64encode(content).decode()}


def subscribe(broker: KafkaBroker, event_id: str) -> tuple[DefaultSubscriber, "asyncio.Future[dict[str, Any]]"]:
    """Receipts that are written from now on; the one with our event_id is kept."""
    answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
    receipts = broker.subscriber(
        Topic(RECEIPTS, declare=False), auto_offset_reset="latest", isolation_level="read_committed", ack_policy=AckPolicy.MANUAL
    )

    @receipts
    async def answered(receipt: dict[str, Any]) -> None:
        if receipt["event_id"] == event_id and not answer.done():
            answer.set_result(receipt)

    return receipts, answer


async def submit(record: bytes, broker: KafkaBroker, wait_s: float) -> dict[str, Any]:
    """Send the record to the OPD's topic; the receipt with its event_id comes back. Raises KafkaError, TimeoutError."""
    form = json.loads(record)
    receipts, answer = subscribe(broker, form["event_id"])
    async with asyncio.timeout(wait_s), broker:
        await broker.start()
        if consumer := receipts.consumer:
            for partition in consumer.assignment():  # settles where "from now on" is, before the record is sent
                await consumer.position(partition)
        await broker.publish(
            record, f"opd.{form['opd']}.data-submitted.v1", key=form["event_id"].encode(), headers={"content-type": "application/json"}
        )
        return await answer


def connection(servers: str, user: str | None, ca: str | None) -> KafkaBroker:
    """A broker that loses nothing on the way: every copy acknowledged, sent again after a fault without doing it twice."""
    tls = ssl.create_default_context(cafile=ca) if ca else None
    security = BaseSecurity(ssl_context=tls, use_ssl=bool(ca))
    if user:
        security = SASLScram512(user, os.environ["KAFKA_PASSWORD"], ssl_context=tls, use_ssl=bool(ca))
    errors = logging.getLogger("opd_client")  # FastStream's own logger writes to standard output, where the receipt goes
    return KafkaBroker(servers.split(","), security=security, acks="all", enable_idempotence=True, logger=errors)


def main() -> int:
    parser = argparse.ArgumentParser(description="Submit one dataset to Jejak over Kafka.")
    parser.add_argument("form", type=Path, help="DataSubmitted as JSON; data files beside it")
    parser.add_argument("--kafka", required=True, help="host:port, several with commas")
    parser.add_argument("--user", help="for SCRAM-SHA-512; the password is taken from KAFKA_PASSWORD")
    parser.add_argument("--ca", help="file with the certificate authority of the brokers, for TLS")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for the receipt")
    given = parser.parse_args()
    record = record_of(given.form)
    try:
        receipt = asyncio.run(submit(record, connection(given.kafka, given.user, given.ca), given.wait))
    except (KafkaError, TimeoutError) as error:
        sys.stderr.write(f"No receipt ({error!r}). The record is kept; run this again.\n")
        return 1
    given.form.with_suffix(".record").unlink()
    sys.stdout.write(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n")
    return 1 if receipt["outcome"] == "refused" else 0


if __name__ == "__main__":
    sys.exit(main())
