"""`jejak init`: secrets of its own for every installation, nothing overwritten, nothing asked."""

import json
import stat
from pathlib import Path

import pytest

from events.stores import addresses_of
from jejak.alive import main as alive
from jejak.installation import Installation
from lane.settings import DESK, LANES, read_settings
from web.keys import load_private, load_public, load_signers


def made(folder: Path, site: str = "localhost") -> dict[str, str]:
    """Path below the folder → what stands there."""
    list(Installation(folder, site).make())
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in folder.rglob("*") if path.is_file()}


def test_every_installation_has_secrets_of_its_own(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one"), made(tmp_path / "other")

    assert one.keys() == other.keys()
    assert {name for name in one if one[name] == other[name]} == {"secrets/portal-token", "secrets/oidc-secret"}
    assert one["secrets/portal-token"] == one["secrets/oidc-secret"] == ""


def test_each_lane_has_an_address_of_its_own_and_the_operator_has_all(tmp_path: Path) -> None:
    there = made(tmp_path)

    settings = read_settings({"JEJAK_STORE_FILE": str(tmp_path / "secrets" / "stores")})
    assert addresses_of(settings.store) == {lane: there[f"secrets/store-{lane}"].strip() for lane in (*LANES, DESK)}
    assert len(set(addresses_of(settings.store).values())) == len(LANES) + 1


def test_what_is_there_stays_and_what_is_missing_is_made_anew(tmp_path: Path) -> None:
    before = made(tmp_path, "data.example.id")
    (tmp_path / "secrets" / "store-review").unlink()

    after = made(tmp_path, "other.example.id")

    assert {name for name in after if after[name] != before[name]} == {"secrets/store-review", "secrets/stores"}
    assert after["secrets/store-review"].strip() in after["secrets/stores"]
    assert list(Installation(tmp_path).make()) == []


def test_only_the_owner_looks_into_the_folder_and_containers_read_their_files(tmp_path: Path) -> None:
    made(tmp_path)

    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").rglob("*") if path.is_file()} == {0o444}
    assert load_signers(tmp_path / "secrets").of("desk") is not None
    assert load_private(tmp_path / "secrets" / "private.pem").public_key() == load_public(tmp_path / "secrets" / "public.pem")
    assert json.loads((tmp_path / "secrets" / "s3-server").read_text("utf-8"))["identities"][0]["credentials"] == [
        {"accessKey": "jejak", "secretKey": (tmp_path / "secrets" / "s3").read_text("utf-8").strip()}
    ]


def test_the_name_of_the_server_stands_where_it_is_needed(tmp_path: Path) -> None:
    lines = made(tmp_path, "data.example.id")[".env"].splitlines()

    assert "SITE=data.example.id" in lines
    assert "JEJAK_PORTAL_PUBLIC_URL=https://data.example.id/portal" in lines


def test_a_process_that_does_not_answer_is_not_alive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("JEJAK_PORT", "1")

    assert alive() == 1
    assert "127.0.0.1:1/readyz" in capsys.readouterr().err
