"""Whatever breaks between Jejak and CKAN, at whichever request: publishing again gives exactly one dataset with the right files."""

import hashlib
import itertools
import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import pytest

from portals.desired import Publication
from portals.portal import Code, PortalProblem
from tests.ckan.server import CkanServer
from tests.faults.proxy import Cut, Fault, FaultProxy, LoseAnswer, Silence, http_answer
from tests.portals.portals import CkanReader, Log, Stage, ckan_stage
from tests.portals.samples import Shelf

pytestmark = pytest.mark.needs("ckan")

SILENT_S = 2.0
BIG = b"kode,nama\n" * 30_000

FAULTS: dict[str, Fault] = {
    "cut before": Cut(),
    "cut in the middle": Cut(after=600),
    "answer lost": LoseAnswer(),
    "answer cut": LoseAnswer(after=100),
    "500": http_answer("500 Internal Server Error"),
    "502": http_answer("502 Bad Gateway"),
    "503": http_answer("503 Service Unavailable", "Retry-After: 7"),
}

FEWER = ("cut in the middle", "answer lost", "503")


@pytest.fixture
def proxy(ckan: CkanServer) -> Iterator[FaultProxy]:
    address = urlsplit(ckan.address)
    with FaultProxy(str(address.hostname), int(address.port or 80)) as made:
        yield made


def through(proxy: FaultProxy, ckan: CkanServer, *, timeout: float = 30) -> Stage:
    """A portal as a publisher that was just started has it: it knows nothing but the log."""
    return ckan_stage(ckan, f"http://127.0.0.1:{proxy.port}", timeout=timeout)


def a_version(shelf: Shelf, name: str, word: str) -> Publication:
    return shelf.publication(name, {"desa.csv": word.encode() + BIG, f"{word}.csv": word.encode()}, opd=f"opd-{name[5:]}", title=word)


def a_name() -> str:
    return f"data-{uuid.uuid4().hex[:10]}"


def hashes(*publications: Publication) -> set[str]:
    return {file.sha256 for publication in publications for file in publication.files}


def check_published(stage: Stage, reader: CkanReader, publication: Publication, *earlier: Publication) -> None:
    name = publication.dataset.dataset_id
    listed, public = stage.listed(name), reader.public(name)
    assert listed is not None
    assert list(listed.files) == [(file.name, file.sha256) for file in publication.files]
    assert stage.differences(name) == []
    assert public is not None
    assert len(public["resources"]) == len(publication.files) + sum(len(one.files) for one in earlier)
    assert stage.kept(name) == hashes(publication, *earlier)
    assert reader.datasets(name) == 1


log = logging.getLogger(__name__)
Act = Callable[[Stage, Shelf, Publication], object]


def publish(stage: Stage, shelf: Shelf, publication: Publication) -> None:
    published = stage.publish(shelf, publication)
    assert {file.sha256 for file in published.files} == hashes(publication)


def retract(stage: Stage, shelf: Shelf, publication: Publication) -> None:
    stage.retract(shelf, publication)


def relist(stage: Stage, shelf: Shelf, publication: Publication) -> None:
    stage.retract(shelf, publication, relist=True)


def outcomes(
    proxy: FaultProxy,
    ckan: CkanServer,
    fault: Fault,
    *,
    prepare: Callable[[], tuple[Publication, Log]],
    act: Act,
    shelf: Shelf,
    timeout: float = 30,
) -> Iterator[tuple[int, PortalProblem | None, Publication, Stage]]:
    """Let the fault strike at request 1, 2, 3 … of `act` in turn, each time on something fresh, until it has no more requests."""
    for at in itertools.count(1):
        publication, known = prepare()
        stage = through(proxy, ckan, timeout=timeout)
        stage.log.standings.update(known.standings)
        stage.log.adopted.update(known.adopted)
        proxy.arm(fault, at=at)
        problem = attempt(partial(act, stage, shelf, publication))
        struck = proxy.requests >= at
        proxy.heal()
        if not struck:
            return
        log.info("%s at request %d: %s", fault, at, problem.code if problem else "done all the same")
        yield at, problem, publication, stage


