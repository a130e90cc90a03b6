"""What a journal asks of the recorder that it lies in. Two keep the promise: `sqlite.py` and `postgres.py`."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import StoredEvent, Tracking

from events.submission import Head

READ_FURTHER: Final = "another process of this lane has read further"


class StoreRefused(RuntimeError):
    """The store cannot be used as it is; says why and what to do."""


class Row(StrEnum):
    """How an event came into this journal: written here, or copied from Kafka."""

    OWN = "own"
    COPY = "copy"


class LetterKind(StrEnum):
    """What a lane answers with beside events, and what it sends again by a person's word."""

    RECEIPT = "receipt"
    DEAD_LETTER = "dead-letter"
    AGAIN = "again"


class EventRow(NamedTuple):
    row: Row
    stream: UUID
    version: int
    state: bytes


class Letter(NamedTuple):
    """What is said of one record: a receipt, or the record itself as a dead letter, or what of it is sent again. Unique by kind, source and
    position, which are those of the record.

    `code`: the receipt's outcome, the dead letter's fault, or how it is sent again; `about`: JSON about the record; `raw`: the bytes to
    send.
    """

    kind: LetterKind
    source: str
    position: int
    code: str
    about: bytes
    raw: bytes


class Mark(NamedTuple):
    """The last record that was taken from a source: its offset, its time and the hash of its key and value (`events.admission.mark_of`)."""

    source: str
    taken: int
    hash: str


class Batch(NamedTuple):
    """All that one transaction writes. `heads` are told anew, of those that `moved` only what each event changes (`events.heads.MOVED`).

    `ends`: those of the marks that stay until they were found on Kafka again.
    """

    events: Sequence[EventRow] = ()
    heads: Sequence[Head] = ()
    moved: Sequence[Head] = ()
    letters: Sequence[Letter] = ()
    positions: Mapping[str, int] = {}
    marks: Sequence[Mark] = ()
    ends: Sequence[Mark] = ()


class Turn(Protocol):
    """Whose turn it is to do what only one process of a lane may do at a time. Thread-safe; errors as of `Store`."""

    def take(self) -> bool:
        """False: another process has it."""
        ...

    def keep(self) -> None:
        """To be said every few seconds by the one that has it; raises OperationalError when it was lost."""
        ...

    def give_back(self) -> None: ...
    def close(self) -> None: ...


class Bookmarks(Protocol):
    """Where a reader keeps how far it came, and by what a loss is found (`events.marks`, `events.alarms`)."""

    def write(self, batch: Batch) -> None:
        """In one transaction; heads replace those of before.

        Raises IntegrityError, and writes nothing, when an event or a letter is there already, or a position is not further than the stored
        one.
        """
        ...

    def max_tracking_id(self, application_name: str) -> int | None: ...
    def positions(self, names: Collection[str]) -> dict[str, int]: ...
    def ask(self, query: sa.Select[Any]) -> list[tuple[Any, ...]]:
        """What the tables of `events.alarms` and the letters say."""
        ...

    def tell(self, *changes: sa.Insert | sa.Update | sa.Delete) -> None:
        """Changes of the tables of `events.alarms`, in one transaction. Raises IntegrityError when a row is there already."""
        ...


class Store(Bookmarks, Protocol):
    """Database errors are `eventsourcing.persistence.PersistenceError`."""

    def insert_tracking(self, tracking: Tracking) -> None: ...
    def max_notification_id(self) -> int | None: ...
    def select_events(self, originator_id: UUID | str, *, lte: int | None = None) -> Sequence[StoredEvent]: ...
    def select_rows(self, after: int, limit: int, upto: int | None, rows: Sequence[Row]) -> Sequence[tuple[int, str, UUID, bytes]]:
        """Numbers, kinds, streams and states of events committed after a number, up to and with another."""
        ...

    def select_streams(self, ids: Sequence[UUID]) -> Sequence[tuple[UUID, bytes]]:
        """All events of some submissions, in order of version."""
        ...

    def select_states(self, keys: Sequence[tuple[UUID, int]]) -> Sequence[tuple[UUID, int, bytes]]:
        """The events with these streams and versions; those that are not there are left out."""
        ...

    def select_heads(self, ids: Sequence[UUID]) -> Sequence[Head]: ...
    def select_in_key_order(self, after: tuple[str, int], limit: int, upto: str) -> Sequence[tuple[UUID, int, bytes]]: ...
    def select_heads_in_key_order(self, after: UUID | None, limit: int, upto: UUID | None = None) -> Sequence[Head]: ...
    def max_letter(self) -> int: ...
    def outgoing(self, events: str, letters: str) -> tuple[int, int, int, int]:
        """As one look: the last event's number and the position of this name, the last letter's and the position of that one."""
        ...

    def count_outgoing(self, after: int, letters_after: int) -> int:
        """How many own events and letters were written after these numbers."""
        ...

    def select_letters(self, after: int, limit: int, upto: int, kinds: Sequence[LetterKind]) -> Sequence[tuple[int, Letter]]:
        """Numbers and letters written after a number, up to and with another."""
        ...

    def clear_heads(self) -> None:
        """Make their table anew, as this program wants it, with no indexes but its key."""
        ...

    def move_old_letters(self) -> None:
        """Letters of the first release lay among the events: into their own table, with the numbers that they had."""
        ...

    def turn(self, name: str) -> Turn:
        """What the processes of this lane take in turns, by its name."""
        ...

    def tables_exist(self) -> bool: ...
    def create_table(self) -> None: ...
    def close(self) -> None: ...
