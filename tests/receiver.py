"""A receiver of OpenTelemetry's traces over HTTP: what is sent to it is parsed by the protocol's own definitions and kept."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Received:
    """A span as it came; ids as hex."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: int
    began: int
    ended: int
    attributes: dict[str, str | int]
    links: list[str]
    error: str


@dataclass
class Receiver:
    address: str
    spans: list[Received] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    def of(self, submission_id: str) -> list[Received]:
        """One submission's trace, in the order in which it began."""
        return sorted((span for span in self.spans if span.trace == submission_id.replace("-", "")), key=lambda span: span.began)


@contextmanager
def receiving(*, answers: bool = True, port: int = 0) -> Iterator[Receiver]:
    """On this machine, by itself on a free port. `answers`: else it takes connections and never says a word."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if not answers:
                over.wait()
                return
            receiver.paths.add(self.path)
            receiver.spans += spans_of(self.rfile.read(int(self.headers["Content-Length"])))
            said = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            over.set()
            server.shutdown()
            thread.join()


def spans_of(sent: bytes) -> list[Received]:
    """Of what one request holds."""
    found = []
    for resource in ExportTraceServiceRequest.FromString(sent).resource_spans:
        named = {each.key: each.value.string_value for each in resource.resource.attributes}
        found += [_received(named["service.name"], span) for scope in resource.scope_spans for span in scope.spans]
    return found


def _received(service: str, span: Span) -> Received:
    said = {each.key: each.value for each in span.attributes}
    attributes = {name: value.int_value if value.HasField("int_value") else value.string_value for name, value in said.items()}
    return Received(
        service,
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        attributes,
        [f"{link.trace_id.hex()}-{link.span_id.hex()}" for link in span.links],
        span.status.message,
    )
