"""Makes the back-up that a release leaves behind, for the tests of all later ones: `make released-backup`.

A published submission, one that was returned and one just begun, a person's account, a token that was revoked; under 100 kB.
"""

import asyncio
import shutil
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.events.given import CHECKLIST
from tests.jejak.running import Home, Up
from tests.jejak.test_backup import OPD, a_life, kafka_at, said
from tests.jejak.test_life import REASONS, step, submitted

RELEASED: Final = Path(__file__).parents[1] / "fixtures" / "released"
LARGEST: Final = 100_000


async def lives(up: Up) -> None:
    """One ended, one returned, one begun."""
    await a_life(up)
    returned = await submitted(up, OPD)
    step(up, "review", "revise", returned, up.home.token("ketua_ppid", OPD), note="Sudah dicek.")
    step(up, "decision", "verify", returned, up.home.token("atasan_ppid"), checklist=CHECKLIST, note="Lengkap.")
    step(up, "decision", "reject", returned, up.home.token("atasan_ppid"), reasons=REASONS)
    await submitted(up, OPD)


def make(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place, kafka_at(Path(place) / "kafka") as kafka:
        home = Home(Path(place), {"JEJAK_KAFKA": kafka})
        said(home, "opd", "add", OPD, "--name", "Dinas Arsip")
        said(home, "user", "add", "budi-santoso", "--name", "Budi Santoso", "--role", "ketua_ppid", "--opd", OPD)
        with home.up() as up:
            asyncio.run(lives(up))
            revoked = said(home, "token", "add", "--name", "Hilang", "--role", "auditor").strip().splitlines()[-1]
            said(home, "token", "revoke", revoked)
            said(home, "backup", str(folder))


if __name__ == "__main__":
    target = RELEASED / version("jejak")
    shutil.rmtree(target, ignore_errors=True)
    make(target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    print(f"{target}: {size} bytes")  # noqa: T201
    sys.exit(size > LARGEST)
