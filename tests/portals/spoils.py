"""What a hostile hand does to the folder portal: to one dataset's folder (SPOILS), and to the pages over all (OVERVIEW_SPOILS)."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from tests.portals.portals import Stage


def strays(on_folder: Stage) -> list[tuple[str, str]]:
    return [(one.what, one.field) for one in on_folder.portal.overview_differences([on_folder.log.desired("data")])]


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Everything there with its mode."""
    return {str(p.relative_to(folder)): (p.lstat().st_mode, _content(p)) for p in (folder, *folder.rglob("*"))}


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return str(path.readlink()).encode()
    return b"" if path.is_dir() else path.read_bytes()


def old(home: Path) -> Path:
    return min(home.glob("2*"))


def _moved_away(home: Path) -> None:
    home.rename(home.parents[1] / "moved")
    home.symlink_to("../moved")


def _made_a_file(home: Path) -> None:
    shutil.rmtree(home)
    home.write_bytes(b"x")


def _relink(home: Path, target: str) -> None:
    forged = home.parents[1] / "forged" / (home / "latest").readlink().name
    shutil.copytree(home / "latest", forged)
    (home / "latest").unlink()
    (home / "latest").symlink_to(target)


def _link(path: Path, target: str) -> None:
    path.unlink()
    path.symlink_to(target)


def _made_a_pipe(home: Path) -> None:
    shutil.rmtree(home)
    os.mkfifo(home)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _made_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(b"x")


def away(folder: Path) -> None:
    away = folder.parents[len(folder.parts) - folder.parts.index("portal") - 2] / "moved"
    folder.rename(away)
    folder.symlink_to(away)


def _record(home: Path, content: bytes) -> None:
    (home / "latest/metadata.json").write_bytes(content)


def deep(folder: Path, *, levels: int = 1_400, name: str = "d") -> None:
    """As deep as a path may be long, or deeper."""
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


def gone(folder: Path) -> Path:
    shutil.rmtree(folder)
    return folder


def _opd_elsewhere(root: Path) -> None:
    (root / "opd").rename(root.parent / "opd")
    (root / "opd").symlink_to("../opd")


