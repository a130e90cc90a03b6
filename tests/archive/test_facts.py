"""What the checker takes for an event: all that the contract takes, and little else."""

from pathlib import Path

import orjson
import pytest

from archive.facts import FAULTS, fact_of_message, fact_of_row, read_quickly, read_wholly
from tests.archive.copies import forged, id_of, two_lives

LIFE, _ = two_lives()
KEY = id_of(LIFE).encode()
GARBAGE = (b"", b"\xff\xfe", b"null", b"[]", b'"DataSubmitted"', b"{}", b"[" * 100_000, LIFE[2][:-1])
WRONG: tuple[dict[str, object], ...] = (
    {"submission_id": "x"}, {"submission_id": id_of(LIFE).upper()}, {"submission_id": 1},
    {"sequence": 0}, {"sequence": -1}, {"sequence": "3"}, {"sequence": True}, {"sequence": 3.0},
    {"previous": "abc"}, {"previous": "z" * 64}, {"type": "DataTrusted"}, {"type": ["DataVerified"]}, {"version": 2}, {"lane": "publisher"},
    {"occurred_at": "now"}, {"occurred_at": "2026-11-23T09:00:00"}, {"occurred_at": 5}, {"actor": None}, {"actor": {}},
    {"occurred_at": "now"}, {"occurred_at": "2026-11-23T09:00:00"}, {"occurred_at": 5}, {"actor": None}, {"actor": {}},
    {"data": None}, {"data": []}, {"data": {}}, {"data": {"manifest": ["0"] * 64}},
)  # fmt: skip
BUDI: dict[str, object] = {"id": "budi", "name": "Budi", "role": "atasan_ppid", "opd": None}
NOT_SOMEBODY: tuple[dict[str, object], ...] = ({"id": ["budi"]}, {"role": 4}, {"role": None}, {"opd": ["setda"]})
NOT_EVENTS = (
    *GARBAGE,
    *(forged(LIFE[2], actor=BUDI | wrong) for wrong in NOT_SOMEBODY),
    forged(LIFE[2], actor=BUDI | {"opd": "@"}).replace(b'"@"', b"[" * 1_000 + b"]" * 1_000),
    LIFE[2].replace(b'"sequence":3', b'"sequence":NaN'),
    *(forged(LIFE[2], **wrong) for wrong in WRONG),
    forged(LIFE[0], data={"manifest": "0" * 64}),
)


@pytest.mark.parametrize("raw", NOT_EVENTS)
@pytest.mark.parametrize("read", [read_quickly, read_wholly])
def test_what_is_no_event_is_unreadable_whichever_way_it_is_read(raw: bytes, read: object) -> None:
    for fact in (fact_of_message(KEY, raw, 0, read=read), fact_of_row(b"x" * 16, 1, raw, read=read, known={})):  # type: ignore[arg-type]
        assert (FAULTS[fact.fault], fact.type) == ("unreadable", 0)


def test_every_released_sample_is_read_either_way(repository: Path) -> None:
    samples = [path.read_bytes() for path in (repository / "tests/events/samples").rglob("*.json")]
    events = [raw for raw in samples if orjson.loads(raw).keys() >= {"sequence", "version", "lane"}]
    assert len(events) > 6
    for raw in events:
        assert read_quickly(raw) == read_wholly(raw)


def test_a_field_that_breaks_its_contract_is_found_by_the_whole_reading_only() -> None:
    raw = forged(LIFE[2], data=orjson.loads(LIFE[2])["data"] | {"checklist": "semua"})
    assert [FAULTS[fact_of_message(KEY, raw, 0, read=read).fault] for read in (read_quickly, read_wholly)] == ["", "unreadable"]


def test_bytes_that_another_source_has_explained_are_not_read_again() -> None:
    first = fact_of_message(KEY, LIFE[0], 7, read=read_wholly)

    def never(_: bytes) -> dict[str, object]:
        raise AssertionError

    assert fact_of_row(first.submission, 1, LIFE[0], read=never, known={first.hash: first}) == first
