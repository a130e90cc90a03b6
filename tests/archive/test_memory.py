"""Nothing is sized by how much there is: ten times the events take the same memory."""

import tracemalloc
import uuid
from pathlib import Path

import pytest

from archive.export import lines
from archive.facts import ROW_BYTES, fact_of_message, pack, read_quickly
from archive.proof import check
from archive.runs import Runs
from archive.sources import JournalSource, KafkaRuns
from benchmarks.load import as_logged
from events.migration import rebuild_heads
from events.recorder import Store
from events.stores import open_store
from tests.archive.copies import stored

FEW, MANY = 1_000, 10_000  # many enough that the buffers are full at the few


@pytest.fixture(autouse=True)
def _small_buffers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Buffers that also the few lives fill."""
    monkeypatch.setattr("archive.runs.ROWS_A_RUN", 600)
    monkeypatch.setattr("archive.runs.RUNS_A_LEVEL", 4)
    monkeypatch.setattr("archive.sources.ROWS_A_SELECT", 200)


def test_checking_takes_the_same_memory_for_ten_times_as_many(tmp_path: Path) -> None:
    few, many = (peak(tmp_path / str(n), n) for n in (FEW, MANY))
    assert many < 1.2 * few


def peak(directory: Path, n: int) -> int:
    """Bytes at most in use while a log with every submission open at once is sorted, checked against a journal, and exported."""
    directory.mkdir()
    store = filled(directory, n)
    tracemalloc.start()
    try:
        runs = Runs(directory, "log", ROW_BYTES)
        for offset, (key, raw) in enumerate(as_logged(n, wide=100)):
            runs.add(pack(fact_of_message(key, raw, offset, read=read_quickly)))
        report = check({"kafka": KafkaRuns(runs.finish()), "journal archive": JournalSource(store)})
        assert (report.ok, report.events, report.submissions) == (True, 5 * n, n)
        assert sum(1 for _ in lines(store)) == 5 * n
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        store.close()


def filled(directory: Path, n: int) -> Store:
    store = open_store(f"sqlite:{directory}", "archive")
    sequences: dict[bytes, int] = {}
    rows = []
    for key, raw in as_logged(n, wide=100):
        sequences[key] = sequences.get(key, 0) + 1
        rows.append((str(uuid.UUID(key.decode())), sequences[key], raw))
    store.write(stored(rows))
    rebuild_heads(store)
    return store
