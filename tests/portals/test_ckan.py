"""What is CKAN's own: rights, refusals in plain words, large files, its rules for names and tags, what others changed by hand."""

import hashlib
import json
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

import pytest
import requests

from events.metadata import File
from lane.files import Files
from portals.desired import Desired, Publication
from portals.kinds import open_portal
from portals.portal import Code, Portal, PortalProblem
from tests.ckan.server import MAX_MB, CkanServer
from tests.portals.portals import CkanReader, Stage
from tests.portals.samples import FIRST, Shelf, unseen

pytestmark = pytest.mark.needs("ckan")

DESA = {"desa.csv": b"kode,nama\n1,Jaten\n"}


def refusal(portal: Portal, publication: Publication, files: Files) -> PortalProblem:
    with pytest.raises(PortalProblem) as problem:
        portal.apply(Desired(publication.dataset.dataset_id, publication), files, about=publication.submission_id, step=unseen)
    return problem.value


def test_metadata_stand_where_ckan_dip_and_satu_data_look_for_them(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA, method="Sensus", version="2")
    published = on_ckan.publish(shelf, publication)
    package = reader.public(name)
    assert package is not None
    extras = {extra["key"]: extra["value"] for extra in package["extras"]}
    resource = package["resources"][0]
    assert (package["title"], package["notes"], package["license_id"]) == ("Daftar desa", "Semua desa dan kelurahan.", "cc-by")
    assert (package["author"], package["maintainer"], package["version"]) == ("Bidang Pemerintahan Desa", "Kepala Bidang", "2")
    assert package["organization"]["title"] == "Dinas dispermades"
    assert [tag["name"] for tag in package["tags"]] == ["desa", "kelurahan"]
    assert extras["frequency"] == "annual"
    assert extras["spatial_coverage"] == extras["produsen_data_city_code"] == "33.13"
    assert extras["access_rights"] == "berkala"
    assert extras["de_identified_data"] == "tidak memuat data pribadi"
    assert extras["id_dds"] == name
    assert extras["dip_unit_yang_menguasai"] == "Dinas dispermades, Bidang Pemerintahan Desa"
    assert extras["dip_bentuk_informasi"] == "CSV"
    assert "retensi" not in json.dumps(package).lower()
    assert (resource["sha256"], resource["sequence"]) == (publication.files[0].sha256, "4")
    assert resource["submission_id"] == extras["submission_id"] == str(publication.submission_id)
    assert json.loads(resource["schema"])["fields"][0]["name"] == "kode_wilayah"
    assert published.url == f"{reader.server.address}/dataset/{package['id']}", "outlives a change of name"
    assert requests.get(published.url, timeout=30).status_code == 200
    assert published.files[0].url == resource["url"]
    assert published.portal_version is not None
    assert published.revision == package["metadata_modified"]


