"""What becomes of a submission, as spans of one trace: what lanes wrote, copied, sent, looked at and showed in, spans out to a receiver.

The trace is the submission's id, and the span of an event follows from that id and its sequence. So every process knows by itself what its
spans belong to, after a crash, a replay or years too; nothing is carried along, and no record on Kafka is otherwise than without traces.
Spans hold no contents, no names of people or files: what happened, when, to which submission of which OPD.
"""

import hashlib
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Final, NamedTuple

import orjson
import structlog

from events.admission import Draft, Record
from events.recorder import Row

log = structlog.get_logger("jejak.traces")

FRESH_NS: Final = 24 * 3600 * 1_000_000_000
"""What is older is not told: a lane that reads years of the log anew tells nothing of them, and no clock makes a span of years."""


class Step(NamedTuple):
    """For the sake of which event something is done, and in which lane; the event itself may not be written yet."""

    lane: str
    submission_id: uuid.UUID
    sequence: int


class Kind(Enum):
    """How a span stands to the one that it belongs to."""

    INTERNAL = auto()
    PRODUCER = auto()
    CONSUMER = auto()


@dataclass(frozen=True)
class Span:
    """`began`, `ended`: nanoseconds since 1970. `parent`: the id of another span of the same trace. `error`: a code.

    `traceparent`: where the OPD's own trace stands, as W3C's header says it.
    """

    step: Step
    name: str
    began: int
    ended: int
    id: int
    parent: int | None
    kind: Kind = Kind.INTERNAL
    more: Mapping[str, str | int] = field(default_factory=dict)
    error: str | None = None
    traceparent: bytes | None = None


@dataclass(frozen=True)
class Traces:
    """Of one process; from any thread. Without an `out` nothing is told. Nobody waits, and no failure here reaches what is told of.

    `counts`: how many spans were `sent`, not taken by the receiver (`lost`), without room (`dropped`), or could not be made (`failed`).
    """

    out: Callable[[Span], None] | None = None
    counts: Counter[str] = field(default_factory=Counter)
    close: Callable[[], None] = lambda: None

    def written(self, lane: str, records: Sequence[Record], draft: Draft) -> None:
        """What one transaction of this lane's journal holds."""
        self._tell(_written(lane, records, draft))

    def sent(self, lane: str, messages: Sequence[Mapping[str, Any]], began: int) -> None:
        """Events that Kafka has acknowledged."""
        self._tell(_sent(lane, messages, began))

    @contextmanager
    def work(self, name: str, step: Step | None, **more: str | int) -> Iterator[Callable[[str], None]]:
        """What is done inside, for an event. What is given is to be called with the name of each part when it begins."""
        if self.out is None or step is None:
            yield lambda _: None
            return
        began, number, error, parts = time.time_ns(), _drawn(), None, list[tuple[str, int]]()
        try:
            yield lambda part: parts.append((part, time.time_ns()))
        except Exception as failed:
            error = str(getattr(failed, "code", type(failed).__name__))
            raise
        finally:
            ended = time.time_ns()
            whole = Span(step, name, began, ended, number, event_span(step), more=more, error=error)
            self._tell([whole, *_parts(whole, parts)])

    def _tell(self, spans: Iterable[Span]) -> None:
        if self.out is None:
            return
        try:
            for span in spans:
                self.out(span)
        except Exception:  # what is told of is done, and stands
            self.counts["failed"] += 1
            log.exception("not_traced")


def open_traces(address: str | None) -> Traces:
    """`address`: of a receiver of OTLP over HTTP; None: nothing is told, and nothing of OpenTelemetry is loaded."""
    if address is None:
        return Traces()
    from lane.otlp import Otlp

    counts: Counter[str] = Counter()
    otlp = Otlp(address, counts)
    return Traces(otlp.tell, counts, otlp.close)


def event_span(step: Step, part: str = "") -> int:
    """The id of an event's span, or of a part of its way; the same whoever asks, and never 0."""
    return int.from_bytes(hashlib.sha256(f"{step.submission_id}/{step.sequence}/{part}".encode()).digest()[:8]) or 1


def _written(lane: str, records: Sequence[Record], draft: Draft) -> Iterator[Span]:
    """An own event belongs to the one before it. Of copies only that of the lane that acts next is told, belonging to their sending."""
    now = time.time_ns()
    came = {record.raw: record.timestamp * 1_000_000 for record in records}
    for event in draft.events:
        head, step = draft.heads[event.stream], Step(lane, event.stream, event.version)
        if event.row is Row.OWN:
            yield _own(step, orjson.loads(event.state), head.opd, now, records)
        elif head.holder == lane and head.sequence == event.version and (at := came[event.state]) > now - FRESH_NS:
            told = {"event_type": orjson.loads(event.state)["type"], "opd": head.opd}
            yield Span(step, "copy", min(at, now), now, event_span(step, f"copy/{lane}"), event_span(step, "send"), Kind.CONSUMER, told)


def _own(step: Step, said: Mapping[str, Any], opd: str, now: int, records: Sequence[Record]) -> Span:
    """From when the command came, or the OPD's record was put on its topic, to the commit."""
    source = _source(said, records)
    began = source.timestamp * 1_000_000 if source else _ns(said["occurred_at"])
    before = event_span(step._replace(sequence=step.sequence - 1)) if step.sequence > 1 else None
    return Span(
        step,
        said["type"],
        min(max(began, now - FRESH_NS), now),
        now,
        event_span(step),
        before,
        Kind.CONSUMER if source else Kind.INTERNAL,
        {"event_type": said["type"], "opd": opd},
        traceparent=next((value for name, value in source.headers if name == "traceparent"), None) if source else None,
    )


def _source(said: Mapping[str, Any], records: Sequence[Record]) -> Record | None:
    """The OPD's record that became this event, if it came on Kafka."""
    received = said["data"].get("received") or {}
    place = (received.get("topic"), received.get("partition"), received.get("offset"))
    return next((record for record in records if (record.topic, record.partition, record.offset) == place), None)


def _sent(lane: str, messages: Sequence[Mapping[str, Any]], began: int) -> Iterator[Span]:
    now = time.time_ns()
    for message in messages:
        said = dict(message["headers"])
        if "ce_sequence" in said:  # not of a row whose bytes cannot be read
            step = Step(lane, uuid.UUID(said["ce_subject"].decode()), int(said["ce_sequence"]))
            told = {"event_type": said["ce_type"].decode().split(".")[1]}
            yield Span(step, "send", began, now, event_span(step, "send"), event_span(step), Kind.PRODUCER, told)


def _parts(whole: Span, parts: Sequence[tuple[str, int]]) -> Iterator[Span]:
    """Each ends where the next one begins."""
    for number, (name, began) in enumerate(parts, 1):
        ended, error = (parts[number][1], None) if number < len(parts) else (whole.ended, whole.error)
        yield Span(whole.step, name, began, ended, _drawn(), whole.id, error=error)


def _drawn() -> int:
    return secrets.randbits(64) or 1


def _ns(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp() * 1e9)
