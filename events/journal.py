"""A lane's journal: its copy of the log, byte for byte, and what it adds. Events in, chained events out.

Everything that must leave the lane (own events, and letters: receipts and dead letters) is a row here too, so that one transaction holds
a record's effect, its head, its position in Kafka and what has to be sent because of it. Database errors (`PersistenceError`) pass through.
"""

import contextlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from eventsourcing.persistence import IntegrityError, Tracking

from events import answered
from events.admission import APPLIED, DUPLICATE, Draft, Outcome, Record, admitted, key_claimed, outcome_of, stream_in, taken_of
from events.contracts import EVENT, EVENT_BYTES_LIMIT, Event, Reason
from events.lawful import NOBODY_MOVED, Heirs
from events.recorder import Batch, Letter, LetterKind, Row, Store
from events.submission import Head, Kind, Recorded, Refused, Submission, fold

T = TypeVar("T")

ATTEMPTS: Final = 8
OVERTAKEN: Final = f"another writer came first, {ATTEMPTS} times"
IDS_A_SELECT: Final = 500
EVENTS: Final = (Row.OWN, Row.COPY)
LETTERS: Final = tuple(LetterKind)
RELAYED: Final = "relay"
RELAYED_LETTERS: Final = "relay-letters"


class Entry(NamedTuple):
    """An event as a follower reads it; `id` rises in commit order."""

    id: int
    row: Row
    stream: uuid.UUID
    raw: bytes


class Outgoing(NamedTuple):
    """The last event and how far the events were sent; the same of letters."""

    upto: int
    sent: int
    letters_upto: int
    letters_sent: int


