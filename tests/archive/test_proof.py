"""The checker on real journals and a real Kafka: one submission among others is tampered with, and exactly that is named."""

import asyncio
import hashlib
import re
import uuid
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from archive.proof import Difference, JournalAt, Report, verify
from archive.rebuild import rebuild, rebuild_heads
from archive.runs import Runs, merged
from archive.scan import LogAt
from benchmarks.load import lives
from bus.kafka import Kafka
from bus.reader import LogUnreachable
from events.journal import Journal
from events.recorder import Batch, Letter, LetterKind
from events.stores import StoreRefused, open_store
from tests.archive.copies import Row, altered, forged, id_of, journal, messages_of, rows_of, send, topic

LIVES = list(lives(7))
VICTIM = LIVES[3]
WHO = id_of(VICTIM)
RECEIPT = Letter(LetterKind.RECEIPT, "c/opd.x/0", 1, "refused", b"{}", b"{}")


def without(rows: list[Row], sequence: int) -> list[Row]:
    return [row for row in rows if row[:2] != (WHO, sequence)]


def verified(*journals: JournalAt, log: LogAt | None = None, settle_s: float = 0, submission: uuid.UUID | None = None) -> Report:
    return verify(journals, log, submission=submission, processes=1, settle_s=settle_s)


def test_an_untouched_journal_is_good(store: str) -> None:
    report = verified(journal(store, rows_of(*LIVES)))
    assert report == Report(events=35, submissions=7, sources={"journal archive": 35})
    assert report.ok


def test_an_altered_byte_in_a_journal_is_named(store: str) -> None:
    rows = [*without(rows_of(*LIVES), 3), (WHO, 3, altered(VICTIM[2], b"Atasan PPID", b"Atasan PPIB"))]
    assert verified(journal(store, rows)).differences == [Difference(WHO, 3, "journal archive", "altered")]


def test_a_missing_event_in_a_journal_is_named(store: str) -> None:
    assert verified(journal(store, without(rows_of(*LIVES), 2))).differences == [Difference(WHO, 2, "journal archive", "missing")]


def test_a_forged_extra_event_in_a_journal_is_named(store: str) -> None:
    extra = forged(VICTIM[1], sequence=6)
    assert verified(journal(store, [*rows_of(*LIVES), (WHO, 6, extra)])).differences == [
        Difference(WHO, 6, "journal archive", "broken_chain")
    ]


def test_receipts_and_dead_letters_in_a_journal_are_left_alone(store: str) -> None:
    found = journal(store, rows_of(*LIVES))
    kept = Journal(open_store(store, "archive"), "archive")
    kept.store.write(Batch(letters=[RECEIPT]))
    kept.store.close()
    assert verified(found).ok


def test_journal_and_kafka_that_agree_are_good(store: str, kafka: str) -> None:
    again = messages_of(*LIVES)
    report = verified(journal(store, rows_of(*LIVES)), log=topic(kafka, [*again, *again[3:9]]))
    assert (report.ok, report.events, report.sources) == (True, 35, {"kafka": 35, "journal archive": 35})


def test_what_is_missing_on_kafka_is_named(tmp_path: Path, kafka: str) -> None:
    messages = [message for message in messages_of(*LIVES) if message[1] not in VICTIM[3:]]
    report = verified(journal(f"sqlite:{tmp_path}", rows_of(*LIVES)), log=topic(kafka, messages))
    assert report.differences == [Difference(WHO, 4, "kafka", "missing"), Difference(WHO, 5, "kafka", "missing")]


def test_what_is_missing_in_the_journal_is_named(store: str, kafka: str) -> None:
    rows = [row for row in rows_of(*LIVES) if row[0] != WHO]
    report = verified(journal(store, rows), log=topic(kafka, messages_of(*LIVES)))
    assert report.differences == [Difference(WHO, sequence, "journal archive", "missing") for sequence in range(1, 6)]


def test_an_altered_journal_is_named_exactly_because_kafka_is_whole(store: str, kafka: str) -> None:
    rows = [*without(rows_of(*LIVES), 4), (WHO, 4, altered(VICTIM[3], b"mutakhir", b"mutachir"))]
    report = verified(journal(store, rows), log=topic(kafka, messages_of(*LIVES)))
    assert report.differences == [Difference(WHO, 4, "journal archive", "bytes_differ")]


