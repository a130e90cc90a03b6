"""Submissions that a lane remembers, folded, from when they come to it until it has decided. Events in their order in, submissions out.

Only a memory: what is not here, or is older than what the journal holds, is read from there.
"""

import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from events.contracts import Event
from events.submission import BATON, STATE_AFTER, Submission, evolve

FOLDS_BYTES: Final = 16 * 1024 * 1024
"""Of metadata as events hold it, some 8,000 submissions; as models it takes four times as much memory, or more."""


def hash_of(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


@dataclass
class Folds:
    """Written under the journal's turn for writing. Without a lane nothing is remembered."""

    lane: str | None
    known: OrderedDict[int, tuple[Submission, int]] = field(default_factory=OrderedDict)
    """By submission id as a number, which is compared much faster than a UUID."""
    _bytes: int = 0

    def get(self, submission_id: uuid.UUID) -> Submission | None:
        found = self.known.get(submission_id.int)
        return found[0] if found else None

    def follow(self, events: Iterable[tuple[Event, bytes]]) -> None:
        """Committed events with their bytes. What has left the lane, did not come whole or is too much is forgotten."""
        if not self.lane:
            return
        for event, raw in events:
            before, size = self.known.pop(event.submission_id.int, (None, 0))
            self._bytes -= size
            left = event.lane == self.lane and BATON[STATE_AFTER[event.type]].holder != self.lane
            follows = event.sequence == (before.sequence if before else 0) + 1
            if follows and not left and (folded := evolve(before, event, hash_of(raw))):
                self.known[event.submission_id.int] = folded, max(size, len(raw))
                self._bytes += max(size, len(raw))
        while self._bytes > FOLDS_BYTES:
            _, (_, size) = self.known.popitem(last=False)
            self._bytes -= size
