"""Finding submissions by number, words, OPD and state: complete, in one order, page by page, and without reading everything."""

import itertools
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from archive.search import Search, Wanted
from archive.search_words import WORDS, words_in
from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from events.contracts import Actor, Lane
from events.heads import HEADS
from events.submission import State
from tests.archive.rooms import Room
from tests.events.given import (
    START,
    Step,
    after,
    approved,
    published,
    rejected,
    retracted,
    revised,
    revision_of,
    story,
    submission_of,
    submitted,
    verified,
)

DINKES = Actor(id="tim@dinkes", name="Tim", role="tim_ppid", opd="dinkes")
MINUTES = itertools.count(1)
LIFE = (revised, verified, approved, published)


class Searched(Room):
    """With its search."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        directory = Directory(Kafka("127.0.0.1:9"), Progress("directory"))
        directory.opds |= {"dinkes": {"name": "Dinas Kesehatan"}, "dispermades": {"name": "Dinas Pemberdayaan Masyarakat dan Desa"}}
        self.search = Search(self.engine, directory)

    def has(self, title: str, *later: Step, by: Actor | None = None, **more: Any) -> uuid.UUID:
        """A submission with this title, a minute after the one before it."""
        first = submission_of(title=title, **more).on(START + timedelta(minutes=next(MINUTES)))
        return self.came(*story(first.by(by) if by else first, *later))

    def finds(self, q: str = "", **wanted: Any) -> list[uuid.UUID]:
        return [head.submission_id for head in self.search.page(Wanted(q, **wanted)).items]


@pytest.fixture
def room(store: str) -> Iterator[Searched]:
    made = Searched(store)
    yield made
    made.close()


def test_words_of_the_title_in_any_order_and_from_their_beginning(room: Searched) -> None:
    village, town = room.has("Jumlah Penduduk menurut Kecamatan"), room.has("Daftar kecamatan")

    assert room.finds("kecamatan") == [village, town]
    assert room.finds("kecamatan penduduk") == room.finds("PENDUDUK") == room.finds("kec pend") == [village]
    assert room.finds("ec") == room.finds("camatan") == room.finds("kecamatan sekolah") == []
    assert room.finds("  ") == [village, town]


@pytest.mark.parametrize("q", ["%", "_", "'", "\x00", "é", "%00", "a" * 200, "🎉", "\\", "-- ;"])
def test_whatever_is_looked_for_is_looked_for_and_nothing_else(room: Searched, q: str) -> None:
    room.has("Daftar kecamatan")

    assert room.finds(q) == []


def test_a_submission_by_its_number_whole_or_from_its_first_four_signs(room: Searched) -> None:
    one, _ = room.has("Daftar desa"), room.has("Daftar desa")

    for q in (str(one), str(one).upper(), one.hex, one.hex[:8], f" {str(one)[:13]} ", one.hex[:10]):
        assert room.finds(q) == [one]
    assert room.finds(one.hex[:3]) == []
    assert room.finds(str(one), opds=["dinkes"]) == []


def test_the_dataset_and_the_agency_by_code_and_name(room: Searched) -> None:
    here, there = room.has("A", dataset_id="daftar-puskesmas", by=DINKES), room.has("B")

    assert room.finds("daftar-puskesmas") == room.finds("puskesmas") == room.finds("dinkes") == room.finds("dinas kesehatan") == [here]
    assert room.finds(dataset_id="daftar-puskesmas") == room.finds(opds=["dinkes"]) == [here]
    assert room.finds("dinas") == [here, there]
    assert room.finds("dinas", opds=["dispermades"]) == room.finds("desa", dataset_id="daftar-desa") == [there]


def test_a_title_from_before_a_revision_still_finds_it(room: Searched) -> None:
    one = room.has("Daftar puskesmas", revision_of(title="Daftar pustu"))

    assert room.finds("puskesmas") == room.finds("pustu") == [one]


def test_state_and_holder_with_and_without_words(room: Searched) -> None:
    new, done, back = room.has("Data desa"), room.has("Data desa", *LIFE), room.has("Data desa", revised, rejected())
    down, approved_ = room.has("Data desa", *LIFE, retracted), room.has("Data desa", *LIFE[:3])
    by_state = {
        State.SUBMITTED: [new],
        State.PUBLISHED: [done],
        State.REJECTED: [back],
        State.RETRACTED: [down],
        State.APPROVED: [approved_],
    }
    for state, expected in by_state.items():
        for q in ("", "desa", "data desa"):
            assert room.finds(q, state=state) == expected
            assert room.finds(q, state=state, opds=["dinkes"]) == room.finds("lain", state=state) == []
    for q in ("", "desa"):
        assert room.finds(q, holder=Lane.REVIEW) == [new, back]
        assert room.finds(q, holder=Lane.REVIEW, state=State.REJECTED) == [back]
        assert room.finds(q, holder=Lane.DECISION, state=State.REJECTED) == []


@pytest.mark.parametrize("q", ["", "desa", "des daf", "daf"])
@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_follow_each_other_and_do_not_move_while_work_goes_on(room: Searched, q: str, *, newest_first: bool) -> None:
    stories = [story(submitted.on(START + timedelta(minutes=n // 3))) for n in range(10)]
    for told in stories:
        room.came(*told)
    found, at = [], None
    while True:
        page = room.search.page(Wanted(q), newest_first=newest_first, after=at, limit=3)
        found += [head.submission_id for head in page.items]
        at = page.next
        if at is None:
            break
        room.came(*after(next(told for told in stories if told[0].event.submission_id == found[-1]), revised))

    expected = sorted((told[0].event.occurred_at, told[0].event.submission_id) for told in stories)
    assert found == [number for _, number in (reversed(expected) if newest_first else expected)]


def test_a_cursor_that_is_none_is_refused(room: Searched) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        room.search.page(Wanted(), after="x")


def test_the_views_begin_anew_with_another_journal(store: str) -> None:
    room = Searched(store)
    room.has("Daftar desa", *LIFE)
    with room.inbox.engine.begin() as c:
        c.execute(sa.text("UPDATE view_position SET position = 1000000"))
        c.execute(sa.delete(WORDS))
    assert room.finds("daftar") == []

    room.views.follow()

    assert len(room.finds("daftar")) == 1
    room.close()


QUESTIONS = [Wanted("desa"), Wanted("daf kec"), Wanted("desa", opds=["dinkes"]), Wanted("desa", state=State.PUBLISHED)]
QUESTIONS += [Wanted("desa", state=State.REJECTED), Wanted("abcd"), Wanted("dinas"), Wanted("desa", holder=Lane.REVIEW)]
QUESTIONS += [Wanted(), Wanted(opds=["dinkes"]), Wanted(state=State.PUBLISHED), Wanted(state=State.RETRACTED)]
QUESTIONS += [Wanted(state=State.APPROVED), Wanted(holder=Lane.REVIEW), Wanted(dataset_id="daftar-desa")]
QUESTIONS += [Wanted("2137edf2-744f-45ba-a987-819cd50f1008")]


@pytest.mark.parametrize("wanted", QUESTIONS, ids=str)
@pytest.mark.parametrize("newest_first", [False, True])
def test_no_question_reads_the_whole_table_or_sorts_it(tmp_path: Any, wanted: Wanted, *, newest_first: bool) -> None:
    room, heard = Searched(f"sqlite:{tmp_path}/"), list[tuple[str, Any]]()
    room.has("Daftar desa dan kecamatan")
    sa.event.listen(room.inbox.engine, "before_cursor_execute", lambda _c, _r, sql, values, *_: heard.append((sql, values)))
    after_ = room.search.page(Wanted(), limit=1, newest_first=newest_first).next
    room.search.page(wanted, newest_first=newest_first, after=after_)
    asked = list(heard)
    with room.inbox.engine.connect() as c:
        plans = [str(row[3]) for sql, values in asked for row in c.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)]
    room.close()

    assert [plan for plan in plans if plan.startswith("SCAN") and (HEADS.name in plan or WORDS.name in plan) and "INDEX" not in plan] == []
    short = "abcd" in wanted.q or len(wanted.q) == 36 or wanted.q == "dinas"
    assert short or [plan for plan in plans if "TEMP B-TREE" in plan] == []


def test_words_are_small_and_without_accents() -> None:
    assert words_in("Data “Desa” 2025—é, DESA_x! 测试 " + "z" * 50) == ["data", "desa", "2025", "e", "x", "测试", "z" * 40]