def test_a_fork_a_swap_and_noise_on_kafka_are_named_where_they_stand(kafka: str) -> None:
    key = WHO.encode()
    fork = forged(VICTIM[1], event_id="00000000-0000-4000-8000-000000000000")
    swapped = [(key, VICTIM[i]) for i in (0, 1, 2, 4, 3)]
    log = topic(kafka, [*swapped, (key, fork), (None, b"\xff not an event"), (key, None), *messages_of(LIVES[0])], partitions=1)
    assert verified(log=log).differences == [
        Difference(None, None, "kafka 0@6", "unreadable"),
        Difference(WHO, None, "kafka 0@7", "tombstone"),
        Difference(WHO, 2, "kafka 0@5", "fork"),
        Difference(WHO, 5, "kafka 0@3", "out_of_order"),
    ]


def test_two_journals_are_compared_without_kafka(tmp_path: Path) -> None:
    whole = journal(f"sqlite:{tmp_path}", rows_of(*LIVES))
    short = journal(f"sqlite:{tmp_path}", rows_of(*LIVES)[:-1], lane="review")
    assert verified(whole, short).differences == [Difference(id_of(LIVES[-1]), 5, "journal review", "missing")]


def test_one_submission_is_checked_alone(store: str, kafka: str) -> None:
    log = topic(kafka, messages_of(*LIVES))
    good = journal(store, without(rows_of(*LIVES), 2))
    report = verified(good, log=log, submission=uuid.UUID(WHO))
    assert (report.submissions, report.differences) == (1, [Difference(WHO, 2, "journal archive", "missing")])
    assert verified(good, log=log, submission=uuid.UUID(id_of(LIVES[0]))).ok


def test_what_only_lags_is_looked_at_again(tmp_path: Path, kafka: str) -> None:
    """The record reaches Kafka between the two looks: no difference is left."""
    log = topic(kafka, messages_of(*LIVES)[:-1])
    whole = journal(f"sqlite:{tmp_path}", rows_of(*LIVES))
    assert not verified(whole, log=log).ok
    late = verify([whole], log, processes=1, settle_s=30, pause=lambda _: asyncio.run(send(log, messages_of(LIVES[-1])[-1:])))
    assert late.ok


def test_all_processors_find_what_one_finds(store: str, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.proof.FEW", 0)
    log, bad = topic(kafka, messages_of(*LIVES)), journal(store, without(rows_of(*LIVES), 2))
    told: list[int] = []
    report = verify([bad], log, processes=2, progress=told.append, settle_s=0)
    assert report == verified(bad, log=log)
    assert max(told) > 0


def test_a_live_sqlite_journal_is_read_beside_the_lane_that_writes_it(tmp_path: Path) -> None:
    found = journal(f"sqlite:{tmp_path}", rows_of(*LIVES))
    held = open_store(f"sqlite:{tmp_path}", "archive")
    try:
        assert verified(found).ok
    finally:
        held.close()


def test_a_journal_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match=re.escape(str(tmp_path))):
        verified(JournalAt("journal archive", f"sqlite:{tmp_path}", "archive"))
    assert list(tmp_path.iterdir()) == []


def test_a_topic_that_is_not_there_is_refused(kafka: str) -> None:
    with pytest.raises(LogUnreachable, match="no-such-topic"):
        verified(log=LogAt(Kafka(kafka), "no-such-topic"))


def test_sorting_spills_and_merges_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.runs.ROWS_A_RUN", 4)
    monkeypatch.setattr("archive.runs.RUNS_A_LEVEL", 3)
    rows = [(i * 7919 % 1000).to_bytes(4, "big") for i in range(500)]
    runs = Runs(tmp_path, "rows", 4)
    for row in rows:
        runs.add(row)
    files = runs.finish()
    assert len(files) < 10
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert list(merged(files, 4)) == sorted(rows)
    assert list(merged(files, 4, first=b"\0\0\1", last=b"\0\0\2")) == [row for row in sorted(rows) if b"\0\0\1" <= row[:3] <= b"\0\0\2"]


def unlawful() -> list[Row]:
    """A life whose chain is right and whose superior is the one who revised: every event after the first is made to fit."""
    said, rows, previous = [orjson.loads(raw) for raw in VICTIM], list[Row](), ""
    said[2]["actor"]["id"] = said[1]["actor"]["id"]
    for number, event in enumerate(said, start=1):
        raw = orjson.dumps(event | ({"previous": previous} if number > 1 else {}))
        previous = hashlib.sha256(raw).hexdigest()
        rows.append((WHO, number, raw))
    return rows


def test_what_breaks_the_law_of_the_log_is_named_though_every_chain_holds(store: str, tmp_path: Path) -> None:
    others = [row for row in rows_of(*LIVES) if row[0] != WHO]
    one = journal(store, [*others, *unlawful()])
    two = journal(f"sqlite:{tmp_path / 'two'}", [*others, *unlawful()], lane="review")

    assert verified(one).differences == [Difference(WHO, 3, "journal archive", "four_eyes")]
    assert verified(one, two).differences == [Difference(WHO, 3, "journal archive", "four_eyes")]


