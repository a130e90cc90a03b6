"""Lost and made again: a journal from Kafka, Kafka from a journal, events as NDJSON; always the same bytes."""

import asyncio
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from archive.export import lines
from archive.proof import JournalAt, verify
from archive.rebuild import RebuildRefused, rebuild, republish
from archive.scan import LogAt
from benchmarks.load import lives
from bus.reader import read_topic, spans
from events import alarms
from events.alarms import Word
from events.stores import StoreRefused, open_reader, open_store
from tests.archive.copies import forged, id_of, journal, messages_of, rows_of, send, topic
from tests.bus.cluster import delete_topic, new_topic
from tests.bus.test_losses import deleted

LIVES = list(lives(7))


def bytes_of(address: str, lane: str = "archive") -> list[bytes]:
    store = open_reader(address, lane)
    try:
        return list(lines(store))
    finally:
        store.close()


def test_a_rebuilt_journal_has_the_bytes_of_the_original(store: str, kafka: str, tmp_path: Path) -> None:
    original = journal(f"sqlite:{tmp_path / 'original'}", rows_of(*LIVES))
    log = topic(kafka, messages_of(*LIVES))
    assert rebuild(store, "review", log) == {"applied": 35}
    assert bytes_of(store, "review") == bytes_of(original.address)


def test_a_rebuild_goes_on_where_it_was_stopped(tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch) -> None:
    address, log = f"sqlite:{tmp_path}", topic(kafka, messages_of(*LIVES), partitions=1)
    monkeypatch.setattr("bus.reader.RECORDS_A_BATCH", 10)
    monkeypatch.setattr("archive.rebuild.RECORDS_A_COMMIT", 10)
    with pytest.raises(Stopped):
        rebuild(address, "archive", log, progress=stop)
    begun = len(bytes_of(address))
    assert 0 < begun < 35
    assert rebuild(address, "archive", log) == {"applied": 35 - begun}
    assert bytes_of(address) == [raw + b"\n" for life in sorted(LIVES, key=id_of) for raw in life]


def test_a_rebuild_refuses_a_journal_that_holds_anything_else(store: str, kafka: str) -> None:
    journal(store, rows_of(LIVES[0]))
    with pytest.raises(RebuildRefused, match="sudah berisi 5 baris"):
        rebuild(store, "archive", topic(kafka, messages_of(*LIVES)))


def test_a_finished_rebuild_is_not_rebuilt_again(tmp_path: Path, kafka: str) -> None:
    log = topic(kafka, messages_of(*LIVES))
    rebuild(f"sqlite:{tmp_path}", "archive", log)
    with pytest.raises(RebuildRefused):
        rebuild(f"sqlite:{tmp_path}", "archive", log)


def test_a_rebuild_refuses_a_lane_that_runs(tmp_path: Path, kafka: str) -> None:
    held = open_store(f"sqlite:{tmp_path}", "archive")
    try:
        with pytest.raises(StoreRefused, match="archive"):
            rebuild(f"sqlite:{tmp_path}", "archive", topic(kafka, messages_of(LIVES[0])))
    finally:
        held.close()


def test_a_rebuild_sets_aside_what_every_lane_refuses(tmp_path: Path, kafka: str) -> None:
    fork = forged(LIVES[0][1], event_id="00000000-0000-4000-8000-000000000000")
    log = topic(kafka, [*messages_of(*LIVES), (id_of(LIVES[0]).encode(), fork), (None, b"?"), messages_of(LIVES[0])[2]])
    assert rebuild(f"sqlite:{tmp_path}", "archive", log) == {"applied": 35, "fork": 1, "unreadable": 1, "duplicate": 1}
    assert len(bytes_of(f"sqlite:{tmp_path}")) == 35


def test_a_lost_log_is_written_again_from_a_journal(store: str, kafka: str) -> None:
    whole, log = journal(store, rows_of(*LIVES)), topic(kafka, [])
    assert republish(store, "archive", log).events == 35
    assert verify([whole], log, processes=1, settle_s=0).ok


