"""The doctor looks at the store too: a real PostgreSQL that answers, and one that does not; a journal that is no database."""

import socket
import sqlite3
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from events.stores import open_store
from jejak.doctor import LOOKS, Answer, examine
from lane.settings import Settings, read_settings


def settings_of(folder: Path, store: str) -> Settings:
    given = {"KAFKA": "127.0.0.1:1", "STORE": store, "FILES": f"file:{folder}/files", "PORTAL": f"folder:{folder}/portal"}
    return read_settings({f"JEJAK_{name}": value for name, value in given.items()} | {"JEJAK_KEYS": str(folder / "keys")})


def of_the_store(settings: Settings, monkeypatch: pytest.MonkeyPatch, what: str = "store") -> Answer:
    monkeypatch.setattr("jejak.doctor.LOOKS", {what: LOOKS[what]})
    (answer,) = examine(settings)
    return answer


def test_a_store_that_answers_is_good(tmp_path: Path, postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (postgres(), f"sqlite:{tmp_path}/"):
        answer = of_the_store(settings_of(tmp_path, address), monkeypatch)
        assert (answer.good, answer.words) == (True, "answers and can be written; journals of no lane are there")
        open_store(address, "review").close()
        answer = of_the_store(settings_of(tmp_path, address), monkeypatch)
        assert (answer.good, answer.words) == (True, "answers and can be written; journals of review are there")


@pytest.mark.parametrize("store", ["postgresql://nobody@127.0.0.1:1/nothing", "postgresql://x:y@127.0.0.1:1/z?connect_timeout=1"])
def test_a_database_that_does_not_answer_is_told(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = of_the_store(settings_of(tmp_path, store), monkeypatch)

    assert not answer.good
    assert answer.words


def test_a_journal_that_is_no_database_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "review.sqlite").write_bytes(b"not a database, but long enough to be looked at as one" * 100)

    assert not of_the_store(settings_of(tmp_path, f"sqlite:{tmp_path}/"), monkeypatch).good


def test_each_failure_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = of_the_store(settings_of(tmp_path, "postgresql://nobody@127.0.0.1:1/nothing"), monkeypatch)

    assert answer.do == LOOKS["store"].do
    assert all(look.about and look.do for look in LOOKS.values())


def test_the_clock_is_compared_with_the_database_s(tmp_path: Path, postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of(tmp_path, postgres())
    assert of_the_store(settings, monkeypatch, "clock").good

    class Slow(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Slow":
            return cls.fromtimestamp(datetime.now(tz).timestamp() - 3600, tz)

    monkeypatch.setattr("jejak.doctor.datetime", Slow)
    answer = of_the_store(settings, monkeypatch, "clock")
    assert not answer.good
    assert "differ (database: 3600 s)" in answer.words


def test_a_database_that_only_reads_is_told(tmp_path: Path, postgres: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    address = postgres()
    open_store(address, "review").close()
    with psycopg.connect(address, autocommit=True) as c:
        c.execute(f"ALTER DATABASE {c.info.dbname} SET default_transaction_read_only = on")

    answer = of_the_store(settings_of(tmp_path, address), monkeypatch)

    assert (answer.good, "read-only" in answer.words) == (False, True), answer


def test_what_the_doctor_writes_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_store(f"sqlite:{tmp_path}/", "review").close()
    settings = settings_of(tmp_path, f"sqlite:{tmp_path}/")

    assert of_the_store(settings, monkeypatch).good
    assert of_the_store(settings, monkeypatch).good
    with closing(sqlite3.connect(tmp_path / "review.sqlite")) as c:
        assert c.execute("SELECT count(*) FROM tracking WHERE application_name = 'doctor'").fetchone() == (0,)


@pytest.mark.parametrize(("days", "good"), [(10, False), (90, True)])
def test_a_certificate_that_ends_soon_is_told(tmp_path: Path, days: int, good: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    with tls_server(tmp_path, days) as port:
        settings = settings_of(tmp_path, f"sqlite:{tmp_path}/").model_copy(update={"portal_public_url": f"https://127.0.0.1:{port}"})
        answer = of_the_store(settings, monkeypatch, "certificates")

    assert (answer.good, f"127.0.0.1:{port}: {days - 1} days" in answer.words) == (good, True)


@contextmanager
def tls_server(folder: Path, days: int) -> Iterator[int]:
    """A server whose certificate ends in so many days; gives its port."""
    key, name = Ed25519PrivateKey.generate(), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    began = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), began, began + timedelta(days=days))
    pem = made.sign(key, None).public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_greet_once, args=(context, listening))
        thread.start()
        yield listening.getsockname()[1]
        thread.join()


def _greet_once(context: ssl.SSLContext, listening: socket.socket) -> None:
    connection, _ = listening.accept()
    with context.wrap_socket(connection, server_side=True) as greeted, suppress(OSError):
        greeted.recv(1)
