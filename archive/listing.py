"""Submissions of a journal, page by page, in the order in which they came in. Read from the journal itself: no view has to be there."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from events.journal import EVENTS, Journal
from events.submission import State, Submission

ROWS_A_READ: Final = 1_000


@dataclass(frozen=True)
class Listed:
    """`next`: what to give as `after` for the page that follows; None at the end."""

    submissions: tuple[Submission, ...]
    next: int | None


def page(journal: Journal, *, after: int, limit: int, state: State | None, opd: str | None) -> Listed:
    """A page of submissions in a state or of an OPD, after the journal row of that number."""
    found: list[tuple[int, Submission]] = []
    for row, submission in _submissions(journal, after):
        if (state is None or submission.state is state) and (opd is None or submission.opd == opd):
            found.append((row, submission))
        if len(found) > limit:
            return Listed(tuple(s for _, s in found[:limit]), found[limit - 1][0])
    return Listed(tuple(s for _, s in found), None)


def _submissions(journal: Journal, after: int) -> Iterator[tuple[int, Submission]]:
    while entries := journal.read(after, ROWS_A_READ, EVENTS):
        begun = {entry.stream: entry.id for entry in entries if orjson.loads(entry.raw)["sequence"] == 1}
        for stream, submission in journal.submissions(list(begun)).items():
            yield begun[uuid.UUID(int=stream.int)], submission
        after = entries[-1].id
