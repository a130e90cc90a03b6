"""Both portals for the same tests: besides the portal, how to look behind it and how to spoil what it shows."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from jejak.services.publisher.folder import FolderPortal
from jejak.services.publisher.portal import Portal


@dataclass(frozen=True)
class Stage:
    """A portal under test. `kept`: sha256 of every file, of any version, that the public can get for a dataset."""

    portal: Portal
    kept: Callable[[str], set[str]]
    spoil_file: Callable[[str], None]
    spoil_title: Callable[[str], None]
    remove: Callable[[str], None]


def folder_stage(root: Path) -> Stage:
    import shutil

    from tests.publisher.folder_reader import files_of_all_versions

    portal = FolderPortal(root, catalogue_interval=0.01)
    if problems := portal.check(largest_file=1):
        raise AssertionError(problems)

    def latest(dataset_id: str) -> Path:
        return root / "dataset" / dataset_id / "latest"

    def spoil_file(dataset_id: str) -> None:
        next((latest(dataset_id) / "files").iterdir()).write_bytes(b"diubah tangan")

    def spoil_title(dataset_id: str) -> None:
        record = json.loads((latest(dataset_id) / "metadata.json").read_text())
        record["dataset"]["title"] = "Diubah tangan"
        (latest(dataset_id) / "metadata.json").write_text(json.dumps(record))

    return Stage(
        portal,
        kept=lambda dataset_id: files_of_all_versions(root, dataset_id),
        spoil_file=spoil_file,
        spoil_title=spoil_title,
        remove=lambda dataset_id: shutil.rmtree(root / "dataset" / dataset_id),
    )
