"""Everything of a composed system is lost but its secrets and a back-up: it is the same system again."""

from pathlib import Path

import pytest

from tests.composed.lives import Lives
from tests.composed.system import LANES, Composed, docker

pytestmark = pytest.mark.needs("docker")


@pytest.mark.timeout(1200)
def test_volumes_are_lost_and_the_back_up_brings_back_all(composed: Composed, opd: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o777)
    kept.chmod(0o777)  # a user of the containers' own writes here
    with composed.door() as door:
        submission_id = Lives(door, opd).live()
        before = {lane: door.submission(lane, submission_id)["history"] for lane in LANES}
        file = before["intake"][-1]["data"]["files"][0]["url"].replace("https://localhost/", "/")
        with_backup = ("run", "--rm", "-T", "-v", f"{kept}:/kept", "jejak")
        composed.compose(*with_backup, "backup", "/kept/today")

        composed.compose("down", "-v", "-t", "10")
        assert [name for name in docker("volume", "ls", "-q").split() if name.startswith(composed.project)] == []
        composed.compose("up", "-d", "--wait", "kafka", "postgres")
        for once in ("roles", "access"):
            composed.compose("run", "--rm", "-T", once)
        proof = composed.compose(*with_backup, "restore", "/kept/today").stdout
        composed.jejak("portal", "repair")
        composed.up()
    (composed.folder / "authority.pem").unlink()  # the front door's own authority lay in a volume: a new one
    with composed.door() as door:
        for lane in LANES:
            composed.until(lambda lane=lane: door.submission(lane, submission_id).get("history") == before[lane], lane)  # type: ignore[misc]
        assert door.http.get(file).status_code == 200
        assert Lives(door, opd).live() != submission_id

    assert "semua utuh" in proof
    assert "semua utuh" in composed.jejak("audit", "verify").stdout
