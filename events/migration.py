"""A journal of an older program brought up to this one: letters out of the events' id space, heads made from the events.

Nothing is asked of anybody: opening a journal does it, once. It may be cut off and begun again at any point.
"""

import uuid
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

import orjson
from eventsourcing.persistence import Tracking

from events.heads import VERSION
from events.recorder import Batch, Letter, LetterKind, Store, StoreRefused
from events.submission import Head, advance, hash_of

MARK: Final = "heads"
NEWER: Final = "this journal was written by a newer program; install that one"
RELAYED: Final = ("follower:relay", "follower:relay-letters")
ROWS_A_READ: Final = 1_000
HEADS_A_COMMIT: Final = 1_000
Told = Callable[[int], None]


def bring_up(store: Store) -> None:
    """Raises StoreRefused when an event of the journal cannot be read."""
    version = store.max_tracking_id(MARK)
    if version == VERSION:
        return
    if version is not None and version > VERSION:
        raise StoreRefused(NEWER)
    if version is None:
        store.move_old_letters()
        sent, known = store.max_tracking_id(RELAYED[0]), store.max_letter()
        if sent and known and store.max_tracking_id(RELAYED[1]) is None:
            store.insert_tracking(Tracking(RELAYED[1], min(sent, known)))
    rebuild_heads(store)
    store.insert_tracking(Tracking(MARK, VERSION))


def is_of_now(store: Store) -> bool:
    """Are its heads those that this program reads? A newer program's may be more, and are not read as if they were ours."""
    return store.max_tracking_id(MARK) == VERSION


def rebuild_heads(store: Store, told: Told = lambda _: None) -> int:
    """Every head from its events, however many; returns how many. `told` hears how many are made. Raises StoreRefused."""
    store.clear_heads()
    made, heads = 0, list[Head]()
    for head in heads_of(store):
        heads.append(head)
        if len(heads) == HEADS_A_COMMIT:
            store.write(Batch(heads=heads))
            made += len(heads)
            told(made)
            heads = []
    store.write(Batch(heads=heads))
    return made + len(heads)


def heads_of(store: Store) -> Iterator[Head]:
    """In the order of the submissions' ids."""
    for submission, rows in groupby(_rows(store), key=lambda row: row[0]):
        head: Head | None = None
        for _, version, raw in rows:
            try:
                head = advance(head, orjson.loads(raw), hash_of(raw))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                where = f"event {version} of submission {submission}"
                raise StoreRefused(f"{where} cannot be read in this journal; make it anew from Kafka: jejak audit rebuild") from error
        if head:
            yield head


def _rows(store: Store) -> Iterator[tuple[uuid.UUID, int, bytes]]:
    after = ("0" * 32, -1)
    while rows := store.select_in_key_order(after, ROWS_A_READ, "f" * 32):
        yield from rows
        after = (rows[-1][0].hex, rows[-1][1])


def letter_of_old(topic: str, version: int, state: bytes) -> Letter | None:
    """A row of the first release that was no event: a line of JSON about a record, then the bytes to send."""
    if topic not in set(LetterKind):
        return None
    line, _, raw = state.partition(b"\n")
    about = orjson.loads(line)
    code = about["error"] if topic == LetterKind.DEAD_LETTER else orjson.loads(raw)["outcome"]
    return Letter(LetterKind(topic), f"{about['cluster']}/{about['topic']}/{about['partition']}", version, code, line, raw)
