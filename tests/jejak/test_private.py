"""`var/` is for its owner only, made anew or there from before."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from jejak.private import owner_only
from tests.jejak.running import Home


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(root: Path) -> dict[str, int]:
    places = [root, *root.rglob("*")]
    return {str(place.relative_to(root)): stat.S_IMODE(place.stat().st_mode) for place in places}


def test_what_was_open_is_closed_once_and_for_all_that_comes(tmp_path: Path) -> None:
    var = tmp_path / "var"
    (var / "files" / "ab").mkdir(parents=True)
    (var / "portal").mkdir()
    for name in ("review.sqlite", "jejak.log", "files/ab/x"):
        (var / name).write_bytes(b"x")
    (var / "files" / "ab" / "x").chmod(0o440)

    assert owner_only(var, portal=f"folder:{var}/portal") == []

    (var / "new").mkdir()
    (var / "new" / "file").touch()
    assert modes(var) == {
        ".": 0o700,
        "files": 0o700,
        "files/ab": 0o700,
        "files/ab/x": 0o400,
        "jejak.log": 0o600,
        "new": 0o700,
        "new/file": 0o600,
        "portal": 0o755,
        "review.sqlite": 0o600,
    }


def test_a_catalogue_elsewhere_stays_readable_for_a_web_server(tmp_path: Path) -> None:
    owner_only(tmp_path / "var", portal=f"folder:{tmp_path}/public")

    (tmp_path / "public").mkdir()
    assert modes(tmp_path)["public"] == 0o755
    assert modes(tmp_path)["var"] == 0o700


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert owner_only(tmp_path / "var", portal="https://data.example.go.id") == []
    assert not (tmp_path / "var").exists()


def test_commands_close_it(tmp_path: Path) -> None:
    alone = Home(tmp_path, {})
    (alone.directory / "var").mkdir(exist_ok=True)
    (alone.directory / "var").chmod(0o755)
    (alone.directory / "var" / "review.sqlite").touch(mode=0o644)

    alone.jejak("migrate", JEJAK_STORE="sqlite:var/")

    found = modes(alone.directory / "var")
    assert found["."] == 0o700
    assert {mode for name, mode in found.items() if name.endswith(".sqlite")} == {0o600}
    assert "intake.sqlite" in found
