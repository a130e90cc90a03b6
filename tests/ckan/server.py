"""A real CKAN for tests, run by run_ckan.sh beside this file: its address and a token come out, and it can be hurt on purpose.

JEJAK_TEST_CKAN_VERSION picks another release than 2.12.0; JEJAK_TEST_CKAN_DIR the folder where CKAN is installed once.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from jejak import ports

SCRIPT = Path(__file__).with_name("run_ckan.sh")
INSTALL = f"tests/ckan/{SCRIPT.name} install (Debian or Ubuntu; it uses sudo for the system packages)"
MAX_MB = 51
"""ckan.max_resource_size of the server: tests upload 50 MB, and are refused a little more."""

Part = Literal["ckan", "solr", "redis"]


def version() -> str:
    return os.environ.get("JEJAK_TEST_CKAN_VERSION", "2.12.0")


def missing() -> str | None:
    """What is not installed; CI installs it when the first test asks."""
    folder = _folder()
    parts = {
        f"CKAN {version()}": (folder / f"venv-{version()}" / "ok").exists(),
        "Solr": (folder / "solr" / "ok").exists(),
        "PostgreSQL": any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "Redis": shutil.which("redis-server") is not None,
    }
    absent = [name for name, there in parts.items() if not there]
    return None if not absent or os.environ.get("CI") == "true" else f"not installed: {', '.join(absent)}"


@dataclass(frozen=True)
class CkanServer:
    address: str
    token: str
    environment: dict[str, str]
    data: Path

    def kill(self, part: Part) -> None:
        """End one of its processes as a power cut would."""
        file = self.data / f"{part}.pid"
        pid = int(file.read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        file.unlink()
        while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]:
            os.sched_yield()

    def start(self) -> None:
        """Start what is not running, and wait until CKAN answers."""
        _run("start", self.environment)

    def editor(self, name: str) -> str:
        """Make an ordinary user; returns a token of theirs."""
        return _run("editor", self.environment, name)


@contextmanager
def running() -> Iterator[CkanServer]:
    """A fresh CKAN on free ports. What an earlier, killed test run left in the same place is stopped and removed first."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    with _slot(folder) as data:
        free: list[int] = []
        while len(free) < 4:
            free = list({*free, ports.free()})
        environment = os.environ | {
            "CKAN_RUN_DIR": str(folder),
            "CKAN_DATA_DIR": str(data),
            "CKAN_VERSION": version(),
            "CKAN_MAX_RESOURCE_MB": str(MAX_MB),
            **dict(zip(("CKAN_PORT", "CKAN_SOLR_PORT", "CKAN_PG_PORT", "CKAN_REDIS_PORT"), map(str, free), strict=True)),
        }
        _run("reset", environment)
        _run("install", environment)
        try:
            _run("start", environment)
            token = (data / "token").read_text().strip()
            yield CkanServer(f"http://{ports.LOOPBACK}:{free[0]}", token, environment, data)
        finally:
            _run("reset", environment)


@contextmanager
def _slot(folder: Path) -> Iterator[Path]:
    """A place for the data that no other test run uses now."""
    for number in range(100):
        with (folder / f"slot-{number}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield folder / f"data-{number}"
            return


def _folder() -> Path:
    return Path(os.environ.get("JEJAK_TEST_CKAN_DIR", f"/var/tmp/jejak-ckan-{os.getuid()}"))  # noqa: S108 (PostgreSQL's user must reach it)


def _run(command: str, environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(["bash", str(SCRIPT), command, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"run_ckan.sh {command}: {done.stdout[-1000:]}{done.stderr[-3000:]}")
    return done.stdout.strip()
