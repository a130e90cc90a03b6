"""The same figures as the log grows: replay, memory, disk, and whole lives on top of what lies there already."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks import topics, whole_lives
from benchmarks.load import EVENTS_A_LIFE
from benchmarks.measure import expect
from benchmarks.replay import Replay, fill, replay
from bus.kafka import Kafka
from events.journal import Journal
from events.stores import open_store
from lane.worklist import Worklist, open_engine

ARCHIVE = "archive"


@dataclass(frozen=True)
class Size:
    """Everything measured at one size of the log. `lives`: lives a second with that many events in every journal."""

    events: int
    replay: Replay
    lives: list[float]
    journal_bytes_an_event: float
    views_bytes_a_submission: float


def growth(kafka: Kafka, sizes: list[int], *, repeats: int, lives: int, directory: Path) -> list[Size]:
    """Raises WrongCount."""
    asyncio.run(topics.fresh(kafka))
    found, held = [], 0
    for size in sizes:
        fill(kafka, first=held, events=size)
        here = directory / f"{size}"
        here.mkdir()
        at = replay(kafka, size, repeats, here)
        journal, views = _lanes_from(here, size)
        asyncio.run(topics.fresh_inbound(kafka))
        rates = whole_lives.lives(kafka, lives, repeats, here, f"sqlite:{here / 'store'}/", before=size)
        held = size + lives * repeats * EVENTS_A_LIFE
        found.append(Size(size, at, rates.lives_per_s, journal / size, views * EVENTS_A_LIFE / size))
        shutil.rmtree(here)
    return found


def _lanes_from(directory: Path, events: int) -> tuple[int, int]:
    """Give every lane the rebuilt journal, with its worklist. Returns the bytes of one journal and of one worklist."""
    store = directory / "store"
    (directory / "journal").rename(store)
    journal = Journal(open_store(f"sqlite:{store}/", ARCHIVE), ARCHIVE)
    worklist = Worklist(journal, open_engine(f"sqlite:{store}/", ARCHIVE))
    worklist.prepare()
    expect("worklist", worklist.follow(), events)
    worklist.engine.dispose()
    journal.store.close()
    files = (store / f"{ARCHIVE}.sqlite", store / f"{ARCHIVE}.views.sqlite")
    for lane in whole_lives.LANES:
        for file in files:
            if lane != ARCHIVE:
                shutil.copyfile(file, store / file.name.replace(ARCHIVE, lane, 1))
    return files[0].stat().st_size, files[1].stat().st_size
