"""Metadata in CKAN's words."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portals.ckan.mapping import extras_of, format_of, resource_id, resources_of, tags_of
from portals.ckan.multipart import Multipart
from portals.ckan.package import ADOPTED, differences_of, to_take_down
from portals.desired import Desired, Tombstone
from tests.portals.samples import PERSONAL_DATA, Shelf, dataset


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.mark.parametrize(
    ("keywords", "tags"),
    [
        (["desa", "kelurahan"], ["desa", "kelurahan"]),
        (["Desa & Kelurahan", "data/desa"], ["Desa Kelurahan", "data desa"]),
        (["padi, jagung; kedelai"], ["padi jagung kedelai"]),
        (["Ünï", "村落"], ["Ünï", "村落"]),
        (["x", "!!!", "  a  "], []),
        (["desa", "desa"], ["desa"]),
    ],
)
def test_keywords_become_tags_that_ckan_takes(keywords: list[str], tags: list[str]) -> None:
    assert tags_of(dataset("data", keywords=keywords)) == tags


@given(st.lists(st.text(min_size=1, max_size=100).filter(lambda text: text.strip() and text.isprintable()), min_size=1, max_size=50))
def test_every_tag_keeps_ckans_rules(keywords: list[str]) -> None:
    tags = tags_of(dataset("data", keywords=keywords))
    assert len(tags) == len(set(tags))
    assert all(2 <= len(tag) <= 100 and all(char.isalnum() or char in " -_." or char.isidentifier() for char in tag) for tag in tags)


def test_extras_fit_what_solr_takes_and_lose_no_half_letter(shelf: Shelf) -> None:
    extras = extras_of(shelf.publication("data", {"a.csv": b"1"}, method="ꦄ" * 19_000))
    assert len(extras["method"].encode()) <= 32_000
    assert set(extras["method"]) == {"ꦄ", "…"}


def test_the_same_file_of_a_submission_always_has_the_same_resource(shelf: Shelf) -> None:
    publication = shelf.publication("data", {"a.csv": b"1", "b.xlsx": b"2"})
    first, again = (resources_of(publication, status) for status in ("incoming", "current"))
    assert [one["id"] for one in first] == [one["id"] for one in again] == [resource_id(publication, 0), resource_id(publication, 1)]
    assert [format_of(file) for file in publication.files] == ["CSV", "XLSX"]


def test_a_form_with_a_file_has_the_length_it_says() -> None:
    form = Multipart({"match": '{"nama": "désa"}'}, field="upload", name='a"b\r\nc-村.csv', content=[b"satu", b"dua"], size=7)
    body = b"".join(form)
    assert len(form) == len(body)
    assert body.count(b"Content-Disposition") == 2
    assert b"\r\nc-" not in body


def test_a_mark_of_a_takeover_on_ckan_is_told_unless_the_log_says_so_and_costs_no_file() -> None:
    """Whoever may edit there can write it; but where the directory was lost, files of before Jejak could not be had again."""
    marked = {"id": "1", "name": "lama.csv", "version_status": "adopted"}
    package: dict[str, Any] = {"state": "active", "private": True, "extras": [{"key": ADOPTED, "value": "1"}], "resources": [marked]}
    assert to_take_down(package, Desired("data")) == []
    assert [(one.what, one.field) for one in differences_of(package, Desired("data"), {})] == [("file_added", "lama.csv")]
    assert to_take_down(package | {"extras": []}, Desired("data")) == [marked], "a mark on the file alone is a forgery"
    adopted = Desired("data", adopted="id-by-the-log")
    assert to_take_down(package, adopted) == []
    assert list(differences_of(package, adopted, {})) == []


def test_what_was_withdrawn_does_not_stay_by_such_a_mark(shelf: Shelf) -> None:
    withdrawn = shelf.publication("data", {"desa.csv": b"NIK"})
    marked = {"id": resource_id(withdrawn, 0), "name": "desa.csv", "version_status": "adopted"}
    package: dict[str, Any] = {"state": "active", "private": True, "extras": [{"key": ADOPTED, "value": "1"}], "resources": [marked]}
    stone = Tombstone(withdrawn, PERSONAL_DATA)
    for desired in (Desired("data", withdrawn=(stone,)), Desired("data", withdrawn=(stone,), adopted="id-by-the-log")):
        assert to_take_down(package, desired) == [marked]


@pytest.mark.parametrize("forged", [["x"], {"a": 1}, 7, None])
def test_a_file_marked_with_anything_that_json_has_is_a_difference_like_any_other(forged: object) -> None:
    resource = {"id": "1", "name": "palsu.csv", "submission_id": forged, "version_status": forged}
    package: dict[str, Any] = {"state": "active", "private": True, "extras": [], "resources": [resource]}
    assert [(one.what, one.field) for one in differences_of(package, Desired("data"), {})] == [("file_added", "palsu.csv")]
    assert to_take_down(package, Desired("data")) == [resource]
