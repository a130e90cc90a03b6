"""A lost intake store: which inbound records were answered already is read back from the receipts topic, once.

Without it every record of the past would be judged a second time, perhaps otherwise (a file that was missing then is there now).
"""

from collections.abc import Iterable
from typing import Final

import structlog
from eventsourcing.persistence import Tracking
from pydantic import ValidationError

from bus.kafka import Kafka
from bus.reader import cluster_id, read_topic, spans
from bus.relay import SENT_AT_ONCE
from events.admission import source_of
from events.contracts import RECEIPTS_TOPIC, Receipt
from events.journal import Journal

KEPT: Final = 8 * SENT_AT_ONCE
log = structlog.get_logger("jejak.intake")


async def recover(kafka: Kafka, journal: Journal) -> None:
    """Called when the log has been read to its end. Does nothing when this journal has done it for this cluster before."""
    cluster = await cluster_id(kafka)
    done = f"recovered/{cluster}"
    if journal.store.max_tracking_id(done):
        return
    answered: dict[str, set[int]] = {}
    lost: dict[str, int] = {}
    async for records in read_topic(kafka, RECEIPTS_TOPIC, await spans(kafka, RECEIPTS_TOPIC)):
        for record in records:
            if (place := _place(record.headers, cluster)) is None:
                continue
            source, offset = place
            offsets = answered.setdefault(source, set())
            offsets.add(offset)
            if len(offsets) > KEPT:
                oldest = max(offsets) - SENT_AT_ONCE
                offsets -= {old for old in offsets if old < oldest}
            if not _is_on_log(journal, record.value):
                lost[source] = min(lost.get(source, offset), offset)
    for source, offsets in answered.items():
        position = _first_unanswered(offsets)
        journal.skip_to(source, min(position, lost.get(source, position)))
    journal.store.insert_tracking(Tracking(done, 1))
    log.info("inbound_positions_recovered", sources=len(answered), judged_again=len(lost))


def _first_unanswered(offsets: set[int]) -> int:
    """A relay that was killed may have sent some receipts of its last batch and not those before them."""
    newest = max(offsets)
    return next((offset for offset in range(max(0, newest - SENT_AT_ONCE), newest) if offset not in offsets), newest + 1)


def _place(headers: Iterable[tuple[str, bytes]], cluster: str) -> tuple[str, int] | None:
    said = {name: value.decode("utf-8", "replace") for name, value in headers}
    if said.get("cluster") != cluster or not (said.get("partition", "?") + said.get("offset", "?")).isdigit() or "topic" not in said:
        return None
    return source_of(cluster, said["topic"], int(said["partition"])), int(said["offset"])


def _is_on_log(journal: Journal, raw: bytes | None) -> bool:
    """An acceptance counts only when its event is there too: the receipt may have left before it."""
    try:
        receipt = Receipt.model_validate_json(raw or b"")
    except ValidationError:
        return True  # no receipt of ours
    if receipt.outcome != "accepted" or receipt.submission_id is None:
        return True
    return bool(journal.history(receipt.submission_id, upto=1))
