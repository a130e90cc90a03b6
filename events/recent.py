"""What a journal wrote last, in a few words each, so that views need not read it again. Rows in commit order in, headlines out.

Only a memory: what is not here is read from the journal.
"""

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

KEPT: Final = 4_000
TELL_METADATA: Final = frozenset({"DataSubmitted", "DataRevised"})
"""The others may say what they like in a field of that name: readers ignore what they do not know."""


class Headline(NamedTuple):
    """What a view wants to know of an event. `opd` is the actor's; `dataset_id` and `title` where the event tells metadata."""

    submission_id: str
    sequence: int
    type: str
    occurred_at: str
    opd: str | None
    dataset_id: str | None
    title: str | None


def headline_of(said: Mapping[str, Any]) -> Headline:
    """In: an event as it stands in its bytes."""
    dataset = said["data"]["dataset"] if said["type"] in TELL_METADATA else {}
    told = dataset.get("dataset_id"), dataset["title"].strip() if dataset else None
    return Headline(said["submission_id"], said["sequence"], said["type"], said["occurred_at"], said["actor"].get("opd"), *told)


@dataclass
class Recent:
    """Headlines by row number, without holes: a row that is no event is there as nothing."""

    _rows: deque[Headline | None] = field(default_factory=lambda: deque(maxlen=KEPT))
    _last: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def add(self, last: int | None, headlines: Sequence[Headline | None]) -> None:
        """Rows just committed; `last`: the number of the last of them, if they were numbered one after the other."""
        if not headlines:
            return
        with self._turn:
            if last is None or last - len(headlines) != self._last:
                self._rows.clear()  # another process wrote in between
            if last is not None:
                self._rows.extend(headlines)
                self._last = last

    def after(self, number: int, limit: int) -> list[tuple[int, Headline]]:
        """Those after a row, in order, when it is known that nothing lies between; else none."""
        with self._turn:
            first = self._last - len(self._rows) + 1
            if number + 1 < first:
                return []
            rows = list(islice(self._rows, number + 1 - first, None))
        return [(number + n, headline) for n, headline in enumerate(rows, start=1) if headline][:limit]
