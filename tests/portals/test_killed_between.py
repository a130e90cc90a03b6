"""The publisher dies when the public sees a dataset and before that is written down; then the approval is recalled, the portal away."""

import asyncio
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import NamedTuple

import pytest

from portals.kinds import open_portal
from portals.portal import Portal
from services.publisher.web import publishing_of
from tests.bus.cluster import running, until
from tests.ckan.server import CkanServer
from tests.portals.portals import Stage, ckan_stage, folder_stage
from tests.services.desk import ADMIN, ATASAN, desk_of
from tests.services.portal_that_fails import FailingPortal
from tests.services.publishing_desk import retrying, state_of

PUBLISHER = """
import asyncio, os, signal, sys
from pathlib import Path
from services.publisher.web import publishing_of
from tests.bus.cluster import running
from tests.lane.shelves import keep
from tests.services.desk import CONTENT, desk_of
from tests.services.publishing_desk import approve

async def main() -> None:
    async with desk_of("publisher", Path(sys.argv[1]), portal=sys.argv[2], portal_token=sys.argv[3]) as desk:
        keep(desk.shared.files, CONTENT)
        desk.lane.do = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
        print("approved", approve(desk, dataset_id=sys.argv[4]), flush=True)
        async with running(publishing_of(desk.lane).run):
            await asyncio.sleep(60)

asyncio.run(main())
"""


class Place(NamedTuple):
    """A portal: where it is, how it is reached as if it were away, and what the public finds there."""

    address: str
    token: str
    away: Portal
    back: Portal
    stage: Stage


@pytest.fixture(params=["folder", pytest.param("ckan", marks=pytest.mark.needs("ckan"))])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "folder":
        away, stage = FailingPortal(tmp_path / "portal"), folder_stage(tmp_path / "portal")
        away.down = True
        return Place(f"folder:{tmp_path / 'portal'}", "-", away, stage.portal, stage)
    ckan: CkanServer = request.getfixturevalue("ckan")
    stage = ckan_stage(ckan)
    return Place(ckan.address, ckan.token, open_portal("http://127.0.0.1:1"), stage.portal, stage)


async def test_what_is_recalled_after_a_kill_comes_down_by_itself_and_the_page_says_so_until_then(
    place: Place, name: str, tmp_path: Path, repository: Path
) -> None:
    command = [sys.executable, "-c", PUBLISHER, str(tmp_path), place.address, place.token, name]
    killed = await asyncio.to_thread(subprocess.run, command, cwd=repository, stdout=subprocess.PIPE, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL
    [approved] = [line for line in killed.stdout.decode().splitlines() if line.startswith("approved ")]
    submission_id = uuid.UUID(approved.split()[1])
    assert place.stage.listed(name) is not None, "the public sees it, and the log does not say so"

    async with desk_of("publisher", tmp_path) as desk:
        publishing = publishing_of(desk.lane)
        publishing.portal = place.away
        async with running(publishing.run):
            reasons = [{"code": "personal_data", "note": "Ada NIK di kolom keterangan."}]
            answer = await desk.says(ATASAN, "reject", submission_id, expected_sequence=4, reasons=reasons)
            while answer.status_code == 409 and answer.json()["errors"][0]["code"] == "busy":  # an attempt at the portal is being made
                await asyncio.sleep(0.05)
                answer = await desk.says(ATASAN, "reject", submission_id, expected_sequence=4, reasons=reasons)
            assert answer.status_code == 200
            await until(lambda: retrying(desk))
            seen = await state_of(desk, submission_id)
            assert (seen["state"], seen["error"]["code"]) == ("not_down", "unreachable")
            attention = (await desk.get("attention", ADMIN)).json()["items"]
            assert [(one["submission_id"], one["publication"]["state"]) for one in attention] == [(str(submission_id), "not_down")]
            assert place.stage.listed(name) is not None

            publishing.portal = place.back
            await until(lambda: not publishing.attempts.not_down())
            assert place.stage.listed(name) is None
            assert (await state_of(desk, submission_id))["state"] == "rejected"
            assert (await desk.get("attention", ADMIN)).json()["items"] == []
