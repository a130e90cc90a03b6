"""A lane copies the log: byte for byte, once, together with how far it has read; what breaks the log's rules is set aside."""

import json

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError

from events.admission import Draft, Record, admitted
from events.contracts import EVENT, LOG_TOPIC
from events.journal import Journal
from events.recorder import Batch, EventRow, Row
from events.submission import Recorded, advance
from tests.events.conftest import Place
from tests.events.given import WHOLE_LIFE, after, approved, on_kafka, revised, revision_of, story, submitted, verified
from tests.events.stores_that_fail import FailingStore

SOURCE = f"c/{LOG_TOPIC}/0"


def words(journal: Journal, *records: Record) -> list[str]:
    return [outcome.counted for outcome in journal.replicate(records)]


def raws(journal: Journal, told: list[Recorded]) -> list[bytes]:
    return [recorded.raw for recorded in journal.history(told[0].event.submission_id)]


def dead_letters(journal: Journal) -> list[tuple[str, bytes]]:
    return [(letter.code, letter.raw) for _, letter in journal.letters(0, 100)]


def test_the_log_is_copied_with_the_position_reached(place: Place) -> None:
    told = story(*WHOLE_LIFE)

    assert words(place.journal(), *on_kafka(*told, offset=5)) == ["applied"] * len(told)

    assert raws(place.reopened(), told) == [recorded.raw for recorded in told]
    assert place.reopened().position(SOURCE) == 5 + len(told)


def test_bytes_are_kept_as_they_came_however_they_are_written(journal: Journal) -> None:
    (recorded,) = story(submitted)
    said = json.loads(recorded.raw) | {"of_a_later_version": "é ✓"}
    raw = json.dumps(said, indent=3, ensure_ascii=False).encode() + b"\n"
    foreign = Recorded(EVENT.validate_json(raw), raw)
    (revision,) = after([foreign], revised)

    assert words(journal, *on_kafka(foreign, revision)) == ["applied", "applied"]
    assert raws(journal, [foreign]) == [raw, revision.raw]


def test_a_record_seen_twice_is_dropped(journal: Journal) -> None:
    told = story(submitted, revised)

    assert words(journal, *on_kafka(*told, told[0])) == ["applied", "applied", "duplicate"]
    assert words(journal, *on_kafka(*told, offset=3)) == ["duplicate", "duplicate"]
    assert raws(journal, told) == [recorded.raw for recorded in told]
    assert dead_letters(journal) == []
    assert journal.position(SOURCE) == 5


def test_a_record_below_the_position_is_not_even_counted(place: Place) -> None:
    records = on_kafka(*story(submitted, revised))
    place.journal().replicate(records)

    assert words(place.reopened(), *records) == []
    assert words(place.opened[0], records[1], records[0]._replace(offset=2)) == ["duplicate"]


def test_what_the_lane_wrote_itself_comes_back_as_a_duplicate(journal: Journal) -> None:
    told = story(submitted, revised, verified)
    journal.append([told[0].event])

    assert words(journal, *on_kafka(*told)) == ["duplicate", "applied", "applied"]


def test_own_events_come_back_from_kafka_after_an_old_backup_was_restored(journal: Journal) -> None:
    told = story(submitted, revised, verified)
    words(journal, *on_kafka(*told))

    assert journal.append([after(told, approved)[0].event])[0].event.sequence == 4


BROKEN = ["fork", "gap", "broken_chain", "out_of_turn", "wrong_key", "no_key", "tombstone", "unreadable"]


def broken(how: str, told: list[Recorded]) -> Record:
    """A record that must not get in after the first two events of a story."""
    begun = told[:2]
    (good,) = on_kafka(told[2], offset=2)
    match how:
        case "fork":
            return on_kafka(*after(told[:1], revision_of(title="Lain")), offset=2)[0]
        case "gap":
            return on_kafka(after(told, approved)[0], offset=2)[0]
        case "broken_chain":
            event = told[2].event.model_copy(update={"previous": "0" * 64})
            return on_kafka(Recorded(event, event.to_bytes()), offset=2)[0]
        case "out_of_turn":
            return on_kafka(*after(begun, approved), offset=2)[0]
        case "wrong_key":
            return good._replace(key=b"another")
        case "no_key":
            return good._replace(key=None)
        case "tombstone":
            return good._replace(raw=None)
        case _:
            return good._replace(raw=b"\xff not JSON")


