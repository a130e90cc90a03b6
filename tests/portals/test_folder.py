"""The folder portal's own promises: pages, catalogue, addresses and names."""

import json
import re
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from lane.files import FileProblem
from portals.desired import Desired
from portals.folder.disk import take_away
from portals.folder.folder import FolderPortal
from portals.folder.names import key_of, names_on_disk
from portals.kinds import open_portal
from portals.portal import Code, PortalProblem
from tests.portals.folder_reader import links, read_catalogue, read_dataset
from tests.portals.portals import Stage, folder_stage, show_overview
from tests.portals.samples import FIRST, PERSONAL_DATA, SECOND, Shelf, unseen
from tests.portals.test_portals import NAMES


def test_pages_and_catalogue_lead_to_every_file_and_say_who_and_what(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    for number in range(3):
        on_folder.publish(shelf, shelf.publication(f"data-{number}", FIRST, opd=f"opd-{number % 2}"))
    show_overview(on_folder)
    listed = read_catalogue(root)
    assert sorted(listed) == ["data-0", "data-1", "data-2"]
    assert listed["data-1"]["dct:publisher"]["foaf:name"] == "Dinas opd-1"
    assert listed["data-1"]["dct:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    assert {file["dct:title"] for file in listed["data-1"]["dcat:distribution"]} == set(FIRST)
    record = read_dataset(root, "data-1")
    assert record is not None
    assert "retention" not in record["dataset"]
    page = (root / "dataset/data-1/latest/index.html").read_text()
    assert '<html lang="id">' in page
    assert "Kepala Bidang" in page
    assert "31 Desember 2025" in page
    assert "opd-1" in (root / "opd/opd-1.html").read_text()
    assert "Dinas opd-0</a>: 2 data" in (root / "index.html").read_text()


def test_addresses_are_where_the_public_finds_the_files_and_last(root: Path, shelf: Shelf) -> None:
    """In the events as in the catalogue, which other portals parse without knowing where it came from."""
    address = "https://data.example.go.id/"
    on_folder = replace(folder_stage(root), portal=open_portal(f"folder:{root}", public_url=address))
    first = on_folder.publish(shelf, shelf.publication("data", FIRST))
    second = on_folder.publish(shelf, shelf.publication("data", SECOND))
    show_overview(on_folder)
    for published, contents in ((first, FIRST), (second, SECOND)):
        assert {(root / file.url.removeprefix(address)).read_bytes() for file in published.files} == set(contents.values())
        assert (root / published.url.removeprefix(address)).is_file()
        assert "latest" not in published.url
    catalogue = json.loads((root / "catalog.jsonld").read_bytes())
    entry = catalogue["dcat:dataset"][0]
    links = [
        catalogue["@id"],
        entry["@id"],
        *(file[key] for file in entry["dcat:distribution"] for key in ("dcat:downloadURL", "dcat:accessURL")),
    ]
    assert all((root / link.removeprefix(address)).is_file() for link in links)


def test_a_mailbox_and_a_media_type_are_good_addresses_whatever_is_in_them(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    """RFC 6068, RFC 3987: a harvester that reads JSON-LD strictly refuses a whole catalogue for one of them."""
    made = shelf.publication("data", FIRST, responsible={"position": "Kepala", "email": "a{b}%c?d#e&f@example.go.id"})
    on_folder.publish(shelf, replace(made, files=tuple(file.model_copy(update={"media_type": "text/x^y#z; a=b"}) for file in made.files)))
    show_overview(on_folder)
    mailbox = "mailto:a%7Bb%7D%25c%3Fd%23e%26f@example.go.id"
    assert mailbox in links((root / "dataset/data/latest/index.html").read_text())
    entry = read_catalogue(root)["data"]
    assert entry["dcat:contactPoint"]["vcard:hasEmail"]["@id"] == mailbox
    assert {file["dcat:mediaType"].rpartition("/")[2] for file in entry["dcat:distribution"]} == {"x%5Ey%23z"}


def test_the_listed_page_leads_to_the_earlier_ones_and_they_say_that_they_are_superseded(
    on_folder: Stage, root: Path, shelf: Shelf
) -> None:
    made = [shelf.publication("data", {"desa.csv": str(n).encode()}) for n in range(3)]
    for number in (1, 2, 0):
        on_folder.publish(shelf, made[number])
    page = root / "dataset/data/latest/index.html"
    assert page.read_text().count(", disetujui 2") == 2
    for number in (0, 1):
        old = (root / "dataset/data" / key_of(made[number]) / "index.html").read_text()
        assert "Ini edisi lama" in old
        assert 'href="../latest/index.html"' in old
    assert "edisi lama" not in page.read_text()
    on_folder.retract(shelf, made[1])
    assert page.read_text().count(", disetujui 2") == 1
    read_dataset(root, "data")


def test_a_tombstone_says_why_but_never_the_note_and_leaves_the_catalogue(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", FIRST, title="Daftar <b>penerima</b>")
    published = on_folder.publish(shelf, publication)
    show_overview(on_folder)
    on_folder.retract(shelf, publication)
    show_overview(on_folder)
    page = (root / "dataset/data/latest/index.html").read_text()
    assert "memuat data pribadi" in page
    assert "<b>" not in page
    everything = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert PERSONAL_DATA.note.encode() not in everything, "the note may quote the very data that were taken down"
    assert "telah ditarik" in (root / published.url.removeprefix("/portal/")).read_text(), "at the edition's own address too"
    assert read_catalogue(root) == {}
    assert not list(root.rglob("*.csv")), "a withdrawn file must not lie about anywhere"


def test_names_on_disk_are_plain_distinct_and_never_run(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    publication = shelf.publication("data", {name: name.encode() for name in NAMES}, title="<img onerror=alert(1)>")
    on_folder.publish(shelf, publication)
    names = names_on_disk(publication.files)
    assert len({name.casefold() for name in names}) == len(NAMES)
    assert all(name.isascii() and name.count(".") == 1 and "/" not in name and len(name) < 120 for name in names)
    assert not any(name.endswith((".html", ".php", ".svg", ".js")) for name in names)
    record = read_dataset(root, "data")
    assert record is not None
    assert [file["name"] for file in record["files"]] == list(NAMES)


def test_a_folder_that_cannot_be_written_is_said_at_start_and_when_publishing(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("not a folder")
    portal = FolderPortal(tmp_path / "file")
    assert len(portal.check(largest_file=1)) == 1
    with pytest.raises(PortalProblem) as problem:
        portal.apply(Desired("data", shelf.publication("data", FIRST)), shelf.files, about=None, step=unseen)
    assert problem.value.code is Code.STORAGE


def test_check_says_when_the_largest_file_would_not_fit(on_folder: Stage) -> None:
    assert "tempat" in on_folder.portal.check(largest_file=1 << 60)[0]


def test_publishing_costs_the_same_however_many_editions_there_were(on_folder: Stage, shelf: Shelf) -> None:
    """Counted in files opened and folders looked into."""
    looked_into, counting = list[str](), threading.Event()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if counting.is_set() and event in {"open", "os.scandir"}:
            looked_into.append(str(arguments[0]))

    sys.addaudithook(hook)
    counts = []
    for number in range(12):
        publication = shelf.publication("data", {"desa.csv": b"%d" % number})
        looked_into.clear()
        counting.set()
        on_folder.publish(shelf, publication)
        counting.clear()
        counts.append(len(looked_into))
    assert max(counts[2:]) == counts[2]
    assert on_folder.differences("data") == []


def test_a_look_at_the_pages_over_all_costs_in_proportion_to_the_datasets(on_folder: Stage, root: Path) -> None:
    def calls(datasets: int) -> int:
        for number in range(datasets):
            (root / f"dataset/data-{number}").mkdir(exist_ok=True)
        seen: Counter[str] = Counter()
        sys.setprofile(lambda _frame, event, _told: seen.update((event,)))
        try:
            on_folder.portal.overview_differences([])
        finally:
            sys.setprofile(None)
        return seen.total()

    few = calls(300)
    assert calls(600) < 3 * few, "as many datasets again, and not four times the work"


def test_the_first_datasets_of_a_new_portal_may_come_at_once(tmp_path: Path, shelf: Shelf) -> None:
    wanted = [Desired(name, shelf.publication(name, FIRST)) for name in ("satu", "dua", "tiga", "empat")]
    with ThreadPoolExecutor(len(wanted)) as workers:
        for number in range(25):
            portal = FolderPortal(tmp_path / f"portal-{number}")
            apply = partial(portal.apply, files=shelf.files, about=None, step=unseen)
            assert list(workers.map(apply, wanted)) == [None] * len(wanted)
            assert set(portal.names()) == {one.dataset_id for one in wanted}


def test_what_is_being_written_has_a_name_that_nobody_knows_and_nobody_else_may_look(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    """The root is served: a page or a file is there once it has its own name, and two writers never share a draft."""
    places, watching = list[tuple[str, str]](), threading.Event()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching.is_set() and event == "os.rename" and str(arguments[1]).startswith(str(root)):
            place = Path(str(arguments[0])).parent
            places.append((place.name, oct(place.stat().st_mode & 0o777)))

    sys.addaudithook(hook)
    watching.set()
    for word in (b"satu", b"dua"):
        on_folder.publish(shelf, shelf.publication("data", {"desa.csv": word}))
        show_overview(on_folder)
    watching.clear()
    names = {name for name, _ in places}
    assert len(names) == 4, "one a writer, gone when it is done"
    assert all(re.fullmatch(r"\.draft-[0-9a-f]{16}", name) for name in names)
    assert {mode for _, mode in places} == {"0o700"}
    assert list(root.rglob(".draft*")) == []


def test_what_was_taken_down_is_gone_though_another_edition_cannot_be_shown(tmp_path: Path) -> None:
    """Its files go before anything is written: what is missing of the edition before it, or a full disk, keeps nothing up."""
    root, shelf = tmp_path / "portal", Shelf(tmp_path / "files")
    on_folder = folder_stage(root)
    first = shelf.publication("data", {"desa.csv": b"nomor satu"})
    second = shelf.publication("data", {"desa.csv": b"NIK 3313"})
    on_folder.publish(shelf, first)
    on_folder.publish(shelf, second)
    for path in (path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"nomor satu"):
        path.unlink()

    with pytest.raises((PortalProblem, FileProblem)):
        on_folder.retract(shelf, second, relist=True)

    assert [path for path in root.rglob("*") if path.is_file() and path.read_bytes() == b"NIK 3313"] == []


def test_what_can_go_is_gone_before_one_that_cannot_is_told(tmp_path: Path) -> None:
    (tmp_path / "z").mkdir()
    (tmp_path / "z" / "held.txt").write_text("x")
    (tmp_path / "a.csv").write_text("x")

    with pytest.raises(OSError, match="not empty"):
        take_away(str(tmp_path), ["a.csv", "z/"])

    assert not (tmp_path / "a.csv").exists()


def test_the_overview_opens_no_folder_of_the_operator(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    root, shelf = tmp_path / "portal", Shelf(tmp_path / "files")
    on_folder = folder_stage(root)
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    private = root / "privat"
    private.mkdir(mode=0o700)
    root.chmod(0o700)

    show_overview(on_folder)

    assert [oct(folder.stat().st_mode & 0o777) for folder in (root, private)] == ["0o700", "0o700"]
