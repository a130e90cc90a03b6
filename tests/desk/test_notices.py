"""Notices: each kind once to those whose turn it is, across restarts and with two desks, by real mail and from a real Kafka."""

import asyncio
import json
import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from bus.accept import begins_of
from bus.follow import follow
from bus.kafka import Kafka
from bus.loops import Progress, forever
from desk.clock import now_ms
from desk.notices.kept import Kept
from desk.notices.sending import LEASE_MS, PAUSES_MS, Sending
from desk.notices.taking import SOON_MS
from desk.notices.targets import TargetRefused, Targets
from desk.tables import FOLLOWED
from events.alarms import Word
from events.heads import NAMES
from jejak.waiting import end_losses, look
from lane.settings import DESK
from tests.bus.cluster import delete_topic, new_topic, put, put_story, running, until
from tests.desk.mailbox import text_of
from tests.desk.notified import ADDRESS, Office, an_office, today
from tests.events.given import (
    approved,
    on_kafka,
    published,
    rejected,
    retracted,
    revised,
    submission_of,
    submitted,
    verified,
)
from web.tokens import Role

NOW = now_ms()
LIFE = (submitted, revised, rejected(), revised, verified, approved, published, retracted)


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    with an_office(request, tmp_path) as office:
        yield office


def test_each_kind_once_across_a_restart_and_nothing_of_the_content(office: Office) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    desk.mail_to(Role.KETUA_PPID, "dinkes")
    told = today(*LIFE)
    for n in range(len(told)):
        for again in (office.desk(), office.desk()):  # two desks, each after a restart
            again.taking.take(on_kafka(*told[: n + 1]), now_ms=now_ms())
            again.send()
            again.engine.dispose()

    assert office.box.subjects == ["Menunggu Anda", "Dikembalikan", "Disetujui", "Terbit", "Ditarik"]
    number = str(told[0].event.submission_id)
    for mail in office.box.mails:
        body = text_of(mail)
        assert f"{ADDRESS}/pengajuan/{number}" in body
        assert "Kode wilayah" not in body
        assert "Kolom tanpa satuan" not in body
    assert desk.offsets() == [len(told)]


def test_a_step_that_was_done_meanwhile_is_told_to_nobody(office: Office) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    desk.taking.take(on_kafka(*today(submitted, revised)), now_ms=now_ms())
    desk.send()
    assert (office.box.mails, desk.outcomes()) == ([], ["past"])


@pytest.mark.parametrize("unknown", [{"files"}, {"files", "renamed"}], ids=["before files", "before renamed"])
def test_where_a_submission_stood_is_read_as_an_earlier_program_kept_it(office: Office, unknown: set[str]) -> None:
    desk = office.desk()
    desk.mail_to(Role.ATASAN_PPID)
    told = today(submitted, revised)
    desk.taking.take(on_kafka(*told[:1]), now_ms=now_ms())
    with desk.engine.begin() as c:
        kept = json.loads(c.execute(sa.select(FOLLOWED.c.head)).scalar_one())
        c.execute(sa.update(FOLLOWED).values(head=json.dumps([v for n, v in zip(NAMES, kept, strict=True) if n not in unknown])))
    desk.taking.take(on_kafka(*told), now_ms=now_ms())
    desk.send()
    assert office.box.subjects == ["Menunggu Anda"]


def test_what_falls_due_is_told_once_before_and_once_after(office: Office) -> None:
    desk, other = office.desk(), office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    (event,) = today(submitted)
    desk.taking.take(on_kafka(event), now_ms=now_ms())
    due = now_ms() + SOON_MS + 60_000
    with desk.engine.begin() as c:
        c.execute(sa.update(FOLLOWED).values(due_ms=due))
    for moment in (due - SOON_MS - 1, due - SOON_MS, due - 1, due, due + 1, due + 2):
        for one in (desk, other):
            one.taking.fall_due(now_ms=moment)
            one.send()
    assert office.box.subjects == ["Menunggu Anda", "15 menit lagi jatuh tempo", "Lewat waktu"]


def test_a_target_that_fails_is_tried_again_with_pauses_and_holds_up_no_other(office: Office) -> None:
    desk, moment = office.desk(), now_ms()
    bad = desk.mail_to(Role.KETUA_PPID, "dispermades", port=9)
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    desk.sending = Sending(desk.engine, ADDRESS, clock=lambda: moment)
    desk.taking.take(on_kafka(*today(submitted)), now_ms=moment)
    desk.send()
    assert sorted(map(str, desk.outcomes())) == ["None", "sent"]
    assert desk.sending.claim() == []
    moment += PAUSES_MS[0]
    assert desk.sending.claim() == [bad]


