"""Notices as they run: two desks on the log of real lanes and one mail server; killed, broken and mended again."""

import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from desk.accounts import Accounts, Post
from desk.clock import now_ms
from desk.notices.taking import SOON_MS
from desk.notices.targets import Targets
from desk.store import open_store
from desk.tables import FOLLOWED, TARGETS
from tests.desk.beside import PASSWORD, Office
from tests.desk.mailbox import Mailbox, mail_server
from tests.events.given import CHECKLIST
from tests.jejak.running import Home, Up
from web.tokens import Role

REASON = {"code": "incomplete", "field": "dataset.retention", "note": "Isi jadwal retensi arsip."}
Told = list[tuple[str, str]]


@dataclass
class Desks:
    """Desks that share their tables, beside the lanes of `office`, which has an agency of its own for each test; who gets mail where."""

    office: Office
    home: Home
    engine: sa.Engine
    box: Mailbox

    def up(self) -> AbstractContextManager[Up]:
        return self.home.up("desk")

    def mail_to(self, role: Role, opd: str | None = None, name: str = "") -> None:
        Targets(self.engine).add_for_role(self.box.target(name or role.value.replace("_", "-")), role, opd)

    def person(self, name: str, *posts: tuple[Role, str | None]) -> None:
        accounts = Accounts(self.engine)
        accounts.add(name, name=name, password=PASSWORD, must_change=False, now_ms=now_ms())
        for role, opd in posts:
            accounts.appoint(Post(0, name, role, opd), now_ms=now_ms())
        Targets(self.engine).add_for_person(self.box.target(name), name)

    def until_told(self, up: Up, number: str, told: Told) -> None:
        up.until(lambda: self.box.told(number) == sorted(told), f"{sorted(told)}, not {self.box.told(number)}")

    def set(self, table: sa.Table, **values: object) -> None:
        with self.engine.begin() as c:
            c.execute(sa.update(table).values(**values))


@pytest.fixture
def desks(office: Office, kafka: str, postgres: Callable[[], str], tmp_path: Path) -> Iterator[Desks]:
    store = postgres()
    settings = {"JEJAK_KAFKA": kafka, "JEJAK_STORE": store, "JEJAK_DESK_LANES": office.up.url, "JEJAK_DESK_URL": "https://jejak.example.id"}
    engine = open_store(store)
    with mail_server() as box:
        yield Desks(replace(office, own=agency(office)), Home(tmp_path, settings), engine, box)
    engine.dispose()


def agency(office: Office) -> str:
    kode = f"dinas-{uuid.uuid4().hex[:8]}"
    assert office.up.home.jejak("opd", "add", kode, "--name", kode).returncode == 0
    return kode


def metrics(*ups: Up) -> Counter[str]:
    """What the desks count of their notices, by outcome, all together."""
    told = Counter[str]()
    for up in ups:
        lines = up.call("GET", "/metrics").text
        for outcome, count in re.findall(r'^jejak_records_total\{lane="desk",loop="notices",outcome="(\w+)"\} (\S+)$', lines, re.MULTILINE):
            told[outcome] += int(float(count))
    return told


def test_each_notice_once_to_each_person_with_two_desks_of_which_one_is_killed(desks: Desks) -> None:
    office = desks.office
    desks.mail_to(Role.KETUA_PPID, office.own)
    desks.mail_to(Role.KETUA_PPID, office.own)  # the same address twice
    desks.mail_to(Role.KETUA_PPID, office.other, "ketua-lain")
    desks.person("budi", (Role.TIM_PPID, office.own), (Role.KETUA_PPID, office.own))
    desks.person("sri", (Role.TIM_PPID, office.own))
    told: Told = []
    desks.box.door.clear()
    with desks.up() as killed:
        number = office.handed_in()
        killed.until(lambda: desks.box.knocks == 2, "the mails before the door")
        with desks.up() as other:
            killed.process.kill()
            killed.process.wait()
            desks.box.door.set()
            assert desks.box.told(number) == []
            desks.set(TARGETS, next_ms=0)  # as if the time had passed for which the dead one's claims hold
            told += [("budi", "Menunggu Anda"), ("ketua-ppid", "Menunggu Anda")]
            desks.until_told(other, number, told)
            with desks.up() as again:
                office.says("review", "revise", number, "ketua_ppid", expected_sequence=1)
                office.says("decision", "reject", number, "atasan_ppid", expected_sequence=2, reasons=[REASON])
                told += [(name, "Dikembalikan") for name in ("budi", "sri", "ketua-ppid")]
                desks.until_told(again, number, told)
                again.process.kill()
                again.process.wait()
            desks.set(TARGETS, next_ms=0)
            office.says("review", "revise", number, "ketua_ppid", expected_sequence=3)
            office.says("decision", "verify", number, "atasan_ppid", expected_sequence=4, checklist=CHECKLIST, note="Sudah dibaca.")
            office.says("decision", "approve", number, "atasan_ppid", expected_sequence=5, consideration="Layak.")
            office.seen(number, 7)
            told += [(name, what) for name in ("budi", "sri", "ketua-ppid") for what in ("Disetujui", "Terbit")]
            desks.until_told(other, number, told)
            office.says("publisher", "retract", number, "admin_opendata", expected_sequence=7, reason=REASON | {"code": "other"})
            told += [(name, "Ditarik") for name in ("budi", "sri", "ketua-ppid")]
            desks.until_told(other, number, told)
            assert metrics(other)["sent"] >= 6


