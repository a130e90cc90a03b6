"""What a lane keeps of the directory outlives the topic: on SQLite and PostgreSQL."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson
import pytest

from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from events.journal import Journal
from events.stores import open_store
from lane.inbox import open_engine
from lane.known import Known

NUMBERS: Final = itertools.count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def known(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Known]:
    address = f"sqlite:{tmp_path}" if request.param == "sqlite" else request.getfixturevalue("postgres")()
    lane = f"known{next(NUMBERS)}"
    Journal(open_store(address, lane), lane).store.close()
    made = Known(open_engine(address, lane))
    made.prepare()
    yield made
    made.engine.dispose()


def opened(*stores: Known) -> Directory:
    directory = Directory(Kafka("127.0.0.1:1"), Progress("directory"))
    for store in stores:
        directory.keep_in(store)
    return directory


def test_what_was_written_is_known_at_the_next_start_without_kafka(known: Known) -> None:
    known.write([("opd/dinkes", orjson.dumps({"name": "Dinas Kesehatan"})), ("token/t1", b"{}"), ("name/desa", b'{"opd": "dinkes"}')])
    known.write([("token/t2", b"{}"), ("opd/dinkes", orjson.dumps({"name": "Dinkes baru"}))])
    known.prepare()

    directory = opened(known)

    assert (directory.name_of("dinkes"), directory.is_open("dinkes"), directory.owner_of("desa")) == ("Dinkes baru", True, "dinkes")
    assert (directory.is_revoked("t1"), directory.is_revoked("t2"), directory.is_revoked("t3")) == (True, True, False)


def test_only_a_record_takes_a_revocation_back(known: Known) -> None:
    known.write([("token/t1", b"{}"), ("token/t2", b"{}")])
    known.write([("token/t1", b"{}"), ("token/t1", None)])

    assert (opened(known).is_revoked("t1"), opened(known).is_revoked("t2")) == (False, True)
