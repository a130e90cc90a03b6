"""The same figures as the log grows: replay, memory, disk, and whole lives on top of what lies there already."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks import topics, whole_lives
from benchmarks.load import EVENTS_A_LIFE
from benchmarks.replay import Replay, fill, replay
from bus.kafka import Kafka
from lane.inbox import Inbox, open_engine

ARCHIVE = "archive"


@dataclass(frozen=True)
class Size:
    """Everything measured at one size of the log. `lives`: lives a second with that many events in every journal."""

    events: int
    replay: Replay
    lives: list[float]
    journal_bytes_an_event: float


def growth(kafka: Kafka, sizes: list[int], *, repeats: int, lives: int, directory: Path) -> list[Size]:
    """Raises WrongCount."""
    asyncio.run(topics.fresh(kafka))
    found, held = [], 0
    for size in sizes:
        fill(kafka, first=held, events=size)
        here = directory / f"{size}"
        here.mkdir()
        at = replay(kafka, size, repeats, here)
        journal = _lanes_from(here)
        asyncio.run(topics.fresh_inbound(kafka))
        rates = whole_lives.lives(kafka, lives, repeats, here, f"sqlite:{here / 'store'}/", before=size)
        held = size + lives * repeats * EVENTS_A_LIFE
        found.append(Size(size, at, rates.lives_per_s, journal / size))
        shutil.rmtree(here)
    return found


def _lanes_from(directory: Path) -> int:
    """Give every lane the rebuilt journal, with the indexes of its inbox. Returns the bytes of one journal."""
    store = directory / "store"
    (directory / "journal").rename(store)
    file = store / f"{ARCHIVE}.sqlite"
    for lane in whole_lives.LANES:
        if lane != ARCHIVE:
            shutil.copyfile(file, store / f"{lane}.sqlite")
        inbox = Inbox(lane, open_engine(f"sqlite:{store}/", lane))
        inbox.prepare()
        inbox.engine.dispose()
    return file.stat().st_size