def test_writing_the_log_again_goes_on_where_it_was_stopped(tmp_path: Path, kafka: str) -> None:
    address, log = f"sqlite:{tmp_path}", topic(kafka, [], partitions=1)
    journal(address, rows_of(*LIVES[:3]))
    assert republish(address, "archive", log).events == 15
    journal(address, rows_of(*LIVES[3:]))
    assert republish(address, "archive", log).events == 20
    assert republish(address, "archive", log).events == 0
    assert asyncio.run(spans(log.kafka, log.topic)) == {0: (0, 35)}


def test_a_log_that_was_emptied_or_made_anew_since_is_written_again(tmp_path: Path, kafka: str) -> None:
    address, log = f"sqlite:{tmp_path}", topic(kafka, [], partitions=1)
    whole = journal(address, rows_of(*LIVES))
    assert republish(address, "archive", log).events == 35
    asyncio.run(deleted(log.kafka, log.topic, 35))
    assert republish(address, "archive", log).events == 35
    asyncio.run(delete_topic(log.kafka, log.topic))
    asyncio.run(new_topic(log.kafka, log.topic))
    asyncio.run(send(log, messages_of(LIVES[3])[:2]))
    assert republish(address, "archive", log).events == 33
    assert asyncio.run(spans(log.kafka, log.topic)) == {0: (0, 35)}
    assert verify([whole], log, processes=1, settle_s=0).ok


def test_what_differs_on_the_log_is_named_when_it_is_written_again(tmp_path: Path, kafka: str) -> None:
    journal(f"sqlite:{tmp_path}", rows_of(*LIVES))
    fork = forged(LIVES[0][1], event_id="00000000-0000-4000-8000-000000000000")
    log = topic(kafka, [messages_of(LIVES[0])[0], (id_of(LIVES[0]).encode(), fork)], partitions=1)
    assert republish(f"sqlite:{tmp_path}", "archive", log).differing == [id_of(LIVES[0])]


def test_a_log_without_its_beginning_is_rebuilt_by_the_operators_word_only(tmp_path: Path, kafka: str) -> None:
    address, log = f"sqlite:{tmp_path}", topic(kafka, messages_of(*LIVES), partitions=1)
    asyncio.run(deleted(log.kafka, log.topic, 5))
    with pytest.raises(RebuildRefused, match="--accept-beginning"):
        rebuild(address, "archive", log)
    word = Word("operator", datetime.now(UTC), "accept", "")
    assert rebuild(address, "archive", log, accepted=word) == {"applied": 30}
    named = [(d.where, d.what) for d in verify([], log, processes=1, settle_s=0).differences]
    assert named == [("kafka 0@5", "beginning_gone")]
    assert verify([JournalAt("journal archive", address, "archive")], log, processes=1, settle_s=0).ok
    [loss] = alarms.losses(store := open_reader(address, "archive"))
    assert (loss.code, loss.begins, loss.ended_by) == ("beginning_gone", 5, "operator")
    store.close()


def test_a_topic_is_read_up_to_the_end_it_had(kafka: str) -> None:
    log = topic(kafka, messages_of(LIVES[0]), partitions=1)
    assert asyncio.run(read_all(log)) == list(LIVES[0])


def test_events_are_exported_one_a_line_as_their_bytes(store: str) -> None:
    journal(store, rows_of(*LIVES))
    ordered = sorted(LIVES, key=id_of)
    assert bytes_of(store) == [raw + b"\n" for life in ordered for raw in life]
    reader = open_reader(store, "archive")
    assert list(lines(reader, uuid.UUID(id_of(LIVES[2])))) == [raw + b"\n" for raw in LIVES[2]]
    reader.close()


async def read_all(log: LogAt) -> list[bytes]:
    wanted = await spans(log.kafka, log.topic)
    found: list[bytes] = []
    async for records in read_topic(log.kafka, log.topic, wanted):
        if not found:
            await send(log, messages_of(LIVES[1]))
        found += [record.value or b"" for record in records]
    return found


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def stop(_: int) -> None:
    raise Stopped
