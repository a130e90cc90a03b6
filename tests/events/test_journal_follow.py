"""What must leave a lane and what its views are built from: rows in commit order, and how far each follower came."""

import pytest
from eventsourcing.persistence import IntegrityError

from events.admission import Outcome, Record, dead_letter
from events.journal import EVENTS, Journal
from events.recorder import Batch, Letter, LetterKind, Row
from tests.events.conftest import Place
from tests.events.given import on_kafka, revised, story, submitted, verified

INBOUND = Record("opd.dispermades.data-submitted.v1", 0, 4, b"key", b"not JSON", cluster="c")


def with_receipt(record: Record) -> Outcome:
    receipt = Letter(LetterKind.RECEIPT, record.source, record.offset + 1, "refused", b"{}", b"receipt")
    return Outcome("refused", letters=(receipt, *dead_letter(record, "unreadable").letters))


def test_rows_are_read_in_the_order_of_their_commits(journal: Journal) -> None:
    one, two = story(submitted, revised, verified), story(submitted)
    journal.append([one[0].event])
    journal.replicate(on_kafka(one[1], two[0]))
    journal.append([one[2].event])
    journal.answer([INBOUND], lambda fresh: [with_receipt(record) for record in fresh])

    rows = journal.read(0, 100)

    assert [entry.raw for entry in rows] == [one[0].raw, one[1].raw, two[0].raw, one[2].raw]
    assert [entry.row for entry in rows] == [Row.OWN, Row.COPY, Row.COPY, Row.OWN]
    assert [entry.stream for entry in rows[:3]] == [one[0].event.submission_id] * 2 + [two[0].event.submission_id]
    assert [entry.id for entry in rows] == sorted({entry.id for entry in rows})
    assert journal.last_id() == rows[-1].id
    assert [entry.raw for entry in journal.read(0, 100, [Row.OWN])] == [one[0].raw, one[2].raw]
    letters = journal.letters(0, 100)
    assert [letter.kind for _, letter in letters] == [LetterKind.RECEIPT, LetterKind.DEAD_LETTER]
    assert journal.last_letter() == letters[-1][0]
    assert journal.letters(letters[0][0], 100) == letters[1:]


def test_a_follower_reads_on_from_where_it_was_page_by_page(journal: Journal) -> None:
    told = [recorded for _ in range(5) for recorded in story(submitted, revised)]
    journal.replicate(on_kafka(*told))

    seen, after = list[bytes](), 0
    while page := journal.read(after, 3, EVENTS):
        assert len(page) <= 3
        seen += [entry.raw for entry in page]
        after = page[-1].id

    assert seen == [recorded.raw for recorded in told]
    assert [e.raw for e in journal.read(0, 100, EVENTS, upto=journal.read(0, 4, EVENTS)[-1].id)] == seen[:4]


def test_how_far_a_follower_came_survives_a_restart_and_never_goes_back(place: Place) -> None:
    journal = place.journal()
    assert journal.cursor("relay") == 0

    journal.advance("relay", 5)
    journal.advance("relay", 3)
    journal.advance("relay", 5)

    assert (place.reopened().cursor("relay"), place.opened[0].cursor("another")) == (5, 0)
    place.opened[0].advance("relay", 9)
    assert place.opened[0].cursor("relay") == 9


def test_reading_may_skip_ahead_but_never_back(place: Place) -> None:
    journal = place.journal()
    journal.skip_to("c/topic/0", 7)
    journal.skip_to("c/topic/0", 3)

    assert journal.position("c/topic/0") == 7
    assert place.reopened().position("c/topic/0") == 7


def test_receipts_and_dead_letters_are_no_part_of_the_events(journal: Journal) -> None:
    journal.answer([INBOUND], lambda fresh: [with_receipt(record) for record in fresh])

    assert journal.read(0, 10) == []
    assert [letter.source for _, letter in journal.letters(0, 10)] == [INBOUND.source] * 2


def test_a_letter_is_written_once(journal: Journal) -> None:
    """A record's answer is known by its place, whatever becomes of the position."""
    journal.answer([INBOUND], lambda fresh: [with_receipt(record) for record in fresh])

    with pytest.raises(IntegrityError):
        journal.store.write(Batch(letters=with_receipt(INBOUND).letters))
    assert len(journal.letters(0, 10)) == 2