def test_two_desks_never_send_to_one_target_at_once_and_a_dead_one_is_followed(office: Office) -> None:
    desk, moment = office.desk(), now_ms()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    desk.taking.take(on_kafka(*today(submitted)), now_ms=moment)
    one, two = (Sending(office.desk().engine, ADDRESS, clock=lambda: moment) for _ in range(2))
    (target,) = one.claim()
    assert two.claim() == []
    two.work_off(target)
    assert office.box.mails == []
    moment += LEASE_MS
    assert two.claim() == [target]
    two.work_off(target)
    one.work_off(target)
    assert office.box.subjects == ["Menunggu Anda"]


def test_a_title_cannot_write_headers_and_an_unknown_address_is_refused(office: Office) -> None:
    desk = office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    desk.taking.take(on_kafka(*today(submission_of(title="Desa\nBcc: x@example.id <b>"))), now_ms=now_ms())
    desk.send()
    (mail,) = office.box.mails
    assert mail["bcc"] is None
    with pytest.raises(TargetRefused):
        Targets(desk.engine).add_for_role("nothing", Role.ATASAN_PPID, None)


async def test_the_log_is_followed_past_poison_while_the_store_is_away(office: Office, kafka: str) -> None:
    cluster, desk = Kafka(kafka), office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    topic, away = await new_topic(cluster), 1

    def take(records: Any) -> None:
        nonlocal away
        if away:
            away -= 1
            raise SQLAlchemyError("the store is away")
        desk.taking.take(records, now_ms=now_ms())

    await put(cluster, topic, (b"key", None), (b"key", b"\xff"))
    await put_story(cluster, topic, *today(submitted))
    for _ in range(2):
        progress = Progress("log")
        async with running(lambda: follow(cluster, topic, Kept(desk.engine), take, (SQLAlchemyError,), progress)):  # noqa: B023
            await put_story(cluster, topic, *today(submitted))
            wanted = 4 + _
            await until(lambda: any(p >= wanted for p in desk.offsets()), what="the position")  # noqa: B023
    await asyncio.to_thread(desk.send)
    assert office.box.subjects == ["Menunggu Anda"] * 3


@pytest.mark.parametrize("running_meanwhile", [True, False])
async def test_a_log_that_was_cut_and_has_grown_is_read_no_more_until_the_operator_says_so(
    office: Office, kafka: str, monkeypatch: pytest.MonkeyPatch, *, running_meanwhile: bool
) -> None:
    for name, seconds in (("follow.WATCH_S", 0.3), ("losses.CONFIRM_S", 0.2), ("losses.BEHIND_S", 0.5)):
        monkeypatch.setattr(f"bus.{name}", seconds)
    cluster, desk = Kafka(kafka), office.desk()
    desk.mail_to(Role.KETUA_PPID, "dispermades")
    topic = await new_topic(cluster)
    await put_story(cluster, topic, *today(submitted, revised))
    progress = Progress("log")

    async def follows() -> None:
        await follow(
            cluster, topic, Kept(desk.engine), lambda records: desk.taking.take(records, now_ms=now_ms()), (SQLAlchemyError,), progress
        )

    async def read() -> None:
        await forever(progress, follows)

    async def lost() -> None:
        await delete_topic(cluster, topic)
        await new_topic(cluster, topic)
        for _ in range(6):
            await put_story(cluster, topic, *today(submitted))

    async with running(read):
        await until(lambda: progress.ready and desk.offsets() == [2])
        if running_meanwhile:
            await lost()
    if not running_meanwhile:
        await lost()

    async with running(read):
        await until(lambda: (progress.left_alone or "").startswith("lost:"))
        assert (progress.healthy, desk.offsets()) == (False, [2])
        found = await asyncio.to_thread(look, office.store, [DESK], cluster)
        assert [(who, loss.code) for who, loss in found.losses] == [(DESK, "other_record")]
        begins, word = await begins_of(cluster, [topic]), Word("operator", datetime.now(UTC), "accept")
        assert await asyncio.to_thread(end_losses, office.store, [DESK], topic, begins, word)
        await until(lambda: 6 in desk.offsets() and progress.healthy)
    assert (await asyncio.to_thread(look, office.store, [DESK], cluster)).is_empty
    await asyncio.to_thread(desk.send)
    assert office.box.subjects == ["Menunggu Anda"] * 6


def test_the_server_is_a_real_one(office: Office) -> None:
    with smtplib.SMTP("127.0.0.1", office.box.port) as smtp:
        assert smtp.noop()[0] == 250
