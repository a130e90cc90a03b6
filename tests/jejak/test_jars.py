"""Kafka's jars come once, are checked byte by byte, and what stands in the way is said in one sentence."""

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from jejak import jars
from jejak.broker import start
from jejak.refused import BrokerRefused

SMALL = tuple(jar for jar in jars.listed() if jar.size < 100_000)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and keeps no log."""

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def empty_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty local Maven repository, and only a few small jars to be had."""
    monkeypatch.setattr(jars, "listed", lambda: SMALL)
    monkeypatch.setenv("M2_REPO", str(tmp_path / "m2"))
    return tmp_path / "m2"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A Maven mirror on this machine, set in jgo's configuration: the directory that it serves, filled from the real repository."""
    jars.class_path(say=print)
    served = tmp_path / "mirror"
    for jar in SMALL:
        place = jar.path(served)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(jar.path(jars.repository()).read_bytes())
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(served))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        (tmp_path / "jgo.conf").write_text(f"[repositories]\nnear = http://127.0.0.1:{server.server_port}\n", "utf-8")
        monkeypatch.setenv("JGO_CONFIG_FILE", str(tmp_path / "jgo.conf"))
        yield served
        server.shutdown()
        thread.join()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy where nobody listens stands between us and the rest of the world."""
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_the_first_time_downloads_with_progress_and_the_second_time_is_quiet(
    mirror: Path, empty_repository: Path, no_network: None
) -> None:
    first: list[str] = []
    second: list[str] = []

    class_path = jars.class_path(say=first.append)
    again = jars.class_path(say=second.append)

    assert first[0].startswith(f"Apache Kafka is downloaded once from Maven Central: {len(SMALL)} jars")
    assert first[-1].startswith(f"  {len(SMALL)} of {len(SMALL)} jars")
    assert class_path == again
    assert class_path.split(os.pathsep) == [str(jar.path(empty_repository)) for jar in SMALL]
    assert second == []


def test_a_half_written_jar_is_fetched_anew(mirror: Path, empty_repository: Path, no_network: None) -> None:
    jars.class_path(say=quiet)
    broken = SMALL[0].path(empty_repository)
    broken.write_bytes(broken.read_bytes()[:1000])

    jars.class_path(say=quiet)

    assert SMALL[0].is_whole(broken)


def test_other_bytes_than_the_list_names_are_refused(mirror: Path, empty_repository: Path, no_network: None) -> None:
    jar = SMALL[0].path(mirror)
    jar.write_bytes(b"x" + jar.read_bytes()[1:])

    with pytest.raises(BrokerRefused, match="jar came with other bytes"):
        jars.class_path(say=quiet)

    assert not SMALL[0].path(empty_repository).exists()


def test_no_network_is_said_in_one_sentence(empty_repository: Path, no_network: None, tmp_path: Path) -> None:
    with pytest.raises(BrokerRefused, match=r"the first start needs the network .* or set JEJAK_KAFKA") as refused:
        start(tmp_path / "kafka", port=0, say=quiet)

    assert "\n" not in str(refused.value)


def test_no_room_is_said_in_one_sentence(empty_repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=0))

    with pytest.raises(BrokerRefused, match=r"Kafka's jars need \d+ MB in .*m2, where 0 MB are free"):
        start(tmp_path / "kafka", port=0, say=quiet)


def test_a_repository_that_cannot_be_written_is_said_in_one_sentence(empty_repository: Path, tmp_path: Path) -> None:
    empty_repository.touch()

    with pytest.raises(BrokerRefused, match=r"Kafka's jars cannot be kept in .*m2: .* \(M2_REPO names another place\)"):
        start(tmp_path / "kafka", port=0, say=quiet)


def quiet(_line: str) -> None:
    """Nobody waits for these lines."""
