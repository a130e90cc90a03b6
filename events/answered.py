"""What was said of records before: a topic that goes on by the operator's word is read anew, and what was answered stays answered.

In: a journal's store and records; out: those that are known, and what was said of them.
"""

from collections.abc import Collection, Sequence

import orjson
import sqlalchemy as sa

from events.admission import Record, key_claimed, mark_of, source_of
from events.alarms import LETTERS
from events.recorder import Letter, LetterKind, Store


def is_known(store: Store, record: Record) -> bool:
    """Was this record taken? Its event lies here byte for byte, or at its place it was answered or set aside."""
    key = key_claimed(record.raw)
    if key and any(raw == record.raw for _, _, raw in store.select_states([key])):
        return True
    return any(_is_about(letter, record) for letter in _letters_before(store, [record]).get(record, ()))


def unanswered(store: Store, fresh: Sequence[Record]) -> list[Record]:
    """Without those that were answered when they were read before: judged now, the answer may be another one."""
    before = _read_before(store, fresh)
    return [r for r in fresh if not any(orjson.loads(letter.about).get("record") == mark_of(r).hash for letter in before.get(r, ()))]


def set_aside(store: Store, records: Sequence[Record]) -> set[tuple[Record, str]]:
    """Which of these were set aside when they were read before, and with which code: that is no new alarm."""
    before = _read_before(store, records).items()
    return {(record, letter.code) for record, letters in before for letter in letters if letter.raw == (record.raw or b"")}


def _read_before(store: Store, records: Sequence[Record]) -> dict[Record, list[Letter]]:
    again = [record for record in records if record.generation]
    return _letters_before(store, again) if again else {}


def _letters_before(store: Store, records: Collection[Record]) -> dict[Record, list[Letter]]:
    """The letters about what stood at these records' places, in their own generation and in those before it."""
    places = {(source_of(r.cluster, r.topic, r.partition, g), r.offset + 1): r for r in records for g in range(r.generation + 1)}
    asked = sa.select(*(LETTERS.c[name] for name in Letter._fields)).where(
        LETTERS.c.kind.in_(list(LetterKind)),
        LETTERS.c.source.in_({source for source, _ in places}),
        LETTERS.c.position.in_({position for _, position in places}),
    )
    found: dict[Record, list[Letter]] = {}
    for row in store.ask(asked):
        letter = Letter._make(row)
        if record := places.get((letter.source, letter.position)):
            found.setdefault(record, []).append(letter)
    return found


def _is_about(letter: Letter, record: Record) -> bool:
    """A dead letter holds the record's own bytes, a receipt the event_id that the record says; what was sent again may be edited."""
    if letter.kind != LetterKind.RECEIPT:
        return letter.raw == (record.raw or b"")
    said = orjson.loads(letter.raw)["event_id"]
    return isinstance(said, str) and said.encode() in (record.raw or b"")
