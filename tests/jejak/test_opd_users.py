"""Every OPD has its own user on Kafka: made with it, shown once, given anew, taken away; a whole regency at once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bus.kafka import Kafka, KafkaError
from jejak import opd_cli
from jejak.forms import FormRefused
from tests.bus.guarded import guarded, sends
from tests.jejak.running import Home


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kafka, Kafka]]:
    with guarded(tmp_path_factory.mktemp("guarded")) as both:
        yield both


@pytest.fixture(scope="module")
def operator(doors: tuple[Kafka, Kafka], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Whose commands come in as the operator, after the installation's users were made."""
    folder = tmp_path_factory.mktemp("operator")
    for name in ("operator", "intake"):
        (folder / f"kafka-{name}").write_text(f"rahasia-{name}\n", "utf-8")
    inside = Home(folder, {"JEJAK_KAFKA": doors[0].bootstrap})
    made = inside.jejak("access", str(folder))
    assert (made.returncode, "jejak-intake: ready, with 11 rows" in made.stderr) == (0, True), made.stderr
    asked = {"JEJAK_KAFKA": doors[1].bootstrap, "JEJAK_KAFKA_SECURITY": "SASL_PLAINTEXT", "JEJAK_KAFKA_USER": "jejak-operator"}
    return Home(folder, asked | {"JEJAK_KAFKA_PASSWORD_FILE": str(folder / "kafka-operator")})


async def comes_in(doors: tuple[Kafka, Kafka], opd: str, password: str) -> bool:
    try:
        await sends(replace(doors[1], user=f"opd-{opd}", password=password), f"opd.{opd}.data-submitted.v1")
    except (KafkaError, OSError, TimeoutError):
        return False
    return True


async def test_an_opd_has_a_user_whose_password_is_shown_once_given_anew_and_taken_away(doors: tuple[Kafka, Kafka], operator: Home) -> None:
    first = operator.jejak("opd", "add", "dinkes", "--name", "Dinas Kesehatan").stdout.partition("(shown this once): ")[2].split()[0]
    assert await comes_in(doors, "dinkes", first)

    again = operator.jejak("opd", "add", "dinkes", "--name", "Dinas Kesehatan dan KB")
    assert (again.returncode, "password" in again.stdout) == (0, False)
    assert await comes_in(doors, "dinkes", first)

    (operator.directory / "new").touch(mode=0o644)
    operator.jejak("opd", "rotate", "dinkes", "--password-file", "new")
    new = (operator.directory / "new").read_text("utf-8").strip()
    assert (operator.directory / "new").stat().st_mode & 0o077 == 0
    assert [await comes_in(doors, "dinkes", password) for password in (first, new)] == [False, True]

    assert operator.jejak("opd", "remove", "dinkes").returncode == 0
    assert not await comes_in(doors, "dinkes", new)


async def test_a_whole_regency_at_once_with_a_result_for_each(doors: tuple[Kafka, Kafka], operator: Home, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("kode,name,contact\nsetda,Sekretariat Daerah,a@x.id;b@x.id\nKode!,Salah,\nbpkad,BPKAD,\n", "utf-8")

    done = operator.jejak("opd", "add", "--from", str(tmp_path / "list.csv"), "--password-file", str(tmp_path))

    assert done.returncode == 1
    assert "Kode!: small letters" in done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines() if "topic" in line] == ["setda", "bpkad"]
    for opd in ("setda", "bpkad"):
        assert await comes_in(doors, opd, (tmp_path / opd).read_text("utf-8").strip())
    assert '"contacts":["a@x.id","b@x.id"]' in operator.jejak("opd", "list", "--json").stdout


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("kode,name\nsetda,\n", "line 2: name is missing"),
        ("kode,name\na,A\na,B\n", "a is there twice"),
        ("x\n1\n", "kode, name is missing"),
    ],
)
def test_a_list_that_is_none_changes_nothing(content: str, told: str, operator: Home, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(content, "utf-8")

    refused = operator.jejak("opd", "add", "--from", str(tmp_path / "list.csv"))

    assert (refused.returncode, told in refused.stderr) == (1, True)


def test_a_password_that_cannot_be_written_down_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opd_cli, "_access", lambda: pytest.fail("nobody's password is changed"))

    with pytest.raises(FormRefused, match="no-folder/new: No such file"):
        opd_cli._new_password("dinkes", tmp_path / "no-folder" / "new")


def test_a_kafka_without_users_says_so(doors: tuple[Kafka, Kafka], tmp_path: Path) -> None:
    refused = Home(tmp_path, {"JEJAK_KAFKA": doors[0].bootstrap}).jejak("opd", "remove", "dinkes")

    assert (refused.returncode, "has no users" in refused.stderr) == (1, True)
