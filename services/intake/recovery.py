"""A lost intake store: which inbound records were answered already is read back from the receipts topic, once.

Without it every record of the past would be judged a second time, perhaps otherwise (a file that was missing then is there now).
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import structlog
from eventsourcing.persistence import Tracking
from pydantic import ValidationError

from bus.kafka import Kafka
from bus.look_back import records_before
from bus.reader import cluster_id, read_topic, spans
from bus.relay import SENT_AT_ONCE
from events.admission import mark_of, source_of
from events.alarms import OTHER_RECORD, Loss, generations, losses, write_loss
from events.contracts import INBOUND_PATTERN, RECEIPTS_TOPIC
from events.inbound import Receipt
from events.journal import Journal
from events.marks import first_mark
from lane.json_text import field_in

NUMBERS: Final = re.compile(r"[0-9]{1,9} [0-9]{1,9} [0-9]{1,18}")
"""Partition, generation and offset that Kafka and a store can hold; a header may say anything."""
KEPT: Final = 8 * SENT_AT_ONCE
log = structlog.get_logger("jejak.intake")


@dataclass
class _Answers:
    """What the receipts say of one partition: offset → event_id, of the newest generation; `lost`: accepted, and not on the log."""

    topic: str
    partition: int
    generation: int
    event_ids: dict[int, str | None] = field(default_factory=dict)
    lost: int | None = None

    def add(self, offset: int, event_id: str | None, *, is_lost: bool) -> None:
        self.event_ids[offset] = event_id
        if len(self.event_ids) > KEPT:
            oldest = max(self.event_ids) - SENT_AT_ONCE
            self.event_ids = {old: said for old, said in self.event_ids.items() if old >= oldest}
        if is_lost:
            self.lost = offset if self.lost is None else min(self.lost, offset)

    @property
    def position(self) -> int:
        first = _first_unanswered(self.event_ids.keys())
        return first if self.lost is None else min(first, self.lost)


async def recover(kafka: Kafka, journal: Journal) -> None:
    """Called when the log has been read to its end. Does nothing when this journal has done it for this cluster before."""
    cluster = await cluster_id(kafka)
    done = f"recovered/{cluster}"
    if journal.store.max_tracking_id(done):
        return
    answered: dict[tuple[str, int], _Answers] = {}
    async for records in read_topic(kafka, RECEIPTS_TOPIC, await spans(kafka, RECEIPTS_TOPIC)):
        for record in records:
            if (place := _place(record.headers, cluster)) is None:
                continue
            topic, partition, generation, offset = place
            answers = answered.get((topic, partition))
            if answers is None or answers.generation < generation:
                answers = answered[topic, partition] = _Answers(topic, partition, generation)
            if answers.generation == generation:
                receipt = _receipt(record.value)
                answers.add(offset, receipt.event_id if receipt else None, is_lost=_is_lost(journal, receipt))
    stands = generations(losses(journal.store))
    for answers in answered.values():
        base = source_of(cluster, answers.topic, answers.partition)
        journal.skip_to(source_of(cluster, answers.topic, answers.partition, stands.get(base, 0)), answers.position)
    await _compare(kafka, journal, cluster, list(answered.values()), stands)
    journal.store.insert_tracking(Tracking(done, 1))
    log.info("inbound_positions_recovered", sources=len(answered), judged_again=sum(a.lost is not None for a in answered.values()))


async def _compare(kafka: Kafka, journal: Journal, cluster: str, answered: Sequence[_Answers], stands: Mapping[str, int]) -> None:
    """A topic may have been made anew too: the record before the position must be the one that was answered, and then is its mark."""
    wanted = {(a.topic, a.partition): a for a in answered if a.position}
    if not wanted:
        return
    found = await records_before(kafka, {place: a.position for place, a in wanted.items()})
    for place, (record, begins, ends) in found.items():
        answers, source = wanted[place], source_of(cluster, *place)
        event_id = answers.event_ids.get(answers.position - 1)
        if record is not None and event_id and field_in(record.raw, "event_id") != event_id:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            write_loss(journal.store, Loss(0, source, OTHER_RECORD, answers.position, begins, ends, now))
        elif record is not None:
            first_mark(journal.store, mark_of(record._replace(cluster=cluster, generation=stands.get(source, 0))))


def _first_unanswered(offsets: Collection[int]) -> int:
    """A relay that was killed may have sent some receipts of its last batch and not those before them."""
    newest = max(offsets)
    return next((offset for offset in range(max(0, newest - SENT_AT_ONCE), newest) if offset not in offsets), newest + 1)


def _place(headers: Iterable[tuple[str, bytes]], cluster: str) -> tuple[str, int, int, int] | None:
    """Topic, partition, generation and offset of the record that a receipt answers."""
    said = {name: value.decode("utf-8", "replace") for name, value in headers}
    topic, numbers = said.get("topic", ""), f"{said.get('partition')} {said.get('generation', '0')} {said.get('offset')}"
    if said.get("cluster") != cluster or not re.fullmatch(INBOUND_PATTERN, topic) or not NUMBERS.fullmatch(numbers):
        return None
    partition, generation, offset = map(int, numbers.split())
    return topic, partition, generation, offset


def _receipt(raw: bytes | None) -> Receipt | None:
    try:
        return Receipt.model_validate_json(raw or b"")
    except ValidationError:
        return None  # no receipt of ours


def _is_lost(journal: Journal, receipt: Receipt | None) -> bool:
    """An acceptance counts only when its event is there too: the receipt may have left before it."""
    if receipt is None or receipt.outcome != "accepted" or receipt.submission_id is None:
        return False
    return not journal.history(receipt.submission_id, upto=1)
