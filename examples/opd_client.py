# ruff: noqa: INP001 (a script to copy, not part of a package)
"""Submits one dataset to Jejak over Kafka and waits for the receipt. Needs Python 3.11 and `pip install aiokafka`; copy it and change it.

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
import os
import ssl
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

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


async def submit(record: bytes, kafka: dict[str, Any], wait_s: float) -> dict[str, Any]:
    """Send the record to the OPD's topic; the receipt with its event_id comes back. Raises KafkaError, TimeoutError."""
    form = json.loads(record)
    consumer = AIOKafkaConsumer(RECEIPTS, group_id=None, enable_auto_commit=False, **kafka)
    producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **kafka)
    try:
        await consumer.start()
        await consumer.seek_to_end()
        for partition in consumer.assignment():  # settles where "the end" is, before the record is sent
            await consumer.position(partition)
        await producer.start()
        await producer.send_and_wait(f"opd.{form['opd']}.data-submitted.v1", record, key=form["event_id"].encode())
        async with asyncio.timeout(wait_s):
            async for message in consumer:
                receipt: dict[str, Any] = json.loads(message.value)
                if receipt["event_id"] == form["event_id"]:
                    return receipt
        raise TimeoutError
    finally:
        await producer.stop()
        await consumer.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="Submit one dataset to Jejak over Kafka.")
    parser.add_argument("form", type=Path, help="DataSubmitted as JSON; data files beside it")
    parser.add_argument("--kafka", required=True, help="host:port, several with commas")
    parser.add_argument("--user", help="for SCRAM-SHA-512; the password is taken from KAFKA_PASSWORD")
    parser.add_argument("--ca", help="file with the certificate authority of the brokers, for TLS")
    parser.add_argument("--wait", type=float, default=60, help="seconds to wait for the receipt")
    given = parser.parse_args()
    kafka: dict[str, Any] = {"bootstrap_servers": given.kafka}
    protocol = ("SASL_" if given.user else "") + ("SSL" if given.ca else "PLAINTEXT")
    if given.user:
        kafka |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": given.user, "sasl_plain_password": os.environ["KAFKA_PASSWORD"]}
    if given.ca:
        kafka |= {"ssl_context": ssl.create_default_context(cafile=given.ca)}
    record = record_of(given.form)
    try:
        receipt = asyncio.run(submit(record, kafka | {"security_protocol": protocol}, given.wait))
    except (KafkaError, TimeoutError) as error:
        sys.stderr.write(f"No receipt ({error!r}). The record is kept; run this again.\n")
        return 1
    given.form.with_suffix(".record").unlink()
    sys.stdout.write(json.dumps(receipt, ensure_ascii=False, indent=1) + "\n")
    return 1 if receipt["outcome"] == "refused" else 0


if __name__ == "__main__":
    sys.exit(main())