SPOILS: dict[str, Callable[[Path], object]] = {
    "latest leads elsewhere, to a folder of the same name": lambda home: _relink(home, f"../../forged/{(home / 'latest').readlink().name}"),
    "latest leads to the earlier edition": lambda home: _relink(home, old(home).name),
    "an earlier edition's file": lambda home: (old(home) / "files/desa.csv").write_bytes(b"palsu"),
    "an earlier edition's page": lambda home: (old(home) / "index.html").write_bytes(b"palsu"),
    "the listed page": lambda home: (home / "latest/index.html").write_bytes(b"palsu"),
    "a file of the same length": lambda home: (home / "latest/files/desa.csv").write_bytes(b"tga"),
    "a file more": lambda home: (home / "latest/files/tambahan.csv").write_bytes(b"x"),
    "a file between the editions": lambda home: (home / "tambahan.html").write_bytes(b"x"),
    "a rogue folder": lambda home: (home / "20250101T000000000000Z-palsu").mkdir(),
    "a file turned into a link": lambda home: _link(home / "latest/files/desa.csv", "/etc/hostname"),
    "metadata.json is a list": lambda home: (home / "latest/metadata.json").write_bytes(b"[1]"),
    "metadata.json is no JSON": lambda home: (home / "latest/metadata.json").write_bytes(b"{"),
    "metadata.json with a dataset of another shape": lambda home: (home / "latest/metadata.json").write_bytes(b'{"dataset": [1]}'),
    "metadata.json with other files": lambda home: (home / "latest/metadata.json").write_bytes(b'{"files": 7, "dataset": {}}'),
    "metadata.json is gone": lambda home: (home / "latest/metadata.json").unlink(),
    "the earlier edition is gone": lambda home: shutil.rmtree(old(home)),
    "the whole dataset is a link": _moved_away,
    "the whole dataset is a file": _made_a_file,
    "the whole dataset is a pipe": _made_a_pipe,
    "a file turned into a pipe": lambda home: _pipe(home / "latest/files/desa.csv"),
    "an empty file turned into a pipe": lambda home: _pipe(home / "latest/files/kosong.csv"),
    "metadata.json turned into a pipe": lambda home: _pipe(home / "latest/metadata.json"),
    "a pipe more": lambda home: os.mkfifo(home / "pipa"),
    "a file whose name is no text": lambda home: Path(os.fsdecode(os.fsencode(home) + b"/\xff\xfe.csv")).write_bytes(b"x"),
    "a file whose name writes on the terminal": lambda home: (home / "a\nb\x1b[2J.csv").write_bytes(b"x"),
    "folders deeper than a program can count": lambda home: deep(home / "rogue"),
    "metadata.json deeper than a program can count": lambda home: _record(home, b'{"x":%b}' % (b"[" * 1000 + b"]" * 1000)),
    "metadata.json with numbers that are none": lambda home: _record(home, b'{"dataset": {}, "x": 1e400, "y": 99999999999999999999999}'),
    "metadata.json that writes on the terminal": lambda home: _record(home, b'{"dataset": {"title": "a\\u001b[31m\\nb"}}'),
    "metadata.json larger than memory should hold": lambda home: os.truncate(home / "latest/metadata.json", 1 << 33),
    "a file larger than anybody can read": lambda home: os.truncate(home / "latest/files/desa.csv", 1 << 43),
    "a file that nobody may read": lambda home: (home / "latest/files/desa.csv").chmod(0),
    "a page that only its owner may read": lambda home: (home / "latest/index.html").chmod(0o600),
    "a folder that nobody may look into": lambda home: (home / "latest/files").chmod(0),
    "the whole dataset closed": lambda home: home.chmod(0),
    "a page that anybody may change": lambda home: (home / "latest/index.html").chmod(0o646),
    "a file that anybody may change": lambda home: (home / "latest/files/desa.csv").chmod(0o646),
    "a folder that anybody may write in": lambda home: (home / "latest/files").chmod(0o757),
    "the whole dataset open to any writer": lambda home: home.chmod(0o757),
    "a page turned into a folder": lambda home: _made_a_folder(home / "latest/index.html"),
    "latest turned into a folder": lambda home: _made_a_folder(home / "latest"),
    "latest leads to itself": lambda home: _link(home / "latest", "latest"),
    "the files moved away, with a link to them": lambda home: away(home / "latest/files"),
    "an edition moved away, with a link to it": lambda home: away((home / "latest").resolve()),
    "a draft that a crash left": lambda home: shutil.copytree(home / "latest", home / ".draft-0123456789abcdef"),
    "a draft that an earlier release left": lambda home: shutil.copytree(home / "latest", home / ".draft"),
}


OVERVIEW_SPOILS: dict[str, Callable[[Path], object]] = {
    "the first page turned into a folder": lambda root: _made_a_folder(root / "index.html"),
    "the first page turned into a pipe": lambda root: _pipe(root / "index.html"),
    "the first page turned into a link": lambda root: _link(root / "index.html", "style.css"),
    "the catalogue is gone": lambda root: (root / "catalog.jsonld").unlink(),
    "the catalogue that only its owner may read": lambda root: (root / "catalog.jsonld").chmod(0o600),
    "the first page may be changed by anybody": lambda root: (root / "index.html").chmod(0o646),
    "anybody may put an agency's page there": lambda root: (root / "opd").chmod(0o757),
    "anybody may put a dataset there": lambda root: (root / "dataset").chmod(0o757),
    "a folder of pages of no agency": lambda root: (root / "opd/palsu").mkdir(),
    "the agencies' pages moved away, with a link to them": _opd_elsewhere,
    "the agencies' pages closed": lambda root: (root / "opd").chmod(0),
    "all datasets closed": lambda root: (root / "dataset").chmod(0),
    "a draft that an earlier release left": lambda root: (root / ".draft").write_bytes(b"x"),
    "a draft that a crash left": lambda root: (root / ".draft-0123456789abcdef/x").mkdir(parents=True),
    "a rogue page beside an agency's": lambda root: (root / "opd/palsu.html").write_bytes(b"palsu"),
}