def attempt(act: Callable[[], object]) -> PortalProblem | None:
    try:
        act()
    except PortalProblem as problem:
        return problem
    return None


@pytest.mark.parametrize("kind", FAULTS)
def test_a_new_dataset(kind: str, proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    count = 0
    for at, problem, publication, stage in outcomes(
        proxy, ckan, FAULTS[kind], prepare=lambda: (a_version(shelf, a_name(), "satu"), Log()), act=publish, shelf=shelf
    ):
        count = at
        if problem is not None:
            assert problem.code in {Code.UNREACHABLE, Code.SERVER_ERROR, Code.BUSY}
            assert problem.retry_after == (7 if kind == "503" else None)
        publish(stage, shelf, publication)
        check_published(stage, reader, publication)
    assert count >= 10, "look, organization twice, describe, two uploads, two downloads, show, status"


@pytest.mark.parametrize("kind", FEWER)
def test_a_later_version_and_the_live_one_is_never_down(
    kind: str, proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf
) -> None:
    live = ckan_stage(ckan)
    first: dict[str, Publication] = {}

    def prepare() -> tuple[Publication, Log]:
        name = a_name()
        first[name] = a_version(shelf, name, "satu")
        publish(live, shelf, first[name])
        return a_version(shelf, name, "dua"), live.log

    for _, _, publication, stage in outcomes(proxy, ckan, FAULTS[kind], prepare=prepare, act=publish, shelf=shelf):
        name = publication.dataset.dataset_id
        assert hashes(first[name]) <= stage.kept(name), "the live version must stay whole and public"
        publish(stage, shelf, publication)
        check_published(stage, reader, publication, first[name])


@pytest.mark.parametrize("kind", FEWER)
def test_a_retraction(kind: str, proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    live = ckan_stage(ckan)

    def prepare() -> tuple[Publication, Log]:
        publication = a_version(shelf, a_name(), "satu")
        publish(live, shelf, publication)
        return publication, live.log

    for _, _, publication, stage in outcomes(proxy, ckan, FAULTS[kind], prepare=prepare, act=retract, shelf=shelf):
        retract(stage, shelf, publication)
        assert reader.public(publication.dataset.dataset_id) is None
        assert reader.act("package_show", id=publication.dataset.dataset_id)["resources"] == []


@pytest.mark.parametrize("kind", FEWER)
def test_a_retraction_that_lists_the_edition_before_it_again(
    kind: str, proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf
) -> None:
    live = ckan_stage(ckan)
    first: dict[str, Publication] = {}

    def prepare() -> tuple[Publication, Log]:
        name = a_name()
        first[name], second = a_version(shelf, name, "satu"), a_version(shelf, name, "dua")
        publish(live, shelf, first[name])
        publish(live, shelf, second)
        return second, live.log

    for _, _, publication, stage in outcomes(proxy, ckan, FAULTS[kind], prepare=prepare, act=relist, shelf=shelf):
        relist(stage, shelf, publication)
        check_published(stage, reader, first[publication.dataset.dataset_id])


@pytest.mark.parametrize("kind", FEWER)
def test_a_dataset_from_before_jejak_that_is_taken_over(
    kind: str, proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf
) -> None:
    """At no request is the old file lost, and the dataset stays the one that it was."""
    old = b"lama" + BIG
    known = Log()

    def prepare() -> tuple[Publication, Log]:
        publication = a_version(shelf, a_name(), "satu")
        name, opd = publication.dataset.dataset_id, publication.opd
        reader.act("organization_create", name=opd)
        known.adopted[name] = reader.act("package_create", name=name, owner_org=opd, title="Buatan tangan")["id"]
        reader.add_file(name, "lama.csv", old)
        return publication, known

    for _, _, publication, stage in outcomes(proxy, ckan, FAULTS[kind], prepare=prepare, act=publish, shelf=shelf):
        name = publication.dataset.dataset_id
        assert hashlib.sha256(old).hexdigest() in stage.kept(name), "what the public had it keeps"
        publish(stage, shelf, publication)
        package = reader.public(name)
        assert package is not None
        assert package["id"] == known.adopted[name]
        assert [one["name"] for one in package["resources"]] == ["desa.csv", "satu.csv", "lama.csv (sebelum Jejak)"]
        assert stage.kept(name) == hashes(publication) | {hashlib.sha256(old).hexdigest()}
        assert stage.differences(name) == []
        assert reader.datasets(name) == 1


def test_silence_at_each_request_ends_with_the_timeout(proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    for _, problem, publication, stage in outcomes(
        proxy,
        ckan,
        Silence(),
        prepare=lambda: (a_version(shelf, a_name(), "satu"), Log()),
        act=publish,
        shelf=shelf,
        timeout=SILENT_S,
    ):
        assert problem is not None
        assert problem.code is Code.UNREACHABLE
        patient = replace(stage, portal=through(proxy, ckan).portal)  # a busy machine answers, only late
        publish(patient, shelf, publication)
        check_published(patient, reader, publication)


def test_every_upload_reset_in_the_middle_of_the_file(proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    publication, stage = a_version(shelf, a_name(), "satu"), through(proxy, ckan)
    proxy.arm(Cut(after=len(BIG) // 2))
    for _ in range(3):
        problem = attempt(lambda: publish(stage, shelf, publication))
        assert problem is not None
        assert problem.code is Code.UNREACHABLE
    proxy.heal()
    assert reader.act("package_show", id=publication.dataset.dataset_id)["resources"] == []
    publish(stage, shelf, publication)
    check_published(stage, reader, publication)


def test_connections_refused(proxy: FaultProxy, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    publication, stage = a_version(shelf, a_name(), "satu"), through(proxy, ckan)
    proxy.refuse()
    for _ in range(2):
        with pytest.raises(PortalProblem) as problem:
            publish(stage, shelf, publication)
        assert problem.value.code is Code.UNREACHABLE
    assert "Periksa jaringan" in stage.portal.check(largest_file=1)[0]
    proxy.heal()
    publish(stage, shelf, publication)
    check_published(stage, reader, publication)


def hurting(at: str, hurt: Callable[[], None]) -> Callable[[str], None]:
    """A step callback that does harm just before the first step of that name."""
    left = [hurt]

    def step(name: str) -> None:
        if name == at and left:
            left.pop()()

    return step


@pytest.mark.parametrize("at", ["look", "describe", "upload", "read_back", "show"])
def test_ckan_killed_before_a_step_and_started_again(at: str, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    publication, stage = a_version(shelf, a_name(), "satu"), ckan_stage(ckan)
    killing = hurting(at, lambda: ckan.kill("ckan"))
    problem = attempt(lambda: stage.publish(shelf, publication, step=killing))
    ckan.start()
    assert problem is not None
    assert problem.code is Code.UNREACHABLE
    publish(stage, shelf, publication)
    check_published(stage, reader, publication)


@pytest.mark.parametrize("at", ["look", "upload", "show"])
def test_solr_stopped_before_a_step_and_started_again(at: str, ckan: CkanServer, reader: CkanReader, shelf: Shelf) -> None:
    publication, stage = a_version(shelf, a_name(), "satu"), ckan_stage(ckan)
    killing = hurting(at, lambda: ckan.kill("solr"))
    problem = attempt(lambda: stage.publish(shelf, publication, step=killing))
    ckan.start()
    assert problem is not None
    assert problem.code is Code.SERVER_ERROR
    assert "Solr" in problem.message
    publish(stage, shelf, publication)
    check_published(stage, reader, publication)
