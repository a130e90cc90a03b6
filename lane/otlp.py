"""Spans out of the process: OpenTelemetry's own library, OTLP over HTTP, in batches, from a thread of its own. Loaded where traces are on.

What the receiver does not take is lost and counted, what finds no room is dropped and counted; whoever tells a span never waits for it.
The specification's own variables say the rest: OTEL_EXPORTER_OTLP_HEADERS, _CERTIFICATE, _TIMEOUT, OTEL_RESOURCE_ATTRIBUTES.
"""

import logging
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Final

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_NAMESPACE, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, Tracer, get_current_span
from opentelemetry.trace import set_span_in_context as with_parent
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lane.tracing import Span

QUEUE: Final = 4_096
"""Spans that may wait; some hundred submissions' whole lives."""
STOP_S: Final = 2.0
log = structlog.get_logger("jejak.traces")


class Otlp:
    """A receiver of OTLP over HTTP at `address` (`/v1/traces` of it). Each lane is a service of its own there, `jejak-<lane>`."""

    def __init__(self, address: str, counts: Counter[str]) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # what is lost is counted, and said once
        self._counts, self._told, self._lock = counts, 0, threading.Lock()
        self._exporter = _Counted(OTLPSpanExporter(f"{address.rstrip('/')}/v1/traces"), counts)
        self._processor = BatchSpanProcessor(self._exporter, max_queue_size=QUEUE)
        self._ids, self._tracers = _Ids(), dict[str, Tracer]()

    def tell(self, span: Span) -> None:
        with self._lock:
            if self._told - self._exporter.done >= QUEUE:
                self._counts["dropped"] += 1
                return
            self._told += 1
            tracer = self._tracers.get(span.step.lane) or self._tracers.setdefault(span.step.lane, self._tracer(span.step.lane))
        told = {"lane": span.step.lane, "submission_id": str(span.step.submission_id), "sequence": span.step.sequence, **span.more}
        self._ids.next = span
        made = tracer.start_span(
            span.name,
            context=_below(span),
            kind=SpanKind[span.kind.name],
            attributes={f"jejak.{name}": value for name, value in told.items()},
            links=_links(span.traceparent),
            start_time=span.began,
        )
        if span.error:
            made.set_status(StatusCode.ERROR, span.error)
        made.end(span.ended)

    def close(self) -> None:
        """What waits is sent, for as long as there is time."""
        ending = threading.Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_S)

    def _tracer(self, lane: str) -> Tracer:
        """None of the process as a whole: what other libraries would tell there stays untold."""
        resource = Resource.create({SERVICE_NAME: f"jejak-{lane}", SERVICE_NAMESPACE: "jejak"})
        provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, id_generator=self._ids, shutdown_on_exit=False)
        provider.add_span_processor(self._processor)
        return provider.get_tracer("jejak")


class _Ids(IdGenerator, threading.local):
    """The ids of the span that this thread makes next: they follow from the submission."""

    next: Span

    def generate_trace_id(self) -> int:
        return self.next.step.submission_id.int

    def generate_span_id(self) -> int:
        return self.next.id


class _Counted(SpanExporter):
    """`done`: spans that were sent or lost."""

    def __init__(self, exporter: SpanExporter, counts: Counter[str]) -> None:
        self._exporter, self._counts, self._good = exporter, counts, True
        self.done = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        good = result is SpanExportResult.SUCCESS
        self._counts["sent" if good else "lost"] += len(spans)
        self.done += len(spans)
        if good is not self._good:
            log.warning("traces_taken_again" if good else "traces_not_taken", lost=self._counts["lost"], dropped=self._counts["dropped"])
            self._good = good
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _below(span: Span) -> Context:
    """An empty context for the first span of a trace."""
    if span.parent is None:
        return Context()
    place = SpanContext(span.step.submission_id.int, span.parent, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return with_parent(NonRecordingSpan(place), Context())


def _links(traceparent: bytes | None) -> Sequence[Link]:
    """To where the OPD's own trace stands, if that header says it."""
    if traceparent is None:
        return ()
    place = get_current_span(
        TraceContextTextMapPropagator().extract({"traceparent": traceparent.decode("ascii", "replace")}, Context())
    ).get_span_context()
    return (Link(place),) if place.is_valid else ()
