"""The folder portal's catalogue: what stands in `dataset/` goes in, catalog.jsonld, index.html and a page per OPD come out.

A publish only marks the catalogue stale; one thread writes it, at most once a second, for a thirtieth of a processor or once in
half a minute, so its cost per publish falls as the rate grows. What it knows of unchanged datasets it keeps in memory (about
3 kB each); a dataset costs one `stat` a round. It is always made from the folder itself, so a lost round is made good by the
next one.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from portals.folder.dcat import CONTEXT, dcat_dataset
from portals.folder.durable import only_one, sync_folder, write_whole
from portals.folder.pages import Entry, index_page, opd_page, stylesheet

INTERVAL: Final = 1.0  # seconds between two rounds
SHARE: Final = 30  # a round is followed by a pause of at least this many times what it took of a processor,
LONGEST: Final = 30.0  # but no more seconds than this
NEWEST: Final = 20  # datasets on the first page

log = logging.getLogger(__name__)
_Mark = tuple[int, int, int]


class Catalogue:
    """Keeps the catalogue of one folder portal up to date in a thread of its own, started with the first `stale`."""

    def __init__(self, root: Path, *, work: Path, interval: float = INTERVAL) -> None:
        self._root, self._work, self._interval = root, work, interval
        self._known: dict[str, tuple[_Mark, Entry | None]] = {}
        self._changed = threading.Condition()
        self._asked = self._written = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self.problem: OSError | None = None

    def stale(self) -> None:
        """Something in `dataset/` changed; the catalogue will follow soon."""
        with self._changed:
            if self._asked == self._written:  # else it has been told already, and waking it again only costs
                self._changed.notify_all()
            self._asked += 1
            self._closing = False
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_writing, name="portal-catalogue", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write what is still missing at once, and end the thread."""
        with self._changed:
            thread, self._closing = self._thread, True
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _keep_writing(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked > self._written or self._closing)
                if self._asked == self._written or (self._closing and self.problem):
                    self._thread = None
                    return
                asked = self._asked
            began = time.thread_time()
            try:
                self.write()
            except OSError as error:
                # Kept for check(), and tried again after the pause: a full disk must not end the catalogue for good.
                self.problem = error
                log.warning("catalogue not written: %s", error)
            else:
                self.problem, self._written = None, asked
            pause = max(self._interval, min(LONGEST, SHARE * (time.thread_time() - began)))
            with self._changed:
                self._changed.wait_for(lambda: self._closing, timeout=pause)

    def write(self) -> None:
        """One round: look at every dataset, write what differs from the round before. Raises OSError."""
        (self._work / "catalogue").mkdir(parents=True, exist_ok=True)
        (self._root / "opd").mkdir(exist_ok=True)
        with only_one(self._work / "catalogue.lock"):
            agencies = self._look()
            if not agencies and (self._root / "index.html").exists():
                return
            entries = [entry for _, entry in self._known.values() if entry]
            self._put("style.css", stylesheet())
            for opd in agencies:
                self._write_opd(opd, [entry for entry in entries if entry.opd == opd])
            self._put("catalog.jsonld", *_catalogue(entries))
            self._put("index.html", index_page(_opds(entries), sorted(entries, key=_newest_first)[:NEWEST]))
            sync_folder(self._root)

    def _look(self) -> set[str]:
        """Bring what is known up to date; returns the OPDs whose list of datasets changed."""
        seen: dict[str, tuple[_Mark, Entry | None]] = {}
        changed: set[str] = set()
        for dataset_id, mark in _standing(self._root / "dataset"):
            before = self._known.get(dataset_id)
            seen[dataset_id] = before if before and before[0] == mark else (mark, _read(self._root / "dataset" / dataset_id))
            if seen[dataset_id] is not before:
                changed |= {entry.opd for _, entry in (before or (mark, None), seen[dataset_id]) if entry}
        gone = (self._known[dataset_id][1] for dataset_id in self._known.keys() - seen.keys())
        changed |= {entry.opd for entry in gone if entry}
        self._known = seen
        return changed

    def _write_opd(self, opd: str, entries: list[Entry]) -> None:
        page = self._root / "opd" / f"{opd}.html"
        if entries:
            self._put(f"opd/{opd}.html", opd_page(_name(entries), sorted(entries, key=lambda entry: entry.title.casefold())))
        else:
            page.unlink(missing_ok=True)

    def _put(self, name: str, *chunks: bytes) -> None:
        write_whole(self._root / name, chunks, work=self._work / "catalogue")


def _standing(folder: Path) -> Iterator[tuple[str, _Mark]]:
    """Each dataset with a version, and a mark that changes when its metadata.json does."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            found = (path / "latest/metadata.json").stat()
        except FileNotFoundError:
            continue
        yield path.name, (found.st_ino, found.st_mtime_ns, found.st_size)


def _read(folder: Path) -> Entry | None:
    """A dataset's entry; None for a tombstone, and for what cannot be read as ours (`jejak portal diff` tells of that)."""
    try:
        version = (folder / "latest").readlink().name
        record = json.loads((folder / version / "metadata.json").read_bytes())
        if "retracted" in record:
            return None
        return Entry(
            dataset_id=folder.name,
            title=record["dataset"]["title"],
            opd=record["opd"],
            opd_name=record["opd_name"],
            approved_at=datetime.fromisoformat(record["approved_at"]),
            dcat=dcat_dataset(record, version=version).encode(),
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _catalogue(entries: list[Entry]) -> Iterator[bytes]:
    head = {"@context": CONTEXT, "@id": "catalog.jsonld", "@type": "dcat:Catalog", "dct:title": "Portal Open Data", "dct:language": "id"}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "dcat:dataset": [\n'
    yield b",\n".join(entry.dcat for entry in sorted(entries, key=lambda entry: entry.dataset_id))
    yield b"\n]}\n"


def _opds(entries: list[Entry]) -> list[tuple[str, str, int]]:
    """(code, name, number of datasets) of each OPD, by name."""
    by_opd: dict[str, list[Entry]] = {}
    for entry in entries:
        by_opd.setdefault(entry.opd, []).append(entry)
    return sorted(((opd, _name(own), len(own)) for opd, own in by_opd.items()), key=lambda row: row[1].casefold())


def _name(entries: list[Entry]) -> str:
    """An OPD's name as its newest dataset has it."""
    return min(entries, key=_newest_first).opd_name


def _newest_first(entry: Entry) -> tuple[float, str]:
    return -entry.approved_at.timestamp(), entry.dataset_id