def test_what_breaks_the_law_on_kafka_is_named_where_it_stands_and_blames_nothing_else(store: str, kafka: str) -> None:
    """Somebody who may say nothing says the next step, well chained, before the one who may; and something that is no step at all."""
    key, here = WHO.encode(), journal(store, rows_of(*LIVES))
    others = [message for message in messages_of(*LIVES) if message[0] != key]
    said = orjson.loads(VICTIM[2])
    auditor = forged(VICTIM[2], actor=said["actor"] | {"role": "auditor"})
    hollow = forged(VICTIM[2], data={"manifest": said["data"]["manifest"]})
    life = [*VICTIM[:2], auditor, hollow, *VICTIM[2:]]
    log = topic(kafka, [*((key, raw) for raw in life), *others], partitions=1)
    named = [Difference(WHO, 3, "kafka 0@2", "wrong_role"), Difference(WHO, 3, "kafka 0@3", "unreadable")]

    assert verified(here, log=log).differences == named
    assert verified(log=log).differences == named


def test_the_law_is_asked_of_kafka_alone(kafka: str) -> None:
    log = topic(kafka, [(who.encode(), raw) for who, _, raw in unlawful()], partitions=1)
    found = verified(log=log).differences
    assert Difference(WHO, 3, "kafka 0@2", "four_eyes") in found


def test_a_copy_that_holds_nothing_proves_nothing(store: str, tmp_path: Path) -> None:
    empty = journal(f"sqlite:{tmp_path / 'empty'}", [], lane="review")
    assert verified(empty).differences == [Difference(None, None, "journal review", "empty")]
    found = verified(journal(store, rows_of(VICTIM)), empty)
    assert Difference(None, None, "journal review", "empty") in found.differences


def test_a_head_that_is_not_what_its_events_say_is_named_and_made_anew(store: str) -> None:
    found = journal(store, rows_of(*LIVES))
    kept = open_store(store, "archive")
    (head,) = kept.select_heads([uuid.UUID(WHO)])
    stray = head._replace(submission_id=uuid.UUID(int=5))
    kept.write(Batch(heads=[head._replace(opd="dinkes"), stray]))
    kept.close()

    assert verified(found).differences == [
        Difference(str(uuid.UUID(int=5)), head.sequence, "journal archive", "head"),
        Difference(WHO, head.sequence, "journal archive", "head"),
    ]
    assert rebuild_heads(store, "archive") == len(LIVES)
    assert verified(found).ok


def test_a_journal_without_a_head_is_named(store: str) -> None:
    found = journal(store, rows_of(*LIVES))
    kept = open_store(store, "archive")
    kept.clear_heads()
    kept.close()

    assert {difference.what for difference in verified(found).differences} == {"head"}
    assert len(verified(found).differences) == len(LIVES)


def test_a_transaction_that_was_taken_back_never_was(store: str, kafka: str, tmp_path: Path) -> None:
    """Lanes skip it; whoever checks or rebuilds must skip it too, or every journal is blamed for what is not there."""
    log = topic(kafka, messages_of(*LIVES))
    asyncio.run(taken_back(kafka, log.topic, messages_of(next(lives(1, first=50)))))
    asyncio.run(send(log, messages_of(next(lives(1, first=51)))))
    found = journal(store, rows_of(*LIVES, next(lives(1, first=51))))

    assert verified(found, log=log).differences == []
    assert rebuild(f"sqlite:{tmp_path / 'again'}", "archive", log) == {"applied": 40}


async def taken_back(bootstrap: str, name: str, messages: list[tuple[bytes | None, bytes | None]]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"taken-back-{uuid.uuid4()}")
    await producer.start()
    await producer.begin_transaction()
    for key, raw in messages:
        await producer.send_and_wait(name, raw, key=key)
    await producer.abort_transaction()
    await producer.stop()


def test_whoever_acts_for_an_agency_is_no_difference(store: str) -> None:
    """The OPD was renamed: its new head revised what the old one had submitted, and every chain and every law holds."""
    said, rows, previous = [orjson.loads(raw) for raw in VICTIM], list[Row](), ""
    old, said[1]["actor"]["opd"] = said[0]["actor"]["opd"], "opd-baru"
    for number, event in enumerate(said, start=1):
        raw = orjson.dumps(event | ({"previous": previous} if number > 1 else {}))
        previous = hashlib.sha256(raw).hexdigest()
        rows.append((WHO, number, raw))
    found = journal(store, rows)

    assert verified(found).differences == [Difference(WHO, 2, "journal archive", "other_opd")]
    assert verify([found], processes=1, settle_s=0, heirs={old: "opd-baru"}).ok
