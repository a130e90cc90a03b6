"""The pages over all datasets: what is listed by the log in, catalog.jsonld, index.html, style.css and a page per OPD out. Pure.

Nothing is read from the folder: what somebody put there never gets into the catalogue.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from portals.desired import Desired
from portals.folder.dcat import CONTEXT, dcat_dataset
from portals.folder.names import key_of
from portals.folder.pages import record_of, render
from portals.folder.tree import Leaf

NEWEST: Final = 20  # datasets on the first page


@dataclass(frozen=True)
class Entry:
    """A dataset as the catalogue lists it: `line` on the page of its OPD, `dcat` in the catalogue."""

    dataset_id: str
    title: str
    opd: str
    opd_name: str
    approved_at: datetime
    line: str
    dcat: bytes


@dataclass
class Overview:
    """Every listed dataset (about 3 kB each). `base`: the public address that links begin with, "" for relative ones."""

    base: str
    entries: dict[str, Entry] = field(default_factory=dict)

    def take(self, changed: Iterable[Desired]) -> None:
        for desired in changed:
            if listed := desired.listed:
                dcat = dcat_dataset(record_of(listed), key=key_of(listed), base=self.base).encode()
                line = render("entry.html", dataset=listed.dataset, approved_at=listed.approved_at).decode()
                entry = Entry(desired.dataset_id, listed.dataset.title, listed.opd, listed.opd_name, listed.approved_at, line, dcat)
                self.entries[desired.dataset_id] = entry
            else:
                self.entries.pop(desired.dataset_id, None)

    def tree(self) -> dict[str, Leaf]:
        """Path below the portal's root → what should lie there."""
        by_opd: dict[str, list[Entry]] = {}
        for entry in sorted(self.entries.values(), key=lambda entry: (entry.title.casefold(), entry.dataset_id)):
            by_opd.setdefault(entry.opd, []).append(entry)
        # An OPD's name is as its newest dataset has it.
        opds = [(opd, min(own, key=_newest_first).opd_name, [entry.line for entry in own]) for opd, own in by_opd.items()]
        opds.sort(key=lambda row: row[1].casefold())
        newest = heapq.nsmallest(NEWEST, self.entries.values(), key=_newest_first)
        pages = {f"opd/{opd}.html": render("opd.html", name=name, count=len(lines), lines="\n".join(lines)) for opd, name, lines in opds}
        pages |= {
            "catalog.jsonld": self._catalogue(),
            "index.html": render("index.html", opds=opds, newest=newest),
            "style.css": render("style.css"),
        }
        return {path: Leaf(content, None) for path, content in pages.items()}

    def _catalogue(self) -> bytes:
        head = {
            "@context": CONTEXT,
            "@id": f"{self.base}catalog.jsonld",
            "@type": "dcat:Catalog",
            "dct:title": "Portal Open Data",
            "dct:language": "id",
        }
        datasets = b",\n".join(self.entries[dataset_id].dcat for dataset_id in sorted(self.entries))
        return json.dumps(head, ensure_ascii=False)[:-1].encode() + b', "dcat:dataset": [\n' + datasets + b"\n]}\n"


def _newest_first(entry: Entry) -> tuple[float, str]:
    return -entry.approved_at.timestamp(), entry.dataset_id
