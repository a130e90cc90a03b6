"""Nobody ever sees half a dataset in the folder portal, and whenever its writer dies the next try makes it good."""

import json
import os
import random
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.portals.folder_reader import files_of_all_versions, read_dataset, read_version
from tests.portals.portals import Stage, folder_stage
from tests.portals.samples import FIRST, SECOND, Shelf


def test_a_reader_sees_whole_versions_while_they_change(on_folder: Stage, root: Path, shelf: Shelf) -> None:
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            record = read_dataset(root, "data")
            if record and (not seen or seen[-1] != record["submission_id"]):
                seen.append(record["submission_id"])

    versions = [shelf.publication("data", {"desa.csv": str(n).encode() * 1000}) for n in range(30)]
    reader = threading.Thread(target=read)
    reader.start()
    for publication in versions:
        on_folder.publish(shelf, publication)
    done.set()
    reader.join()
    order = [str(publication.submission_id) for publication in versions]
    assert seen
    assert [order.index(one) for one in seen] == sorted(order.index(one) for one in seen)


def check_whole(root: Path) -> dict[str, object] | None:
    """Everything that a page or the catalogue leads to is whole; returns the listed edition's record."""
    for version in (root / "dataset").glob("*/2*"):
        read_version(version)
    if (root / "catalog.jsonld").exists():
        json.loads((root / "catalog.jsonld").read_bytes())
    return read_dataset(root, "data")


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_death_at_every_single_file_operation_leaves_the_old_edition_or_the_new_one(tmp_path: Path, shelf: Shelf) -> None:
    """Each child dies just before its n-th operation on the file system; n grows until a child comes through."""
    first, second = shelf.publication("data", FIRST), shelf.publication("data", SECOND)
    survived, operation = False, 0
    while not survived:
        operation += 1
        root = tmp_path / f"portal-{operation}"
        on_folder = folder_stage(root)
        on_folder.publish(shelf, first)
        on_folder.approved(second)
        survived = child_survives(operation, lambda on_folder=on_folder: on_folder.bring(shelf, second))  # type: ignore[misc]
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] in {str(first.submission_id), str(second.submission_id)}
        on_folder.publish(shelf, second)
        assert on_folder.differences("data") == []
        record = check_whole(root)
        assert record is not None
        assert record["submission_id"] == str(second.submission_id)
        assert len(files_of_all_versions(root, "data")) == 4
    assert operation > 20


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_death_at_every_single_file_operation_of_a_retraction_is_made_good_by_the_next_try(tmp_path: Path, shelf: Shelf) -> None:
    first, second = shelf.publication("data", FIRST), shelf.publication("data", SECOND)
    survived, operation = False, 0
    while not survived:
        operation += 1
        root = tmp_path / f"portal-{operation}"
        on_folder = folder_stage(root)
        on_folder.publish(shelf, first)
        on_folder.publish(shelf, second)
        survived = child_survives(operation, lambda on_folder=on_folder: on_folder.retract(shelf, second))  # type: ignore[misc]
        on_folder.retract(shelf, second)
        assert on_folder.differences("data") == []
        assert not list(root.rglob("*.csv"))
    assert operation > 10


def child_survives(operation: int, act: Callable[[], object]) -> bool:
    def act_until_death() -> None:
        die_at(operation)
        act()

    return child_comes_through(act_until_death)


def child_comes_through(act: Callable[[], object]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            act()
            os._exit(0)
        finally:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def die_at(operation: int) -> None:
    """End this process just before its n-th operation that reads or changes the file system."""
    left = operation

    def hook(event: str, _: object) -> None:
        nonlocal left
        if event in {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.symlink", "os.scandir", "os.listdir"}:
            left -= 1
            if left == 0:
                os._exit(9)

    sys.addaudithook(hook)


WRITER = """
import sys
from pathlib import Path
from tests.portals.portals import folder_stage
from tests.portals.samples import FIRST, SECOND, Shelf
base = Path(sys.argv[1])
shelf, on_folder = Shelf(base / "files"), folder_stage(base / "portal")
for number in range(10_000):
    publication = shelf.publication(f"data-{sys.argv[2]}", {"a.csv": b"%d" % number * 50_000, "b.csv": b"b%d" % number})
    on_folder.publish(shelf, publication, step=lambda step: print(step, flush=True))
"""


def test_kill_9_at_random_moments_under_load(tmp_path: Path, repository: Path) -> None:
    chance = random.Random(33.13)  # noqa: S311
    for life in range(12):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(life)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=repository) as writer:
            assert writer.stdout is not None
            for _ in range(chance.randint(1, 60)):
                assert writer.stdout.readline()
            writer.kill()
        read_dataset(tmp_path / "portal", f"data-{life}")
    on_folder, shelf = folder_stage(tmp_path / "portal"), Shelf(tmp_path / "files")
    on_folder.publish(shelf, shelf.publication("data", FIRST))
    assert on_folder.differences("data") == []
