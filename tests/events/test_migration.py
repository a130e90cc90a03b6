"""A journal of the first release is opened: its letters get a table of their own, its heads are made, nothing is lost or sent twice."""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from events.heads import VERSION
from events.journal import RELAYED, RELAYED_LETTERS
from events.migration import MARK, heads_of, rebuild_heads
from events.recorder import LetterKind, Row
from events.stores import StoreRefused, open_reader, open_store
from events.submission import Recorded, fold
from tests.events.conftest import Place
from tests.events.given import WHOLE_LIFE, after, approved, on_kafka, revised, story, submitted, verified

ABOUT = {"cluster": "c", "topic": "opd.dispermades.data-submitted.v1", "partition": 0}
RECEIPT = b'{"event_id":"e-1","opd":"dispermades","outcome":"refused"}'
OldRow = tuple[str, uuid.UUID, int, bytes]


def old_rows(told: list[Recorded], *, letters_last: bool) -> list[OldRow]:
    """As the first release wrote them: events, receipts and dead letters in one table."""
    events = [("copy" if n else "own", r.event.submission_id, r.event.sequence, r.raw) for n, r in enumerate(told)]
    receipt = json.dumps(ABOUT | {"offset": 6}).encode() + b"\n" + RECEIPT
    letter = json.dumps(ABOUT | {"offset": 7, "error": "unreadable", "key": None, "tombstone": False}).encode() + b"\n\x00raw\nbytes"
    letters = [("receipt", uuid.uuid4(), 7, receipt), ("dead-letter", uuid.uuid4(), 8, letter)]
    return [*events, *letters] if letters_last else [*events[:1], *letters, *events[1:]]


def made_old(place: Place, rows: list[OldRow], *, sent: int) -> None:
    """The journal as it was before: the tables of the `eventsourcing` library alone. `sent`: the relay's cursor."""
    place.journal()
    place.close()
    if place.address.startswith("sqlite:"):
        with closing(sqlite3.connect(Path(place.address.removeprefix("sqlite:")) / f"{place.lane}.sqlite")) as c, c:
            c.executescript("DROP TABLE heads; DROP TABLE letters; DELETE FROM tracking")
            old = [(topic, stream.hex, version, raw) for topic, stream, version, raw in rows]
            c.executemany("INSERT INTO stored_events (topic, originator_id, originator_version, state) VALUES (?, ?, ?, ?)", old)
            c.execute("INSERT INTO tracking VALUES ('follower:relay', ?)", (sent,))
        return
    with psycopg.connect(place.address, options=f"-csearch_path=jejak_{place.lane}") as pg:
        pg.execute("DROP TABLE heads")
        pg.execute("DROP TABLE letters")
        pg.execute("DELETE FROM notification_tracking")
        pg.execute("INSERT INTO notification_tracking (application_name, notification_id) VALUES ('follower:relay', %s)", (sent,))
        insert = "INSERT INTO stored_events (topic, originator_id, originator_version, state) VALUES (%s, %s, %s, %s)"
        for row in rows:
            pg.execute(insert, row)


@pytest.mark.parametrize("letters_last", [True, False], ids=["letters last", "letters between"])
def test_an_old_journal_goes_on_where_it_was(place: Place, *, letters_last: bool) -> None:
    told = story(*WHOLE_LIFE)
    rows = old_rows(told, letters_last=letters_last)
    made_old(place, rows, sent=1 if letters_last else 2)

    journal = place.journal()

    assert [r.raw for r in journal.history(told[0].event.submission_id)] == [r.raw for r in told]
    whole = fold(told)
    assert whole
    assert journal.head(told[0].event.submission_id) == whole.head
    letters = [letter for _, letter in journal.letters(0, 9)]
    assert [(letter.kind, letter.code, letter.position, letter.raw) for letter in letters] == [
        (LetterKind.RECEIPT, "refused", 7, RECEIPT),
        (LetterKind.DEAD_LETTER, "unreadable", 8, b"\x00raw\nbytes"),
    ]
    assert {letter.source for letter in letters} == {"c/opd.dispermades.data-submitted.v1/0"}
    left = journal.letters(journal.cursor(RELAYED_LETTERS), 9)
    assert [letter.kind for _, letter in left] == ([LetterKind.RECEIPT] if letters_last else []) + [LetterKind.DEAD_LETTER]


def test_what_is_written_after_it_is_sent(place: Place) -> None:
    """Rows that lay last among the events are gone, and the numbers that they had are not given away again."""
    told = story(submitted, revised, verified)
    rows = old_rows(told[:2], letters_last=True)
    made_old(place, rows, sent=len(rows))

    journal = place.journal()
    journal.append([told[2].event])
    journal.replicate([on_kafka(told[0], offset=9)[0]._replace(raw=b"not JSON")])

    assert [entry.raw for entry in journal.read(journal.cursor(RELAYED), 9, (Row.OWN,))] == [told[2].raw]
    assert [letter.code for _, letter in journal.letters(journal.cursor(RELAYED_LETTERS), 9)] == ["unreadable"]


def test_it_may_be_cut_off_at_any_point_and_is_done_once(place: Place) -> None:
    told = story(*WHOLE_LIFE)
    made_old(place, old_rows(told, letters_last=True), sent=3)
    store = place.journal().store
    store.clear_heads()

    assert rebuild_heads(store) == 1
    assert place.reopened().head(told[0].event.submission_id) == next(heads_of(place.opened[0].store))
    assert place.opened[0].store.max_tracking_id(MARK) == VERSION
    assert len(place.opened[0].letters(0, 9)) == 2


def test_an_old_journal_is_not_read_as_if_it_were_whole(place: Place) -> None:
    made_old(place, old_rows(story(submitted), letters_last=True), sent=0)

    with pytest.raises(StoreRefused, match="older program"):
        open_reader(place.address, place.lane)


def test_heads_of_an_older_program_are_not_read_and_are_made_anew_by_the_lane(place: Place) -> None:
    told = story(submitted, revised)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("events.migration.VERSION", VERSION - 1)
        place.journal().replicate(on_kafka(*told))
        place.close()

    with pytest.raises(StoreRefused, match="older program"):
        open_reader(place.address, place.lane)
    whole = fold(told)
    assert whole
    assert place.journal().head(told[0].event.submission_id) == whole.head
    open_reader(place.address, place.lane).close()


def test_a_journal_that_cannot_be_read_is_refused_with_the_event_named(place: Place) -> None:
    (recorded,) = story(submitted)
    made_old(place, [("copy", recorded.event.submission_id, 1, b'{"type": 7}')], sent=0)

    with pytest.raises(StoreRefused, match=f"event 1 of submission {recorded.event.submission_id}"):
        place.journal()


def test_a_journal_of_a_newer_program_is_refused(place: Place) -> None:
    journal = place.journal()
    journal.advance("x", 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("events.migration.VERSION", VERSION - 1)
        place.close()
        with pytest.raises(StoreRefused, match="newer program"):
            open_store(place.address, place.lane)


def test_a_key_that_an_old_dead_letter_had_stops_nothing(place: Place) -> None:
    """Its stream and version were an event's key, and whoever could compute them could stop a lane for good."""
    told = story(submitted)
    made_old(place, old_rows(told, letters_last=True), sent=0)
    journal = place.journal()

    assert [o.counted for o in journal.replicate(on_kafka(*after(told, revised), offset=3))] == ["applied"]
    assert [o.counted for o in journal.replicate(on_kafka(*story(submitted, revised, verified, approved), offset=9))] == ["applied"] * 4


@pytest.fixture(autouse=True)
def _closed(place: Place) -> Iterator[None]:
    yield
    place.close()
