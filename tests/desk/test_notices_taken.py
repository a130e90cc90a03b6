"""Which records of the log make notices: old, forged, of another agency, too large for the store, or very many at once."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from desk.clock import now_ms
from desk.notices.kept import Kept
from desk.tables import ACCOUNTS
from events import marks
from events.admission import mark_of
from events.lawful import lawful
from events.submission import Head
from tests.desk.notified import Office, an_office, today
from tests.events.given import (
    KETUA,
    after,
    on_kafka,
    rejected,
    revised,
    submission_of,
    submitted,
)
from web.tokens import Role


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with an_office(request, tmp_path) as office:
        yield office


def test_old_news_and_what_the_law_forbids_make_no_notice_and_stop_nothing(office: Office) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    old, good, forged = today(submitted, minutes_ago=3_000), today(submitted), today(submitted, revised)
    bad = [record._replace(raw=b"{") for record in on_kafka(*good)] + [on_kafka(*forged)[1]._replace(offset=1)]
    desk.taking.take([*bad, *on_kafka(*old, offset=2), *on_kafka(*good, offset=3)], now_ms=now_ms())
    desk.send()
    assert office.box.subjects == ["Menunggu Anda"]


def test_an_agency_speaks_for_another_only_where_the_directory_says_so(office: Office) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    begun, now = today(submitted), datetime.now(UTC)
    of_another = after(begun, revised.by(KETUA.model_copy(update={"opd": "dinkes"})).on(now))
    true = after(begun, revised.on(now), rejected().on(now))

    desk.taking.take(on_kafka(*begun, *of_another, *true), now_ms=now_ms())
    desk.send()

    assert office.box.subjects == ["Dikembalikan"]


def test_a_record_that_the_store_cannot_hold_is_counted_and_those_after_it_are_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    bad, good = today(submission_of(title="Terlalu besar")), today(submitted)

    def judged(*asked: Any) -> Head | str:
        head = lawful(*asked)
        return head._replace(due_ms=2**63) if isinstance(head, Head) and head.title == "Terlalu besar" else head

    monkeypatch.setattr("desk.notices.taking.lawful", judged)
    desk.taking.take([*on_kafka(*bad), *on_kafka(*good, offset=1)], now_ms=now_ms())
    desk.send()
    assert (office.box.subjects, dict(desk.taking.counts), desk.offsets()) == (["Menunggu Anda"], {"failed": 1}, [2])
    assert [mark.hash for mark in marks.all_marks(Kept(desk.engine))] == [mark_of(on_kafka(*good, offset=1)[0]).hash]


def test_people_come_in_while_a_long_log_is_read_from_its_beginning(office: Office) -> None:
    """SQLite lets one write at a time, and who waits looks again only now and then: it must not be taken each time again."""
    desk, people = office.desk(), office.desk().engine
    batches = [[on_kafka(*today(submitted), offset=500 * n + k)[0] for k in range(500)] for n in range(8)]

    def read() -> None:
        for batch in batches:
            desk.taking.take(batch, now_ms=now_ms())

    reading = threading.Thread(target=read)

    came_in, of_all = 0, len(batches)
    reading.start()
    while reading.is_alive():
        with people.begin() as c:
            c.execute(sa.insert(ACCOUNTS).values(id=f"orang-{came_in}", name="Orang", must_change=False, language="id", created_ms=0))
        came_in += 1
    reading.join()

    assert (desk.offsets(), came_in >= of_all) == ([500 * of_all], True), f"{came_in} came in"