@dataclass
class Journal:
    """Thread-safe; writes take turns. `on_commit` is called after each commit, `on_outgoing` after those that hold something to send.

    Then `on_written` with the records that were taken and what was written of them. All are called from the writing thread.
    """

    store: Store
    lane: str
    heirs: Callable[[], Heirs] = lambda: NOBODY_MOVED
    """The OPDs that act for others now, as the directory says."""
    on_commit: list[Callable[[], None]] = field(default_factory=list)
    on_outgoing: list[Callable[[], None]] = field(default_factory=list)
    on_written: list[Callable[[Sequence[Record], Draft], None]] = field(default_factory=list)
    _writing: threading.RLock = field(default_factory=threading.RLock)

    # reading

    def head(self, submission_id: uuid.UUID) -> Head | None:
        return self.heads([submission_id]).get(submission_id)

    def heads(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Head]:
        """Those that do not exist are left out."""
        return {head.submission_id: head for head in _in_pieces(self.store.select_heads, ids)}

    def history(self, submission_id: uuid.UUID, *, upto: int | None = None, as_of: datetime | None = None) -> list[Recorded]:
        """A submission's events in order, all or up to a sequence or a moment; empty when there is no such submission.

        Never one without those before it: where clocks differ, the history at a moment ends before the first event that is later.
        """
        rows = self.store.select_events(submission_id, lte=upto)
        recorded = [Recorded(EVENT.validate_json(row.state), row.state) for row in rows if row.topic in EVENTS]
        return recorded if as_of is None else list(itertools.takewhile(lambda r: r.event.occurred_at <= as_of, recorded))

    def histories(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Recorded]]:
        """As `history`, for many at once."""
        found: dict[uuid.UUID, list[Recorded]] = {i: [] for i in ids}
        for stream, raw in _in_pieces(self.store.select_streams, ids):
            found[stream].append(Recorded(EVENT.validate_json(raw), raw))
        return found

    def submission(self, submission_id: uuid.UUID) -> Submission | None:
        """The whole content, folded from the history."""
        return fold(self.history(submission_id))

    def submissions(self, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Submission]:
        """As `submission`, for many at once; those that do not exist are left out."""
        return {i: folded for i, history in self.histories(ids).items() if (folded := fold(history))}

    def position(self, source: str) -> int:
        """The next offset to read from a source (`source_of`)."""
        return self.store.max_tracking_id(source) or 0

    def read(self, after: int, limit: int, rows: Sequence[Row] = EVENTS, *, upto: int | None = None) -> list[Entry]:
        """Events committed after a row number, in commit order, for followers."""
        return [Entry(i, Row(row), stream, raw) for i, row, stream, raw in self.store.select_rows(after, limit, upto, rows)]

    def letters(
        self, after: int, limit: int, kinds: Sequence[LetterKind] = LETTERS, *, upto: int | None = None
    ) -> list[tuple[int, Letter]]:
        """Letters written after a number, with their numbers, in commit order."""
        return list(self.store.select_letters(after, limit, self.last_letter() if upto is None else upto, kinds))

    def last_id(self) -> int:
        return self.store.max_notification_id() or 0

    def last_letter(self) -> int:
        return self.store.max_letter()

    def outgoing(self) -> Outgoing:
        """As one look: a letter that it sees was written with or after its event."""
        return Outgoing(*self.store.outgoing(f"follower:{RELAYED}", f"follower:{RELAYED_LETTERS}"))

    def cursor(self, follower: str) -> int:
        return self.store.max_tracking_id(f"follower:{follower}") or 0

    # writing

    def skip_to(self, source: str, position: int) -> None:
        """Start reading a source further on than where the journal stands; never back."""
        if position > self.position(source):
            self.store.insert_tracking(Tracking(source, position))

    def advance(self, follower: str, entry_id: int) -> None:
        """Remember how far a follower came. Another process may be further already; then that stands."""
        try:
            self.store.insert_tracking(Tracking(f"follower:{follower}", entry_id))
        except IntegrityError:
            if self.cursor(follower) < entry_id:
                raise

    def pass_over(self, source: str, position: int) -> None:
        """Move an inbox on where no record is: marks of transactions. Another process may be further already."""
        with self._writing, contextlib.suppress(IntegrityError):
            self.store.insert_tracking(Tracking(source, position))

    def append(
        self, events: Sequence[Event], claims: Iterable[tuple[str, int]] = (), *, heads: Mapping[uuid.UUID, Head] | None = None
    ) -> list[Recorded]:
        """Write own events, durable on return. Each must follow its submission's newest, and every claim be free; else `Refused`.

        `heads`: those of the events' submissions, where they were asked for just before. Who wrote meanwhile has the number that one of
        these events would have: the store refuses it.
        """
        recorded = [_fitting(Recorded(event, event.to_bytes())) for event in events]
        with self._writing:
            draft = Draft(dict(heads) if heads is not None else self.heads([event.submission_id for event in events]), self.heirs())
            draft.claims.update(claims)
            for r in recorded:
                if not draft.write(r):
                    raise _stale()
            try:
                self.store.write(draft.batch({}))
            except IntegrityError as error:
                if not self._holds(recorded):
                    raise _stale() from error
        self._woken(draft)
        return recorded

    def replicate(self, records: Sequence[Record]) -> list[Outcome]:
        """Copy a batch of log records, in order within each partition, together with its positions, in one transaction.

        Every record ends as applied, duplicate (dropped) or dead letter; records below the stored position are not counted.
        """
        with self._writing:
            return self._written(records, self._copied)

    def answer(self, records: Sequence[Record], judge: Callable[[Sequence[Record]], list[Outcome]]) -> list[Outcome]:
        """As `replicate`, with the lane's own judgement, which may take its time: it is asked outside the turn for writing,
        and again when another writer was first.
        """
        return self._written(records, lambda fresh: self._judged(judge(answered.unanswered(self.store, fresh))))

    def foretold(self, records: Sequence[Record]) -> list[str]:
        """What would become of these records of the log if they came now, in this order; nothing is written."""
        return [outcome.counted for outcome in self._copied(records)[0]]

    def send(self, letters: Sequence[Letter]) -> None:
        """Write letters that answer no new record; the relay sends them. Raises IntegrityError: one of them is there already."""
        with self._writing:
            self.store.write(Batch(letters=letters))
        for wake in (*self.on_outgoing, *self.on_commit):
            wake()

    def _written(self, records: Sequence[Record], drafted: Callable[[Sequence[Record]], tuple[list[Outcome], Draft]]) -> list[Outcome]:
        """What is fresh of these, drafted and committed; again while another writer is first."""
        for _ in range(ATTEMPTS):
            sources = [r.source for r in records]
            positions = self.store.positions(set(sources))
            fresh = [r for r, source in zip(records, sources, strict=True) if r.offset >= positions.get(source, 0)]
            if not fresh:
                return []
            with contextlib.suppress(IntegrityError):
                outcomes, draft = drafted(fresh)
                with self._writing:
                    self.store.write(draft.batch(*taken_of(fresh)))
                self._woken(draft, fresh)
                return outcomes
        raise IntegrityError(OVERTAKEN)

    def _copied(self, fresh: Sequence[Record]) -> tuple[list[Outcome], Draft]:
        """The records' verdicts, and what they add. Of each event only its bytes and head are kept."""
        streams = [stream_in(record.key) for record in fresh]
        draft = Draft(self.heads(list({stream for stream in streams if stream})), self.heirs())
        judged = [
            (record, admitted(record, stream, draft, lambda n=number: self._behind(fresh[n:], draft)))  # type: ignore[misc]
            for number, (record, stream) in enumerate(zip(fresh, streams, strict=True))
        ]
        again = answered.set_aside(self.store, [record for record, code in judged if code not in (APPLIED, DUPLICATE)])
        outcomes = [outcome_of(record, DUPLICATE if (record, code) in again else code) for record, code in judged]
        draft.letters = [letter for outcome in outcomes for letter in outcome.letters]
        return outcomes, draft

    def _behind(self, records: Sequence[Record], draft: Draft) -> dict[tuple[uuid.UUID, int], bytes]:
        """What the journal holds of those events that these records claim to be and that are not the newest of their submissions."""
        claimed = {key for record in records if (key := key_claimed(record.raw)) and key not in draft.stored}
        return {(stream, version): raw for stream, version, raw in _in_pieces(self.store.select_states, list(claimed))}

    def _judged(self, outcomes: list[Outcome]) -> tuple[list[Outcome], Draft]:
        own = [recorded for outcome in outcomes for recorded in outcome.events]
        draft = Draft(self.heads([recorded.event.submission_id for recorded in own]), self.heirs())
        if not all(draft.write(recorded) for recorded in own):
            raise IntegrityError(OVERTAKEN)  # written meanwhile by another caller: judged again
        draft.letters = [letter for outcome in outcomes for letter in outcome.letters]
        draft.claims.update(claim for outcome in outcomes for claim in outcome.claims)
        return outcomes, draft

    def _holds(self, recorded: Sequence[Recorded]) -> bool:
        """The answer to a commit was lost, and it was written all the same."""
        keys = [(r.event.submission_id, r.event.sequence) for r in recorded]
        return {raw for _, _, raw in self.store.select_states(keys)} == {r.raw for r in recorded}

    def _woken(self, draft: Draft, records: Sequence[Record] = ()) -> None:
        outgoing = draft.letters or any(event.row is Row.OWN for event in draft.events)
        for wake in (*self.on_outgoing, *self.on_commit) if outgoing else self.on_commit:
            wake()
        for told in self.on_written:
            told(records, draft)


def _in_pieces(select: Callable[[Sequence[T]], Iterable[Any]], keys: Sequence[T]) -> Iterator[Any]:
    for start in range(0, len(keys), IDS_A_SELECT):
        yield from select(keys[start : start + IDS_A_SELECT])


def _fitting(recorded: Recorded) -> Recorded:
    if len(recorded.raw) <= EVENT_BYTES_LIMIT:
        return recorded
    raise Refused(Kind.INVALID, Reason(code="too_large", note=f"Metadata terlalu besar: paling banyak {EVENT_BYTES_LIMIT} bita."))


def _stale() -> Refused:
    return Refused(Kind.CONFLICT, Reason(code="stale", field="expected_sequence", note="Data sudah berubah. Muat ulang halaman."))