def test_nobody_sees_a_new_dataset_before_its_files_were_compared(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    seen: dict[str, bool] = {}
    on_ckan.publish(shelf, shelf.publication(name, DESA), step=lambda step: seen.update({step: reader.public(name) is not None}))
    assert {"look", "upload", "read_back", "show"} <= seen.keys()
    assert not any(seen[step] for step in ("look", "upload", "read_back", "show"))
    assert seen["public_look"]
    assert reader.public(name) is not None


def test_while_a_later_version_is_uploaded_the_live_one_stays_and_the_new_files_say_what_they_are(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    first, second = shelf.publication(name, {"desa.csv": b"lama"}), shelf.publication(name, {"desa.csv": b"baru"}, title="Versi dua")
    on_ckan.publish(shelf, first)
    seen: dict[str, tuple[str, list[str]]] = {}

    def look(step: str) -> None:
        package = reader.public(name)
        assert package is not None
        seen[step] = (package["title"], [resource["name"] for resource in package["resources"]])

    on_ckan.publish(shelf, second, step=look)
    assert seen["upload"] == ("Daftar desa", ["desa.csv"])
    assert seen["show"] == ("Daftar desa", ["desa.csv", "desa.csv (sedang diunggah, belum terbit)"])
    package = reader.public(name)
    assert package is not None
    assert package["title"] == "Versi dua"
    assert [resource["name"] for resource in package["resources"]] == [
        "desa.csv",
        f"desa.csv (edisi {first.edition}, disetujui 2026-11-23)",
    ]


def test_publishing_again_writes_nothing(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    publication = shelf.publication(name, DESA)
    on_ckan.publish(shelf, publication)
    before = reader.public(name)
    on_ckan.publish(shelf, publication)
    assert reader.public(name) == before


class Zeros:
    """A store with one large file that takes no place."""

    def __init__(self, size: int) -> None:
        self.size_of = size
        digest = hashlib.sha256()
        for chunk in self.read(""):
            digest.update(chunk)
        self.file = File(name="besar.csv", media_type="text/csv", bytes=size, sha256=digest.hexdigest())

    def read(self, _: str) -> Iterator[bytes]:
        for start in range(0, self.size_of, 1 << 20):
            yield bytes(min(1 << 20, self.size_of - start))


def test_fifty_megabytes_go_through_without_being_held_in_memory(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    zeros = Zeros(50_000_000)
    publication = shelf.publication(name, {})
    large = replace(publication, files=(zeros.file,))
    tracemalloc.start()
    try:
        published = on_ckan.portal.apply(Desired(name, large), zeros, about=large.submission_id, step=unseen)  # type: ignore[arg-type]
        assert published is not None
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert published.files[0].sha256 == zeros.file.sha256
    assert peak < 12_000_000
    assert reader.kept(name) == {zeros.file.sha256}


def test_a_file_above_ckans_limit_is_refused_with_what_to_do_and_nothing_is_public(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    zeros = Zeros((MAX_MB + 2) << 20)
    publication = shelf.publication(name, {})
    problem = refusal(on_ckan.portal, replace(publication, files=(zeros.file,)), zeros)  # type: ignore[arg-type]
    assert problem.code is Code.TOO_LARGE
    assert "ckan.max_resource_size" in problem.message
    assert reader.public(name) is None
    small = shelf.publication(name, DESA)
    on_ckan.publish(shelf, small)
    assert reader.kept(name) == {small.files[0].sha256}


def test_a_dataset_that_someone_made_by_hand_is_not_touched(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    on_ckan.publish(shelf, shelf.publication(f"{name}-b", DESA))
    reader.act("package_create", name=name, owner_org="dispermades", title="Buatan tangan")
    problem = refusal(on_ckan.portal, shelf.publication(name, DESA), shelf.files)
    assert problem.code is Code.NAME_TAKEN
    assert "portal adopt" in problem.message
    found = on_ckan.portal.differences(Desired(name, shelf.publication(name, DESA)))
    assert [(one.what, "portal adopt" in one.found) for one in found] == [("deleted", True)]
    assert (reader.public(name) or {})["title"] == "Buatan tangan"


def test_what_ckan_does_not_accept_is_said_with_ckans_own_words(on_ckan: Stage, shelf: Shelf, name: str) -> None:
    responsible = {"position": "Kepala Bidang", "email": "(bidang)@contoh"}
    problem = refusal(on_ckan.portal, shelf.publication(name, DESA, responsible=responsible), shelf.files)
    assert problem.code is Code.INVALID
    assert "maintainer_email" in problem.message


def test_a_wrong_token_is_noticed_at_start_and_when_publishing(ckan: CkanServer, shelf: Shelf, name: str) -> None:
    portal = open_portal(ckan.address, token="salah")
    assert "JEJAK_PORTAL_TOKEN" in portal.check(largest_file=1)[0]
    problem = refusal(portal, shelf.publication(name, DESA), shelf.files)
    assert problem.code is Code.NOT_AUTHORIZED
    assert "JEJAK_PORTAL_TOKEN" in problem.message


def test_an_editor_of_the_organization_may_publish_and_one_without_rights_is_told_so(
    ckan: CkanServer, reader: CkanReader, on_ckan: Stage, shelf: Shelf, name: str
) -> None:
    user = f"editor-{uuid.uuid4().hex[:8]}"
    editors = replace(on_ckan, portal=open_portal(ckan.address, token=ckan.editor(user)))
    assert "bukan editor" in editors.portal.check(largest_file=1)[0]
    opd = f"opd-{uuid.uuid4().hex[:8]}"
    first = shelf.publication(name, DESA, opd=opd)
    assert refusal(editors.portal, first, shelf.files).code is Code.NOT_AUTHORIZED
    on_ckan.publish(shelf, shelf.publication(f"{name}-b", DESA, opd=opd))
    assert refusal(editors.portal, first, shelf.files).code is Code.NOT_AUTHORIZED
    reader.act("organization_member_create", id=opd, username=user, role="editor")
    assert editors.portal.check(largest_file=1) == []
    second = shelf.publication(name, {"desa.csv": b"baru"}, opd=opd)
    for publication in (first, second):
        editors.publish(shelf, publication)
    assert reader.kept(name) == {first.files[0].sha256, second.files[0].sha256}
    reader.act("package_delete", id=name)
    editors.publish(shelf, second)
    assert second.files[0].sha256 in reader.kept(name)
    editors.retract(shelf, second)
    assert reader.public(name) is None


def test_an_address_that_is_no_ckan_is_said_at_start(ckan: CkanServer) -> None:
    assert "CKAN" in open_portal(f"{ckan.address}/dataset", token=ckan.token).check(largest_file=1)[0]
    assert "dihubungi" in open_portal("http://127.0.0.1:9", token=ckan.token).check(largest_file=1)[0]


def test_a_good_configuration_has_nothing_wrong_and_a_limit_below_ours_is_said(
    on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str
) -> None:
    on_ckan.publish(shelf, shelf.publication(name, DESA))
    for _ in range(2):
        assert on_ckan.portal.check(largest_file=MAX_MB << 20) == []
    wrong = on_ckan.portal.check(largest_file=(MAX_MB + 2) << 20)
    assert "JEJAK_FILES_LIMIT_MB" in wrong[0]
    probe = reader.act("package_show", id="jejak-uji-ukuran-berkas")
    assert (probe["private"], [resource["size"] for resource in probe["resources"]]) == (True, [1])


def test_metadata_as_long_as_they_may_be(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    long = "ꦄ" * 19_000
    columns = [{"name": f"kolom_{n}", "type": "string", "description": "ꦏ" * 600} for n in range(1000)]
    publication = shelf.publication(
        name,
        {"desa.csv": b"1", "kota.csv": b"2"},
        summary=long,
        source=long,
        method=long,
        columns=columns,
        title="j" * 300,
        keywords=[f"kata {n} " + "x" * 90 for n in range(50)],
        regions=["33.13"] * 1000,
        theme="t" * 2000,
        version="v" * 2000,
    )
    on_ckan.publish(shelf, publication)
    assert on_ckan.differences(name) == []
    second = shelf.publication(name, {"desa.csv": b"3"}, columns=columns)
    on_ckan.publish(shelf, second)
    assert len(reader.kept(name)) == 3


def test_a_deleted_organization_is_said(on_ckan: Stage, reader: CkanReader, shelf: Shelf, name: str) -> None:
    opd = f"opd-{uuid.uuid4().hex[:8]}"
    reader.act("organization_create", name=opd)
    reader.act("organization_delete", id=opd)
    problem = refusal(on_ckan.portal, shelf.publication(name, DESA, opd=opd), shelf.files)
    assert (problem.code, problem.permanent) == (Code.GONE, True)
    assert "memulihkannya" in problem.message


def test_no_byte_of_what_was_taken_down_or_replaced_stays_on_ckans_disk(
    on_ckan: Stage, reader: CkanReader, ckan: CkanServer, shelf: Shelf, name: str
) -> None:
    """CKAN itself leaves the file of a removed resource where it lay."""
    secret, replaced = (f"NIK {uuid.uuid4()}".encode() for _ in range(2))

    def on_disk(content: bytes) -> list[str]:
        return [
            str(path) for path in ckan.data.rglob("*") if path.is_file() and path.stat().st_size < 10_000 and content in path.read_bytes()
        ]

    publication = shelf.publication(name, {"warga.csv": secret, "lain.csv": b"tidak rahasia"})
    on_ckan.publish(shelf, publication)
    assert on_disk(secret)
    resource = reader.act("package_show", id=name)["resources"][1]
    requests.post(
        f"{ckan.address}/api/3/action/resource_patch",
        data={"id": resource["id"]},
        files={"upload": ("lain.csv", replaced)},
        headers={"Authorization": ckan.token},
        timeout=30,
    ).raise_for_status()
    assert on_disk(replaced)
    on_ckan.repair(shelf, name)
    assert not on_disk(replaced)
    on_ckan.retract(shelf, publication)
    assert not on_disk(secret)


def test_what_is_taken_down_is_hidden_before_anything_that_may_fail(on_ckan: Stage, reader: CkanReader, shelf: Shelf) -> None:
    publication = shelf.publication(f"data-{uuid.uuid4().hex[:8]}", FIRST)
    on_ckan.publish(shelf, publication)

    with (
        patch("portals.ckan.dataset._put", side_effect=PortalProblem(Code.SERVER_ERROR, "Portal menolak unggahan.")),
        pytest.raises(PortalProblem),
    ):
        on_ckan.retract(shelf, publication)

    assert on_ckan.listed(publication.dataset.dataset_id) is None
