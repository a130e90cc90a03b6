"""One submission, tampered with in every way: the exact event is named, and only that one."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from archive.facts import Fact, Read, fact_of_message, fact_of_row, pack, read_quickly, read_wholly, unpack
from archive.verdicts import Fault, compare, judge
from benchmarks.load import Life
from tests.archive.copies import altered, forged, id_of, two_lives

LIFE, OTHER = two_lives()
READ: Read = read_quickly


@pytest.fixture(autouse=True, params=[read_quickly, read_wholly])
def _each_way_of_reading(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "READ", request.param)


def in_journal(events: Sequence[bytes | None], life: Life = LIFE) -> list[Fact]:
    who = UUID(id_of(life)).bytes
    return [fact_of_row(who, version, raw, read=READ, known={}) for version, raw in enumerate(events, start=1) if raw is not None]


def on_kafka(events: Sequence[bytes]) -> list[Fact]:
    return [fact_of_message(id_of(LIFE).encode(), raw, offset, read=READ) for offset, raw in enumerate(events)]


def named(faults: Sequence[Fault]) -> list[tuple[int, str]]:
    return [(fault.sequence, fault.what) for fault in faults]


def replaced(index: int, raw: bytes) -> list[bytes]:
    return [*LIFE[:index], raw, *LIFE[index + 1 :]]


def test_an_untouched_life_has_five_events_and_no_fault() -> None:
    verdict = judge(in_journal(LIFE))
    assert (len(verdict.hashes), verdict.faults) == (5, [])


@pytest.mark.parametrize("sequence", [1, 2])
def test_an_altered_byte_is_named_at_its_event(sequence: int) -> None:
    events = replaced(sequence - 1, altered(LIFE[sequence - 1]))
    assert named(judge(in_journal(events)).faults) == [(sequence, "altered")]


def test_an_altered_decision_is_named_at_its_event() -> None:
    events = replaced(2, altered(LIFE[2], b"Atasan PPID Kabupaten", b"Atasan PPID Kabupaten?"))
    assert named(judge(in_journal(events)).faults) == [(3, "altered")]


def test_metadata_that_do_not_fit_their_manifest_are_named_even_in_the_last_event() -> None:
    assert named(judge(in_journal([LIFE[0], altered(LIFE[1])])).faults) == [(2, "manifest")]


def test_a_decision_about_another_manifest_is_named() -> None:
    told = forged(
        LIFE[2], data={"manifest": "0" * 64, "checklist": dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)}
    )
    assert named(judge(in_journal([*LIFE[:2], told])).faults) == [(3, "manifest")]


def test_bytes_that_are_no_event_are_named() -> None:
    assert named(judge(in_journal(replaced(2, LIFE[2][:-1]))).faults) == [(3, "unreadable")]


def test_a_missing_event_is_named_and_those_after_it_are_not() -> None:
    assert named(judge(in_journal([LIFE[0], LIFE[1], None, LIFE[3], LIFE[4]])).faults) == [(3, "missing")]
    assert named(judge(on_kafka([LIFE[0], *LIFE[2:]])).faults) == [(2, "missing")]


def test_a_missing_beginning_is_named() -> None:
    assert named(judge(in_journal([None, *LIFE[1:]])).faults) == [(1, "missing")]


def test_a_forged_event_after_the_end_is_named() -> None:
    end = LIFE[4]
    assert named(judge(in_journal([*LIFE, forged(end, sequence=6)])).faults) == [(6, "broken_chain")]
    chained = forged(LIFE[1], sequence=6, previous=judge(in_journal(LIFE)).hashes[-1].hex())
    assert named(judge(in_journal([*LIFE, chained])).faults) == [(6, "out_of_turn")]


def test_an_event_of_another_submission_is_named() -> None:
    assert named(judge(in_journal(replaced(3, OTHER[3]))).faults) == [(4, "misplaced")]


def test_the_same_bytes_again_are_fine() -> None:
    verdict = judge(on_kafka([*LIFE[:3], LIFE[0], LIFE[2], *LIFE[3:], LIFE[4]]))
    assert (len(verdict.hashes), verdict.faults) == (5, [])


def test_a_fork_is_named_once_whether_it_comes_after_the_true_event_or_before() -> None:
    fork = forged(LIFE[3], event_id="00000000-0000-4000-8000-000000000000")
    assert named(judge(on_kafka([*LIFE[:4], fork, LIFE[4]])).faults) == [(4, "fork")]
    assert named(judge(on_kafka([*LIFE[:3], fork, *LIFE[3:]])).faults) == [(4, "fork")]


def test_swapped_order_is_named_at_the_event_that_came_too_early() -> None:
    assert named(judge(on_kafka([LIFE[0], LIFE[2], LIFE[1], LIFE[3], LIFE[4]])).faults) == [(3, "out_of_order")]


@pytest.mark.parametrize("sequence", [2**31, 2**40])
def test_a_sequence_past_all_reason_is_a_gap(sequence: int) -> None:
    facts = on_kafka([*LIFE, forged(LIFE[4], sequence=sequence)])
    assert [unpack(pack(fact)) for fact in facts] == facts
    assert [what for _, what in named(judge(facts).faults)] == ["gap"]


def test_a_tombstone_and_a_wrong_key_are_named() -> None:
    key = id_of(LIFE).encode()
    assert named(judge([fact_of_message(key, None, 0, read=READ)]).faults) == [(0, "tombstone")]
    assert named(judge([fact_of_message(id_of(OTHER).encode(), LIFE[0], 0, read=READ)]).faults) == [(1, "wrong_key")]


def compared(**copies: Sequence[bytes | None]) -> list[tuple[str, int, str]]:
    return [(where, f.sequence, f.what) for where, f in compare({name: judge(in_journal(events)) for name, events in copies.items()})]


def test_equal_copies_have_no_difference() -> None:
    assert compared(kafka=LIFE, archive=LIFE, review=LIFE) == []


def test_the_altered_copy_is_named_exactly_when_another_copy_is_whole() -> None:
    """Even the last event but one, where the chain alone cannot tell which of two was changed."""
    bad = [*LIFE[:3], altered(LIFE[3], b"mutakhir", b"mutachir"), LIFE[4]]
    assert compared(kafka=LIFE, archive=bad) == [("archive", 4, "bytes_differ")]


def test_an_altered_last_event_is_named_with_both_copies_and_a_third_decides() -> None:
    bad = [*LIFE[:4], altered(LIFE[4], b"Admin Open Data", b"Admin Open Date")]
    assert compared(kafka=LIFE, archive=bad) == [("archive ≠ kafka", 5, "bytes_differ")]
    assert compared(kafka=LIFE, archive=bad, review=LIFE) == [("archive", 5, "bytes_differ")]


def test_what_is_missing_in_a_copy_is_named_there() -> None:
    assert compared(kafka=LIFE, archive=[*LIFE[:2], None, *LIFE[3:]]) == [("archive", 3, "missing")]
    assert compared(kafka=LIFE[:3], archive=LIFE) == [("kafka", 4, "missing"), ("kafka", 5, "missing")]
    assert compared(kafka=[], archive=LIFE[:1]) == [("kafka", 1, "missing")]


def test_an_event_that_one_copy_has_and_most_have_not_is_extra() -> None:
    assert compared(kafka=LIFE[:4], archive=LIFE, review=LIFE[:4]) == [("archive", 5, "extra")]
