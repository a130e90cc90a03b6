"""Records that were set aside, and what a person does with them: look, send again in order, discard. A journal in; `DeadLetter`s out.

What is said of a letter is a row beside it, with who, when and why; what is sent again is a letter for the relay. The rule of order:
a record of the log goes back as the bytes that its lane wrote, and those of its submission that were refused behind it go with it, in
order; a record of an OPD's topic goes to the end of that topic, as it was or edited, and what came later waits for nothing.
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa
from eventsourcing.persistence import IntegrityError

from events.admission import APPLIED, DUPLICATE, Record, key_claimed, place_in
from events.alarms import ENDED, IS_DEAD_LETTER, LETTERS, Word, end_alarm
from events.contracts import LOG_TOPIC, Lane, Reason
from events.journal import Journal
from events.recorder import Letter, LetterKind, Store
from events.submission import Kind, Refused

PAGE: Final = 500
WHOLE_PAGE: Final = 32
"""Letters that are read with what they hold, up to a megabyte each."""
NO_NUMBER: Final = 2**63
"""No store counts so far."""
RESENT_BYTES: Final = 3 * 1024 * 1024
AS_IT_WAS: Final = "as_it_was"
EDITED: Final = "edited"
BEHIND: Final = "behind"
DISCARDED: Final = "discarded"
HEALED: Final = "healed"
_AGAIN: Final = LETTERS.alias("again")


def _reading(raw: sa.ColumnElement[Any]) -> sa.Select[Any]:
    about = (*(LETTERS.c[name] for name in ("number", "source", "position", "code", "about")), raw)
    done = (_AGAIN.c.code, _AGAIN.c.about, *(ENDED.c[name] for name in ("at", "by", "note")))
    again = sa.and_(_AGAIN.c.kind == LetterKind.AGAIN, _AGAIN.c.source == LETTERS.c.source, _AGAIN.c.position == LETTERS.c.position)
    return (
        sa.select(*about, *done)
        .select_from(LETTERS.outerjoin(ENDED, ENDED.c.letter == LETTERS.c.number).outerjoin(_AGAIN, again))
        .where(IS_DEAD_LETTER, LETTERS.c.code > "")  # so that the index over dead letters is used, and no receipt is read
        .order_by(LETTERS.c.number)
    )


_READ: Final = _reading(LETTERS.c.raw)
_LISTED: Final = _reading(sa.null())
_OPEN: Final = sa.and_(ENDED.c.letter.is_(None), _AGAIN.c.number.is_(None))


class Act(NamedTuple):
    """What was done with a letter: sent again (`as_it_was`, `edited`, `behind` another one), `discarded`, or `healed` by itself."""

    what: str
    by: str
    at: str
    note: str


class DeadLetter(NamedTuple):
    """A record that was set aside; `raw` is None where it had no value, and in a list. Open while nobody has done anything with it."""

    number: int
    source: str
    position: int
    code: str
    about: dict[str, Any]
    raw: bytes | None
    acts: tuple[Act, ...]

    @property
    def topic(self) -> str:
        return place_in(self.source)[1]

    @property
    def place(self) -> str:
        """As the operator names it: topic/partition@offset."""
        _, topic, partition, _ = place_in(self.source)
        return f"{topic}/{partition}@{self.position - 1}"

    @property
    def key(self) -> bytes | None:
        return base64.b64decode(self.about["key"]) if self.about["key"] is not None else None

    @property
    def is_sent(self) -> bool:
        return any(act.what in (AS_IT_WAS, EDITED, BEHIND) for act in self.acts)

    @property
    def is_ended(self) -> bool:
        return any(act.what in (DISCARDED, HEALED) for act in self.acts)


def listed(store: Store, *, after: int = 0, limit: int = PAGE, done_too: bool = False) -> list[DeadLetter]:
    """Those with a higher number, in order, without what they hold; without `done_too` only those with which nobody has done anything."""
    return _page(store, _LISTED, after, limit, done_too=done_too)


def every(store: Store, *, done_too: bool = False) -> Iterator[DeadLetter]:
    """As `listed`, all of them, with what they hold."""
    after = 0
    while page := _page(store, _READ, after, WHOLE_PAGE, done_too=done_too):
        yield from page
        after = page[-1].number


def _page(store: Store, read: sa.Select[Any], after: int, limit: int, *, done_too: bool) -> list[DeadLetter]:
    found = read.where(LETTERS.c.number > after).limit(limit)
    return [_letter_of(row) for row in store.ask(found if done_too else found.where(_OPEN))]


def one(store: Store, number: int) -> DeadLetter:
    """Raises `Refused`."""
    for row in store.ask(_READ.where(LETTERS.c.number == number)) if 0 < number < NO_NUMBER else ():
        return _letter_of(row)
    raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="number", note="Rekaman tersisih dengan nomor itu tidak ada."))


def discard(store: Store, number: int, word: Word) -> DeadLetter:
    """Nothing more is done with it, and its alarm ends. Raises `Refused`."""
    if one(store, number).is_ended:
        raise _done("Rekaman ini sudah selesai.")
    end_alarm(store, number, word)
    return one(store, number)


def retry(journal: Journal, number: int, word: Word, *, edited: bytes | None = None) -> list[DeadLetter]:
    """It, and behind it what waited for it, written down to be sent. Its alarm ends by itself once the event is in the journal.

    Raises `Refused`: nothing is written.
    """
    letter = one(journal.store, number)
    if letter.acts:
        raise _done("Rekaman ini sudah dikirim ulang atau selesai; kalau ditolak lagi, ia tersisih dengan nomor baru.")
    if journal.lane not in set(Lane):
        raise _no(
            Reason(
                code="reads_only",
                field="number",
                note=f"Lajur {journal.lane} hanya membaca; kirim ulang dari lajur lain yang menyisihkannya.",
            )
        )
    sent = _in_order(journal, letter, edited) if letter.topic == LOG_TOPIC else [_to_its_topic(letter, edited)]
    said = {"by": word.by, "at": word.at.isoformat(), "note": word.note}
    letters = [
        Letter(LetterKind.AGAIN, source.source, source.position, how, orjson.dumps({**place, **said}), raw)
        for source, how, place, raw in sent
    ]
    try:
        journal.send(letters)
    except IntegrityError:
        raise _done("Rekaman ini baru saja dikirim ulang oleh orang lain.") from None
    return [one(journal.store, source.number) for source, *_ in sent]


_Sent = tuple[DeadLetter, str, dict[str, object], bytes]


def _to_its_topic(letter: DeadLetter, edited: bytes | None) -> _Sent:
    raw = letter.raw if edited is None else edited
    if raw is None:
        raise _no(Reason(code="empty", field="number", note="Rekaman ini tidak berisi; kirim salinan yang sudah diperbaiki."), Kind.INVALID)
    if len(raw) + len(letter.key or b"") > RESENT_BYTES:
        raise _no(Reason(code="too_large", field="number", note=f"Rekaman terlalu besar: paling banyak {RESENT_BYTES} bita."), Kind.INVALID)
    return letter, AS_IT_WAS if edited is None else EDITED, {"topic": letter.topic, "key": letter.about["key"]}, raw


def _in_order(journal: Journal, letter: DeadLetter, edited: bytes | None) -> list[_Sent]:
    """The event and those behind it that follow now, by the law and this journal, under the key that each names itself."""
    if edited is not None:
        raise _no(
            Reason(code="written_once", field="number", note="Peristiwa di log ditulis sekali dan tidak diubah; kirim ulang apa adanya."),
            Kind.INVALID,
        )
    if letter.code == "fork":
        raise _no(
            Reason(
                code="fork",
                field="number",
                note="Cabang tidak selesai dengan dikirim ulang. Periksa siapa penulisnya, lalu singkirkan (discard).",
            )
        )
    claimed = key_claimed(letter.raw)
    if claimed is None:
        raise _no(Reason(code=letter.code, field="number", note="Rekaman ini tidak menyebut pengajuan dan nomor urutnya."))
    wanted = [letter, *_behind(journal.store, letter)]
    key = str(claimed[0]).encode()
    codes = journal.foretold([Record(LOG_TOPIC, 0, offset, key, each.raw) for offset, each in enumerate(wanted)])
    if codes[0] == DUPLICATE:
        raise _no(
            Reason(code="there_already", field="number", note="Peristiwa ini sudah ada di jurnal; singkirkan saja rekamannya (discard).")
        )
    if codes[0] != APPLIED:
        note = f"Rekaman ini akan tersisih lagi: {codes[0]}. Yang mendahuluinya belum ada, atau ia melanggar aturan log."
        raise _no(Reason(code=codes[0], field="number", note=note))
    place: dict[str, object] = {"topic": LOG_TOPIC, "key": base64.b64encode(key).decode()}
    going = [each for each, code in zip(wanted, codes, strict=True) if code == APPLIED]
    return [(each, AS_IT_WAS if each is letter else BEHIND, place, each.raw or b"") for each in going]


def _behind(store: Store, letter: DeadLetter) -> list[DeadLetter]:
    """Open letters of later events of the same submission, in order."""
    stream, sequence = key_claimed(letter.raw) or (None, 0)
    found = [
        (claimed[1], other.number, other)
        for other in every(store)
        if other.topic == LOG_TOPIC and other.code != "fork" and (claimed := key_claimed(other.raw))
        if claimed[0] == stream and claimed[1] > sequence
    ]
    return [other for *_, other in sorted(found, key=lambda each: each[:2])]


def _letter_of(row: Sequence[Any]) -> DeadLetter:
    number, source, position, code, about, raw, again, told, at, by, note = row
    said, acts = orjson.loads(about), list[Act]()
    if again is not None:
        how = orjson.loads(told)
        acts.append(Act(again, how["by"], how["at"], how["note"]))
    if at is not None:
        acts.append(Act(HEALED if by == "jejak" else DISCARDED, by, at, note))
    return DeadLetter(number, source, position, code, said, None if said["tombstone"] or raw is None else bytes(raw), tuple(acts))


def _done(note: str) -> Refused:
    return _no(Reason(code="done_already", field="number", note=note))


def _no(reason: Reason, kind: Kind = Kind.CONFLICT) -> Refused:
    return Refused(kind, reason)
