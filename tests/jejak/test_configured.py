"""`jejak config`: what is in force, where it came from, and no secret."""

from pathlib import Path

import pytest

from jejak.configured import configured
from lane.settings import Settings, SettingsRefused


def told(**variables: str) -> dict[str, tuple[str | None, str]]:
    return {one.setting: (one.value, one.source) for one in configured({f"JEJAK_{name}": text for name, text in variables.items()})}


def test_every_setting_is_told_with_its_source(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("rahasia", "utf-8")

    found = told(PORT="8100", KAFKA_PASSWORD_FILE=str(tmp_path / "password"))

    assert found.keys() == {f"JEJAK_{name.upper()}" for name in Settings.model_fields}
    assert found["JEJAK_PORT"] == ("8100", "JEJAK_PORT")
    assert found["JEJAK_HOST"] == ("127.0.0.1", "default")
    assert found["JEJAK_KAFKA_PASSWORD"] == ("***", f"JEJAK_KAFKA_PASSWORD_FILE ({tmp_path / 'password'})")


@pytest.mark.parametrize(
    ("store", "shown"),
    [
        ("postgresql://u:rahasia@h:5432/d", "postgresql://u:***@h:5432/d"),
        ("postgresql://h/d?user=u&password=rahasia&sslmode=require", "postgresql://h/d?user=u&password=***&sslmode=require"),
        (
            "intake=postgresql://a:rahasia@h/d review=postgresql://b:rahasia@h/d",
            "intake=postgresql://a:***@h/d review=postgresql://b:***@h/d",
        ),
        ("sqlite:x/", "sqlite:x/"),
    ],
)
def test_no_secret_is_shown(store: str, shown: str) -> None:
    found = told(STORE=store, PORTAL_TOKEN="rahasia", S3_KEY_ID="jejak", S3_SECRET="rahasia", OIDC_SECRET="rahasia")

    assert found["JEJAK_STORE"][0] == shown
    assert "rahasia" not in str(found)


def test_a_setting_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(SettingsRefused, match="JEJAK_STROE: there is no such setting"):
        told(STROE="sqlite:x/")