def test_what_falls_due_is_told_before_and_after_by_one_of_two_desks(desks: Desks) -> None:
    office = desks.office
    desks.mail_to(Role.KETUA_PPID, office.own)
    desks.mail_to(Role.TIM_PPID, office.own)
    with desks.up() as one, desks.up() as two:
        number = office.handed_in()
        told: Told = [("ketua-ppid", "Menunggu Anda")]
        desks.until_told(one, number, told)
        for due_ms, what in ((now_ms() + SOON_MS, "15 menit lagi jatuh tempo"), (now_ms() - 1, "Lewat waktu")):
            desks.set(FOLLOWED, due_ms=due_ms)  # as if its hour had passed
            told.append(("ketua-ppid", what))
            desks.until_told(two, number, told)
        one.until(lambda: metrics(one, two)["sent"] == 3, f"three notices, not {metrics(one, two)}")


def test_the_people_of_the_agency_that_acts_now_are_told(desks: Desks) -> None:
    office, old, new = desks.office, agency(desks.office), desks.office.own
    number = office.handed_in(old)
    assert office.up.home.jejak("opd", "merge", old, new).returncode == 0
    desks.mail_to(Role.KETUA_PPID, new)
    desks.mail_to(Role.TIM_PPID, old)
    with desks.up() as up:
        ketua = office.up.home.token("ketua_ppid", new)
        up.until(
            lambda: office.up.says("review", "revise", number, ketua, expected_sequence=1).status_code == 200, "the merger to be known"
        )
        office.seen(number, 2)
        office.says("decision", "reject", number, "atasan_ppid", expected_sequence=2, reasons=[REASON])
        desks.until_told(up, number, [("ketua-ppid", "Dikembalikan"), ("tim-ppid", "Dikembalikan")])


def test_a_loop_that_ends_turns_health_red_and_goes_on_when_it_can(desks: Desks) -> None:
    office = desks.office
    desks.mail_to(Role.KETUA_PPID, office.own)
    with desks.up() as up:
        number = office.handed_in()
        desks.until_told(up, number, [("ketua-ppid", "Menunggu Anda")])
        assert up.status("/healthz") == 200
        with desks.engine.connect() as c:
            head = c.execute(sa.select(FOLLOWED.c.head).where(FOLLOWED.c.submission == number)).scalar_one()
        desks.set(FOLLOWED, head="{", due_ms=now_ms() - 1)
        up.until(lambda: up.status("/healthz") == 503, "red")
        up.until(lambda: up.call("GET", "/healthz").json()["lanes"]["desk"]["notices"]["blocked"] == "JSONDecodeError", "the reason")
        assert (up.status("/readyz"), up.status("/masuk")) == (200, 200)  # the pages go on
        with desks.engine.begin() as c:
            c.execute(sa.delete(FOLLOWED).where(FOLLOWED.c.submission != number))
            c.execute(sa.update(FOLLOWED).values(head=head))
        up.until(lambda: up.status("/healthz") == 200, "green")
        desks.until_told(up, number, [("ketua-ppid", "Menunggu Anda"), ("ketua-ppid", "Lewat waktu")])


def test_mail_that_is_refused_is_counted_and_waits(desks: Desks) -> None:
    office = desks.office
    desks.mail_to(Role.KETUA_PPID, office.own)
    desks.box.refuses = True
    with desks.up() as up:
        number = office.handed_in()
        up.until(lambda: metrics(up)["failed"] == 1, "the refusal")
        up.until(lambda: 'jejak_lag_records{lane="desk",loop="notices"} 1.0' in up.call("GET", "/metrics").text, "what waits")
        assert up.status("/healthz") == 200  # the desk is well, the mail server is not
        desks.box.refuses = False
        desks.set(TARGETS, next_ms=0)
        desks.until_told(up, number, [("ketua-ppid", "Menunggu Anda")])