@pytest.mark.parametrize("how", BROKEN)
def test_what_breaks_the_rules_is_set_aside_with_its_raw_bytes_and_the_rest_goes_on(journal: Journal, how: str) -> None:
    told = story(submitted, revised, verified)
    record = broken(how, told)

    outcomes = words(journal, *on_kafka(*told[:2]), record, *on_kafka(told[2], offset=3))

    code = "wrong_key" if how == "no_key" else how
    assert outcomes == ["applied", "applied", code, "applied"]
    assert dead_letters(journal) == [(code, record.raw or b"")]
    assert raws(journal, told) == [recorded.raw for recorded in told]
    assert journal.position(SOURCE) == 4


DUE = {"minutes": 60, "calendar": "wall"}
ODD_VALUES: dict[str, tuple[tuple[str, ...], object]] = {
    "a due time as seconds": (("due",), DUE | {"at": "1764200000"}),
    "a due time in small letters": (("due",), DUE | {"at": "2026-11-23t02:00:00z"}),
    "a due time with another minus": (("due",), DUE | {"at": "2026-11-23T02:00:00\u221207:00"}),
    "an edition past 32 bits": (("data", "edition"), 2**31),
    "an edition past 63 bits": (("data", "edition"), 2**63),
    "an edition past 64 bits": (("data", "edition"), 2**64),
    "a period as seconds": (("data", "dataset", "period_start"), "1764201600"),
    "a period with a time": (("data", "dataset", "period_end"), "2025-12-31T00:00:00"),
    "a time of sending as seconds": (("data", "received", "submitted_at"), "1764200000"),
    "a name with a zero": (("actor", "name"), "Tim\x00PPID"),
    "an id with a zero": (("actor", "id"), "tim\x00"),
    "a title with a zero": (("data", "dataset", "title"), "Daftar\x00desa"),
    "half a letter in a title": (("data", "dataset", "title"), "Daftar \ud800"),
    "half a letter in a name": (("actor", "name"), "Tim \udfff"),
    "a dataset_id with a zero": (("data", "dataset", "dataset_id"), "daftar\x00desa"),
}


@pytest.mark.parametrize("odd", ODD_VALUES)
def test_a_value_that_no_column_holds_or_that_others_read_differently_stops_nobody(journal: Journal, odd: str) -> None:
    (recorded,) = story(submitted)
    way, value = ODD_VALUES[odd]
    said = json.loads(recorded.raw)
    holder = said
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    record = on_kafka(recorded)[0]._replace(raw=json.dumps(said).encode())

    assert words(journal, record, *on_kafka(*story(submitted), offset=1)) == ["unreadable", "applied"]
    assert dead_letters(journal) == [("unreadable", record.raw)]


def test_an_event_that_cannot_be_judged_is_set_aside() -> None:
    """The second wall: whatever the contract lets through, pure judging stops no lane."""
    told = story(submitted, revised)
    head = advance(None, told[0].said, told[0].hash)
    assert head is not None
    stream, broken_head = head.submission_id, head._replace(state="of a later version")  # type: ignore[arg-type]

    assert admitted(on_kafka(told[1])[0], stream, Draft({stream: broken_head}, {}), dict) == "unreadable"


def test_a_dead_letter_says_where_the_record_stands(journal: Journal) -> None:
    words(journal, Record("opd.x.data-submitted.v1", 3, 7, b"\x00key\xff", b"raw\n\x00bytes", cluster="c"))

    ((_, letter),) = journal.letters(0, 10)
    about = json.loads(letter.about)

    assert (letter.kind, letter.code, letter.raw) == ("dead-letter", "unreadable", b"raw\n\x00bytes")
    assert (about["topic"], about["partition"], about["offset"], about["error"]) == ("opd.x.data-submitted.v1", 3, 7, "unreadable")
    assert (about["key"], about["tombstone"]) == ("AGtlef8=", False)


