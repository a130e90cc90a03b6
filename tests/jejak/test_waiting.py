"""What the directory's topic lacks is put back only where the lanes' stores agree: nobody can tell here which of two is newer."""

import asyncio
import uuid
from contextlib import closing
from pathlib import Path

from bus.kafka import Kafka
from bus.topics import ensure, shared_topics
from events.contracts import DIRECTORY_TOPIC
from events.stores import open_store
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


async def made(kafka: Kafka) -> None:
    async with kafka.admin() as admin:
        await ensure(admin, [topic for topic in shared_topics(1) if topic.name == DIRECTORY_TOPIC], replication=1, in_sync=1)


def test_an_entry_of_which_two_stores_say_different_things_is_named_and_not_written(tmp_path: Path, kafka: str) -> None:

    asyncio.run(made(Kafka(kafka)))
    address, opd, other = f"sqlite:{tmp_path}", f"opd/{uuid.uuid4().hex}", f"opd/{uuid.uuid4().hex}"
    knows(address, "intake", (opd, b'{"name": "Dinas lama"}'), (other, b'{"name": "Dinas"}'))
    knows(address, "review", (opd, b'{"name": "Dinas baru"}'), (other, b'{"name": "Dinas"}'))

    found = look(address, ["intake", "review"], Kafka(kafka))
    assert (found.directory, list(found.undecided), found.is_empty) == ({other: b'{"name": "Dinas"}'}, [opd], False)
    assert look(address, ["review"], Kafka(kafka)).directory[opd] == b'{"name": "Dinas baru"}'
