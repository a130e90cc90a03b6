"""Settings are read once and checked all at once: every wrong one is named, with what it should be."""

from pathlib import Path

import pytest

from lane.settings import SettingsRefused, read_settings


def refused(**variables: str) -> list[str]:
    with pytest.raises(SettingsRefused) as wrong:
        read_settings({f"JEJAK_{name}": value for name, value in variables.items()})
    return str(wrong.value).splitlines()


def test_without_any_setting_everything_runs_on_this_machine() -> None:
    settings = read_settings({"HOME": "/", "PATH": ""})

    assert (settings.kafka, settings.kafka_port, settings.host, settings.port) == (None, 9092, "127.0.0.1", 8000)
    assert (settings.store, settings.files, settings.portal) == ("sqlite:var/", "file:var/files", "folder:var/portal")
    assert (settings.sla_minutes, settings.sla_calendar) == (60, "wall")


def test_an_empty_value_counts_as_unset() -> None:
    assert read_settings({"JEJAK_PORT": "", "JEJAK_STORE": ""}) == read_settings({})


def test_what_belongs_to_tests_and_benchmarks_is_passed_over() -> None:
    assert read_settings({"JEJAK_TEST_POSTGRES": "x", "JEJAK_BENCH_SIZE": "1"}) == read_settings({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "x"),
        ("PORT", "70000"),
        ("STORE", "mysql://x"),
        ("FILES", "/srv/files"),
        ("PORTAL", "ftp://x"),
        ("SLA_CALENDAR", "kantor"),
        ("SLA_MINUTES", "0"),
        ("KAFKA_SECURITY", "TLS"),
        ("KAFKA_PARTITIONS", "0"),
        ("LOG_LEVEL", "loud"),
        ("FILES_LIMIT_MB", "-1"),
        ("PORTAL_LIMIT_MB", "0"),
        ("PORTAL_PUBLIC_URL", "https://"),
        ("PORTAL_PUBLIC_URL", "https://data.example.id/open data"),
        ("PORTAL_PUBLIC_URL", "https://data.example.id/?id="),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(name: str, value: str) -> None:
    (line,) = refused(**{name: value})

    assert line.startswith(f"JEJAK_{name}: ")


def test_a_setting_that_does_not_exist_is_named() -> None:
    assert refused(STROE="sqlite:x/") == ["JEJAK_STROE: there is no such setting"]


def test_every_wrong_setting_is_named_at_once() -> None:
    lines = refused(PORT="x", STORE="mysql://x", STROE="1", SLA_CALENDAR="kantor")

    assert {line.split(":")[0] for line in lines} == {"JEJAK_PORT", "JEJAK_STORE", "JEJAK_STROE", "JEJAK_SLA_CALENDAR"}


def test_what_is_missing_beside_others_is_named_with_them() -> None:
    lines = refused(PORT="x", KAFKA_SECURITY="SASL_SSL", KAFKA_IN_SYNC="3", PORTAL="https://portal.example.go.id")

    assert [line.split(" ")[0].rstrip(":") for line in lines] == [
        "JEJAK_PORT",
        "JEJAK_KAFKA_USER",
        "JEJAK_KAFKA_IN_SYNC",
        "JEJAK_PORTAL_TOKEN",
    ]


def test_a_secure_cluster_is_reached_with_its_user() -> None:
    kafka = read_settings(
        {"JEJAK_KAFKA": "a:9092,b:9092", "JEJAK_KAFKA_SECURITY": "SASL_PLAINTEXT", "JEJAK_KAFKA_USER": "u", "JEJAK_KAFKA_PASSWORD": "p"}
    ).kafka_cluster()

    options = kafka.options()
    assert (options["bootstrap_servers"], options["security_protocol"]) == ("a:9092,b:9092", "SASL_PLAINTEXT")
    assert (options["sasl_plain_username"], options["sasl_plain_password"], options["sasl_mechanism"]) == ("u", "p", "SCRAM-SHA-512")


@pytest.mark.parametrize(
    ("name", "secret"),
    [("KAFKA_PASSWORD", "rahasia"), ("PORTAL_TOKEN", "rahasia"), ("S3_SECRET", "rahasia"), ("STORE", "postgresql://u:p@h/d")],
)
def test_a_secret_may_be_kept_in_a_file(name: str, secret: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{secret}\n", "utf-8")
    beside = {"JEJAK_S3_KEY_ID": "jejak"} if name == "S3_SECRET" else {}

    settings = read_settings({f"JEJAK_{name}_FILE": str(file), **beside})

    assert getattr(settings, name.lower()) == secret


def test_an_empty_file_counts_as_unset(tmp_path: Path) -> None:
    (tmp_path / "none").touch()

    assert read_settings({"JEJAK_PORTAL_TOKEN_FILE": str(tmp_path / "none")}) == read_settings({})


def test_a_file_that_cannot_be_read_is_named_with_every_other_wrong_setting(tmp_path: Path) -> None:
    lines = refused(KAFKA_PASSWORD_FILE=str(tmp_path / "none"), PORT="x")

    assert lines[0] == f"JEJAK_KAFKA_PASSWORD_FILE: {tmp_path / 'none'} cannot be read (No such file or directory)"
    assert lines[1].startswith("JEJAK_PORT: ")


def test_a_secret_in_two_places_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", "utf-8")

    assert refused(PORTAL_TOKEN="y", PORTAL_TOKEN_FILE=str(tmp_path / "secret")) == [
        "JEJAK_PORTAL_TOKEN and JEJAK_PORTAL_TOKEN_FILE are both set: only one may be"
    ]


def test_what_is_no_secret_has_no_file() -> None:
    assert refused(HOST_FILE="x") == ["JEJAK_HOST_FILE: there is no such setting"]


def test_lanes_may_have_addresses_of_their_own() -> None:
    assert read_settings({"JEJAK_STORE": "intake=postgresql://a@h/d\nreview=sqlite:x/"}).store
    assert refused(STORE="intake=postgresql://a@h/d kitchen=sqlite:x/")[0].startswith("JEJAK_STORE: knows intake, review")
    assert refused(STORE="intake=mysql://a@h/d")[0].startswith("JEJAK_STORE: must be")


def test_the_key_of_an_s3_server_comes_with_its_secret() -> None:
    assert refused(S3_KEY_ID="jejak") == ["JEJAK_S3_KEY_ID and JEJAK_S3_SECRET are needed together"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://jejak.example.id/", "https://jejak.example.id"),
        ("https://jejak.example.id:443", "https://jejak.example.id"),
        ("https://jejak.example.id:8443", "https://jejak.example.id:8443"),
        ("https://localhost:127.0.0.1:8443", "https://localhost:8443"),
        ("https://localhost:127.0.0.1:443", "https://localhost"),
        ("http://jejak.example.id:80", "http://jejak.example.id"),
        ("http://jejak.example.id:443", "http://jejak.example.id:443"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_the_desk_s_address_is_the_one_that_browsers_say(given: str, address: str) -> None:
    """A compose file makes it of SITE and HTTPS_PORT, which may be bound to one address of the machine."""
    assert read_settings({"JEJAK_DESK_URL": given}).desk_url == address
