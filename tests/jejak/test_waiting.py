"""What the directory's topic lacks is put back only where the lanes' stores agree: nobody can tell here which of two is newer."""

import asyncio
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bus.kafka import Kafka
from bus.topics import Topic, ensure, inbound_topic, shared_topics
from events.admission import source_of
from events.contracts import DIRECTORY_TOPIC, inbound_topic_of
from events.marks import first_mark
from events.recorder import Mark
from events.stores import open_store
from jejak import opd_cli, token_cli
from jejak.waiting import look
from lane.inbox import open_engine
from lane.known import Known


def knows(address: str, lane: str, *entries: tuple[str, bytes]) -> None:
    with closing(open_store(address, lane)):
        engine = open_engine(address, lane)
        known = Known(engine)
        known.prepare()
        known.write(entries)
        engine.dispose()


async def made(kafka: Kafka, *more: Topic) -> None:
    async with kafka.admin() as admin:
        wanted = [*(topic for topic in shared_topics(1) if topic.name == DIRECTORY_TOPIC), *more]
        await ensure(admin, wanted, replication=1, in_sync=1)


def test_an_entry_of_which_two_stores_say_different_things_is_named_and_not_written(tmp_path: Path, kafka: str) -> None:

    asyncio.run(made(Kafka(kafka)))
    address, opd, other = f"sqlite:{tmp_path}", f"opd/{uuid.uuid4().hex}", f"opd/{uuid.uuid4().hex}"
    knows(address, "intake", (opd, b'{"name": "Dinas lama"}'), (other, b'{"name": "Dinas"}'))
    knows(address, "review", (opd, b'{"name": "Dinas baru"}'), (other, b'{"name": "Dinas"}'))

    found = look(address, ["intake", "review"], Kafka(kafka))
    assert (found.directory, list(found.undecided), found.is_empty) == ({other: b'{"name": "Dinas"}'}, [opd], False)
    assert look(address, ["review"], Kafka(kafka)).directory[opd] == b'{"name": "Dinas baru"}'


def test_a_topic_that_an_open_opd_had_and_that_is_gone_is_told(tmp_path: Path, kafka: str) -> None:
    """No lane misses it: one that was deleted and never made again would be told nowhere."""
    asyncio.run(made(Kafka(kafka)))
    address, kode = f"sqlite:{tmp_path}", f"x{uuid.uuid4().hex}"
    knows(address, "intake", (f"opd/{kode}", b'{"name": "Dinas"}'), (f"opd/{kode}-lama", b'{"name": "Dinas", "closed_at": "2026-01-01"}'))
    with closing(open_store(address, "intake")) as store:
        for one in (kode, f"{kode}-lama"):
            first_mark(store, Mark(source_of("c", inbound_topic_of(one), 0), 4, "h"))

    assert list(look(address, ["intake"], Kafka(kafka)).gone) == [inbound_topic_of(kode)]
    assert not look(address, ["intake"], Kafka(kafka)).is_empty
    asyncio.run(made(Kafka(kafka), inbound_topic(kode)))
    assert not look(address, ["intake"], Kafka(kafka)).gone


def test_what_kafka_lost_of_the_directory_binds_the_operators_commands_too(
    tmp_path: Path, kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(made(Kafka(kafka)))
    address, name = f"sqlite:{tmp_path}", uuid.uuid4().hex
    merged, token = f'{{"name": "Dinas", "closed_at": "2026-01-01", "moved_to": "{name}-x"}}', f'{{"person": "{name}", "role": "auditor"}}'
    knows(address, "intake", (f"opd/{name}", b'{"name": "Dinas"}'))
    knows(address, "review", (f"opd/{name}", merged.encode()), (f"issued/{name}", token.encode()))
    monkeypatch.setattr("jejak.on_kafka.configure_logs", lambda _: None)  # it would write to what typer's runner closes
    for variable, value in (("JEJAK_KAFKA", kafka), ("JEJAK_STORE", address)):
        monkeypatch.setenv(variable, value)

    added = CliRunner().invoke(opd_cli.app, ["add", name, "--name", "Dinas lagi"])
    assert (added.exit_code, f"became {name}-x" in added.stderr) == (1, True)
    revoked = CliRunner().invoke(token_cli.app, ["revoke", "--person", name])
    assert (revoked.exit_code, revoked.stdout.endswith(f"revoked: {name}\n")) == (0, True)
    assert "jejak bus refill" in revoked.stderr
