"""The law asked while the log is read: what it says yes to is lawful, and what it cannot tell is asked again of the whole chain."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from archive.asking import REST, Asking
from archive.facts import Lies, fact_of_message, read_wholly
from archive.law import as_lanes_read
from archive.proof import verify
from archive.reports import WHAT
from archive.scan import LogAt
from archive.sources import KafkaRuns
from bus.kafka import Kafka
from events.lawful import NOBODY_MOVED, Said, lawful
from events.submission import Head, Recorded
from tests.bus.cluster import new_topic, put_story
from tests.events.given import ATASAN, KETUA, TIM, WHOLE_LIFE, after, approved, in_the_role_of, revised, story, submitted, verified


def asked(asking: Asking, told: Sequence[Recorded]) -> list[bool]:
    facts = [fact_of_message(str(r.event.submission_id).encode(), r.raw, n, read=read_wholly) for n, r in enumerate(told)]
    return [asking.holds(fact, recorded.said) for fact, recorded in zip(facts, told, strict=True)]


def test_a_whole_life_is_lawful_step_by_step_also_when_a_step_comes_twice() -> None:
    told = story(*WHOLE_LIFE)
    assert asked(Asking(NOBODY_MOVED), told) == [True] * 7
    assert asked(Asking(NOBODY_MOVED), [*told[:2], told[1], *told[2:]]) == [True, True, False, True, True, True, True, True]


def test_nothing_is_said_of_what_breaks_the_law_nor_of_what_follows_it() -> None:
    by_the_same_hands = story(submitted, revised, verified.by(in_the_role_of(ATASAN, KETUA)), approved)
    assert asked(Asking(NOBODY_MOVED), by_the_same_hands) == [True, True, False, False]
    assert asked(Asking(NOBODY_MOVED), story(submitted, revised.by(TIM), verified)) == [True, False, False]


def test_whatever_breaks_the_law_has_words_for_the_auditor() -> None:
    assert {code for code, _ in REST} <= WHAT.keys()


def test_nothing_is_said_where_the_events_before_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.asking.HEADS_KEPT", 1)
    one, other = story(submitted, revised), story(submitted)
    assert asked(Asking(NOBODY_MOVED), [one[0], *other, one[1]]) == [True, True, False]


def test_each_record_is_judged_once_however_many_break_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever may write to the log cannot keep an auditor busy for hours with one submission's key."""
    begun = story(submitted)
    moments = [begun[0].event.occurred_at + timedelta(seconds=n) for n in range(1, 201)]
    wrong = [one for moment in moments for one in after(begun, revised.by(TIM).on(moment))]
    told, asked_of = [*begun, *wrong, *after(begun, revised)], list[str]()

    def counted(head: Head | None, said: Said, digest: str, *more: Any) -> Head | str:
        asked_of.append(digest)
        return lawful(head, said, digest, *more)

    monkeypatch.setattr("archive.law.lawful", counted)
    facts = [fact_of_message(str(r.event.submission_id).encode(), r.raw, n, read=read_wholly) for n, r in enumerate(told)]
    verdict, forbidden = as_lanes_read(facts, [r.raw for r in told], NOBODY_MOVED)

    assert (len(verdict.hashes), len(forbidden), {fault.what for fault in forbidden}) == (2, len(wrong), {"wrong_role"})
    assert len(asked_of) == len(told)


async def test_records_are_read_once_more_only_where_it_could_not_be_told(kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster, read_again, read = Kafka(kafka), list[Lies](), KafkaRuns._bytes_of

    def reading(runs: KafkaRuns, lies: Lies) -> bytes:
        read_again.append(lies)
        return read(runs, lies)

    monkeypatch.setattr(KafkaRuns, "_bytes_of", reading)
    topic = await new_topic(cluster)
    await put_story(cluster, topic, *story(*WHOLE_LIFE))
    report = await asyncio.to_thread(verify, [], LogAt(cluster, topic))
    assert (report.ok, report.events, read_again) == (True, 7, [])

    forged = story(submitted, revised, verified.by(in_the_role_of(ATASAN, KETUA)), approved)
    await put_story(cluster, topic, *forged)
    report = await asyncio.to_thread(verify, [], LogAt(cluster, topic))
    assert (str(forged[0].event.submission_id), 3, "four_eyes") in {(d.submission_id, d.sequence, d.what) for d in report.differences}
    assert len(set(read_again)) == len(forged)
