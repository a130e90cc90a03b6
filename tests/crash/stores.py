"""A lane's store lost, copied, and put back from an old copy, while the others work on. A stage and a lane's name in; its lanes run again.

Before a store is taken away everything it had to send was sent: nothing brings back what only one disk knew (docs/reliability.md).
"""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.crash.lanes import READY_S
from tests.crash.stage import Stage, until

SENT = """SELECT (SELECT max(notification_id) FROM {schema}{tracking} WHERE application_name = 'follower:relay'),
 max(CASE WHEN topic <> 'copy' THEN {id} ELSE 0 END) FROM {schema}stored_events"""
COLUMNS = 2
SCHEMA_S = 120.0


def lose(stage: Stage, name: str) -> None:
    """Its journal and its views are gone; it starts with nothing but Kafka."""
    _stop_when_all_is_sent(stage, name)
    if stage.database:
        stage.database.execute(f"DROP SCHEMA jejak_{name} CASCADE")
    else:
        for path in stage.directory.glob(f"{name}.*sqlite*"):
            path.unlink()
    _start(stage, name)


def copy(stage: Stage, name: str) -> None:
    """A backup of the running lane's journal, as an operator takes it."""
    if stage.database:
        deadline = time.monotonic() + SCHEMA_S
        while stage.database.query(f"SELECT to_regclass('jejak_{name}.notification_tracking')") == [(None,)]:
            assert time.monotonic() < deadline, f"{name}, whose store was lost, has made no new one"
            time.sleep(0.1)
        stage.database.dump(f"jejak_{name}", _copy_of(stage, name))
        return
    with closing(sqlite3.connect(stage.directory / f"{name}.sqlite")) as source, closing(sqlite3.connect(_copy_of(stage, name))) as target:
        source.backup(target)


def restore(stage: Stage, name: str) -> None:
    """The last backup comes back under the lane."""
    _stop_when_all_is_sent(stage, name)
    if stage.database:
        stage.database.restore(f"jejak_{name}", _copy_of(stage, name))
    else:
        for ending in ("-wal", "-shm"):
            (stage.directory / f"{name}.sqlite{ending}").unlink(missing_ok=True)
        _copy_of(stage, name).replace(stage.directory / f"{name}.sqlite")
    _copy_of(stage, name).unlink(missing_ok=True)
    _start(stage, name)


def has_copy(stage: Stage, name: str) -> bool:
    return _copy_of(stage, name).exists()


def _copy_of(stage: Stage, name: str) -> Path:
    return stage.directory / f"{name}.copy"


def _stop_when_all_is_sent(stage: Stage, name: str) -> None:
    """Kill its processes at a moment when everything they committed is on Kafka; else let them go on and try again."""

    def sent() -> bool:
        told = stage.row(name, SENT)
        return len(told) == COLUMNS and told[0] >= told[1]

    def killed() -> bool:
        if not sent():
            return False
        for lane in stage.of(name):
            lane.kill()
        if sent():
            return True
        for lane in stage.of(name):
            lane.start()
        return False

    until(killed, f"{name} has sent everything", READY_S * 2)


def _start(stage: Stage, name: str) -> None:
    for lane in stage.of(name):
        lane.start()