def test_events_and_position_are_one_transaction(journal: Journal) -> None:
    first, second = story(submitted, revised)
    rows = [EventRow(Row.COPY, r.event.submission_id, r.event.sequence, r.raw) for r in (first, second)]
    journal.store.write(Batch(rows[:1], positions={SOURCE: 1}))

    with pytest.raises(IntegrityError):
        journal.store.write(Batch(rows[1:], positions={"c/other/0": 9, SOURCE: 1}))
    with pytest.raises(IntegrityError):
        journal.store.write(Batch(rows, positions={SOURCE: 2}))

    assert raws(journal, [first]) == [first.raw]
    assert (journal.position(SOURCE), journal.position("c/other/0")) == (1, 0)


def test_a_batch_of_several_partitions_moves_each_of_them(journal: Journal) -> None:
    one, two = story(submitted, revised), story(submitted)

    words(journal, *on_kafka(*one, offset=10), *on_kafka(*two, offset=3, partition=7))

    assert (journal.position(SOURCE), journal.position(f"c/{LOG_TOPIC}/7")) == (12, 4)


def test_another_cluster_counts_from_zero_again(journal: Journal) -> None:
    told = story(submitted, revised)
    words(journal, *on_kafka(*told))

    assert words(journal, *on_kafka(*told, cluster="rebuilt")) == ["duplicate", "duplicate"]
    assert (journal.position(SOURCE), journal.position(f"rebuilt/{LOG_TOPIC}/0")) == (2, 2)


def test_two_processes_that_take_the_same_batch_apply_it_once(shared_place: Place) -> None:
    first, second = shared_place.journal(), shared_place.journal()
    told = story(submitted, revised)
    assert words(second, *on_kafka(*story(submitted))) == ["applied"]

    assert words(first, *on_kafka(*told, offset=1)) == ["applied", "applied"]
    assert words(second, *on_kafka(*told, offset=1)) == []
    assert words(second, *on_kafka(*after(told, verified), offset=3)) == ["applied"]
    assert words(first, *on_kafka(*after(told, verified), offset=3)) == []
    assert len(raws(first, told)) == 3


def test_what_another_process_read_is_neither_a_gap_nor_a_fork_here(shared_place: Place) -> None:
    """After a rebalance a partition comes from a process that went on reading meanwhile."""
    first, second = shared_place.journal(), shared_place.journal()
    told = story(*WHOLE_LIFE)
    words(first, *on_kafka(*told[:2]))
    words(second, *on_kafka(*told[:4]))

    assert words(first, *on_kafka(*told[4:], offset=4)) == ["applied"] * 3
    assert dead_letters(first) == []
    assert raws(second, told) == [recorded.raw for recorded in told]


def test_a_batch_whose_answer_got_lost_is_not_taken_twice(place: Place) -> None:
    told = story(submitted, revised)
    journal = place.journal()
    journal.store = failing = FailingStore(journal.store)
    failing.lose_answer = True

    with pytest.raises(OperationalError):
        journal.replicate(on_kafka(*told))
    failing.tries_again = True
    assert words(journal, *on_kafka(*told)) == []

    assert raws(journal, told) == [recorded.raw for recorded in told]
    assert place.reopened().position(SOURCE) == 2


def test_nothing_is_lost_while_the_database_is_away(journal: Journal) -> None:
    told = story(submitted, revised)
    journal.store = failing = FailingStore(journal.store)
    failing.unavailable = 1

    with pytest.raises(OperationalError):
        journal.replicate(on_kafka(*told))

    assert words(journal, *on_kafka(*told)) == ["applied", "applied"]


def test_records_of_the_past_are_told_from_forks_wherever_their_submission_stands_now(place: Place) -> None:
    journal = place.journal()
    stories = [story(submitted, revised, verified) for _ in range(7)]
    for step in range(3):
        records = on_kafka(*(told[step] for told in stories), offset=7 * step)
        assert words(journal, *records) == ["applied"] * 7

    fork = after(stories[0][:1], revision_of(title="Lain"))
    assert words(journal, *on_kafka(stories[0][0], *fork, stories[6][2], offset=21)) == ["duplicate", "fork", "duplicate"]
