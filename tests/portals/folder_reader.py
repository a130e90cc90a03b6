"""A reader of the folder portal who trusts nothing: everything that a page, a record or the catalogue names must be there and be right."""

import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any


def files_of_all_versions(root: Path, dataset_id: str) -> set[str]:
    return {_sha256(path) for path in (root / "dataset" / dataset_id).glob("2*/files/*")}


def read_dataset(root: Path, dataset_id: str) -> dict[str, Any] | None:
    """metadata.json of the listed version, after checking it and its page; None when nothing is listed."""
    link = root / "dataset" / dataset_id / "latest"
    if not link.is_symlink():
        return None
    return read_version(link.resolve(strict=True))


def read_version(version: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((version / "metadata.json").read_bytes())
    page = (version / "index.html").read_text("utf-8")
    assert page.endswith("</html>"), "half a page"
    for file in record.get("files", []):
        assert _sha256(version / file["path"]) == file["sha256"]
    for address in links(page):
        if not address.startswith("mailto:") and not _in_catalogue(address):
            assert (version / address).exists(), f"{version.name} links to {address}, which is not there"
    return record


def read_catalogue(root: Path) -> dict[str, dict[str, Any]]:
    """dataset_id → dcat:Dataset, after checking that all that is listed is there."""
    catalogue = json.loads((root / "catalog.jsonld").read_bytes())
    listed = {entry["dct:identifier"]: entry for entry in catalogue["dcat:dataset"]}
    for entry in listed.values():
        assert (root / entry["@id"]).exists()
        for distribution in entry["dcat:distribution"]:
            assert _sha256(root / distribution["dcat:downloadURL"]) == distribution["spdx:checksum"]["spdx:checksumValue"]
    for page in (root / "index.html", *(root / "opd").glob("*.html")):
        for address in links(page.read_text("utf-8")):
            assert (page.parent / address).exists(), f"{page.name} links to {address}, which is not there"
    return listed


def links(page: str) -> list[str]:
    found: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in {"script", "iframe", "img"}, f"the page has a <{tag}>"
            assert not any(name.startswith("on") for name, _ in attrs), "the page has a handler"
            found.extend(value for name, value in attrs if name in {"href", "src"} and value and not value.startswith("#"))

    Links().feed(page)
    return found


def _in_catalogue(address: str) -> bool:
    return re.fullmatch(r"(\.\./)*(style\.css|index\.html|catalog\.jsonld)", address) is not None


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
