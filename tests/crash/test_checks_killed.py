"""kill -9 of intake in the middle of a check: the file is looked at again, and nothing is lost or doubled."""

import asyncio
import hashlib
import uuid
from pathlib import Path

import orjson

from bus.reader import read_topic, spans
from bus.topics import inbound_topic
from events.contracts import LOG_TOPIC, RECEIPTS_TOPIC
from lane.file_stores import open_files
from tests.bus.cluster import put
from tests.crash.plans import OPDS
from tests.crash.stage import Stage, ready, stage_in, until
from tests.services.desk import form

ROWS = 500_000


def workers_of(pid: int) -> list[int]:
    """The processes that look at files for a lane."""
    children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    return [child for child in children if b"lane.check_worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def values(stage: Stage, topic: str) -> list[bytes]:
    async def read() -> list[bytes]:
        return [m.value or b"" async for batch in read_topic(stage.kafka, topic, await spans(stage.kafka, topic)) for m in batch]

    return asyncio.run(read())


def test_a_lane_killed_in_the_middle_of_a_check_takes_it_up_again(tmp_path: Path) -> None:
    opd = OPDS[0]
    content = b"kode;jumlah\n" + b"".join(b"K%d;%d\n" % (n, n * 7) for n in range(ROWS))
    sha256 = hashlib.sha256(content).hexdigest()
    with stage_in(tmp_path) as stage:
        stage.settings["JEJAK_CHECK_TIMEOUT_S"] = "900"  # the machine may be busy; what is tested is not how fast it is
        files = open_files(f"file:{tmp_path / 'files'}")
        with files.spool(limit=len(content)) as spool:
            spool.write(content)
            spool.keep(sha256)
        files.brought(sha256, opd)
        file = {"name": "besar.csv", "media_type": "text/csv", "bytes": len(content), "sha256": sha256}
        sent = form(opd=opd) | {"files": [file], "event_id": str(uuid.uuid4())}
        intake = stage.add("intake")
        ready([intake])
        asyncio.run(put(stage.kafka, inbound_topic(opd).name, (b"k", orjson.dumps(sent))))

        until(lambda: bool(workers_of(intake.pid)), "a worker runs")
        orphans = workers_of(intake.pid)
        intake.kill()
        assert values(stage, RECEIPTS_TOPIC) == []
        assert list((tmp_path / "files").rglob(f"{sha256}.check-*")) == []
        intake.start()
        until(lambda: bool(values(stage, RECEIPTS_TOPIC)), "a receipt is there")
        ready([intake])
        until(lambda: bool(values(stage, LOG_TOPIC)), "the event is there")
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans), "the worker of the killed lane to end")

        (receipt,), (event,) = values(stage, RECEIPTS_TOPIC), values(stage, LOG_TOPIC)
    assert orjson.loads(receipt)["outcome"] == "accepted"
    assert "csv_dialect" in {finding["code"] for finding in orjson.loads(event)["data"]["findings"]}
    assert list((tmp_path / "files" / "spool").iterdir()) == []
