"""What a journal remembers of its last rows: the same as its store says, or nothing."""

import orjson
import pytest

from events import recent
from events.journal import Journal, Outcome, Record, Row, stream_of
from events.recent import Headline, Recent, headline_of
from tests.events.conftest import Place
from tests.events.given import on_kafka, published, revised, story, submitted, verified


def line(number: int) -> Headline:
    return Headline(f"id-{number}", 1, "DataSubmitted", "2026-11-23T02:00:00.000Z", "dinkes", "data", "Judul")


def test_rows_that_follow_each_other_are_known_by_number() -> None:
    memory = Recent()
    memory.add(11, [line(10), None])
    memory.add(13, [line(12), line(13)])

    assert memory.after(9, 10) == [(10, line(10)), (12, line(12)), (13, line(13))]
    assert memory.after(10, 1) == [(12, line(12))]
    assert memory.after(13, 10) == []


@pytest.mark.parametrize("last", [14, None])
def test_where_something_may_lie_between_nothing_before_it_is_known(last: int | None) -> None:
    memory = Recent()
    memory.add(11, [line(10), line(11)])
    memory.add(last, [line(13), line(14)])

    assert memory.after(9, 10) == memory.after(11, 10) == []
    assert memory.after(12, 10) == ([(13, line(13)), (14, line(14))] if last else [])


def test_only_the_last_rows_are_kept() -> None:
    memory = Recent()
    for number in range(1, recent.KEPT + 3):
        memory.add(number, [line(number)])

    assert memory.after(1, 10) == []
    assert len(memory.after(2, recent.KEPT)) == recent.KEPT


def fill(journal: Journal) -> None:
    """All ways in which rows come to be, and own events that came back."""
    one, two = story(submitted, revised, verified), story(submitted, revised)
    journal.append([one[0].event])
    journal.replicate(on_kafka(one[0], one[1], two[0]))
    journal.append([one[2].event])
    inbound = Record("opd.dinkes.data-submitted.v1", 0, 4, b"key", b"raw", "c")
    new = story(submitted)[0]
    rows = (
        (Row.OWN, new.event.submission_id, 1, new.raw),
        (Row.RECEIPT, stream_of("receipts", inbound.source), 5, b"{}\nreceipt"),
    )
    journal.take([inbound], lambda _: [Outcome("accepted", rows)])
    broken = Record(inbound.topic, 0, 9, b"key", b"no JSON", "c")
    journal.replicate([broken, *on_kafka(two[1], offset=10)])


def test_headlines_are_what_the_store_says(place: Place) -> None:
    journal = place.journal()
    fill(journal)
    remembered = journal.headlines(0, 100)
    journal._recent = Recent()

    assert remembered == journal.headlines(0, 100)
    assert len(remembered) == 6
    assert [journal.headlines(number, 1) for number, _ in remembered[:-1]] == [[told] for told in remembered[1:]]


def test_what_another_process_of_the_lane_wrote_is_not_missed(shared_place: Place) -> None:
    here, there = shared_place.journal(), shared_place.journal()
    lives = [story(submitted) for _ in range(4)]
    for journal, told in zip((here, there, here, there), lives, strict=True):
        journal.append([told[0].event])

    for journal in (here, there):
        assert [h.submission_id for _, h in journal.headlines(0, 10)] == [str(told[0].event.submission_id) for told in lives]


def test_an_event_may_say_dataset_where_the_contract_knows_no_such_field() -> None:
    said = orjson.loads(story(submitted, revised, verified, published)[2].raw)
    said["data"]["dataset"] = {}
    assert headline_of(said).dataset_id is None


def test_an_event_that_seems_to_begin_a_known_submission_is_judged_by_the_store(place: Place) -> None:
    told = story(submitted)
    place.journal().replicate(on_kafka(told[0]))
    journal = place.reopened()
    forged = told[0].raw.replace(b"Desa", b"Kota", 1)
    again = on_kafka(told[0], offset=7)[0]

    assert [o.counted for o in journal.replicate([again, again._replace(offset=8, raw=forged)])] == ["duplicate", "fork"]
    assert [r.raw for r in journal.history(told[0].event.submission_id)] == [told[0].raw]
