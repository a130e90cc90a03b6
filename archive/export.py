"""Events as NDJSON: a journal in, one line per event out, each the event's own bytes; submissions one after the other."""

import uuid
from collections.abc import Iterator

from archive.sources import ALL, only, rows_of
from events.recorder import Store


def lines(store: Store, submission: uuid.UUID | None = None) -> Iterator[bytes]:
    """All events, or those of one submission, in the order of (submission id, sequence); streamed."""
    for _, _, raw in rows_of(store, only(submission) if submission else ALL):
        yield line(raw)


def line(raw: bytes) -> bytes:
    """An event as one line. Jejak writes none over several; whoever did, has them joined: in JSON, line ends stand between tokens only."""
    return raw.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"
