"""The proxy itself: each fault does what it says, and no more."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.faults.proxy import Cut, FaultProxy, LoseAnswer, Silence, http_answer

HEARD: list[bytes] = []


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if len(body) == int(self.headers["Content-Length"]):
            HEARD.append(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Stay quiet."""


class Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Resets are what we came for."""


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    HEARD.clear()
    server = Quiet(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with FaultProxy("127.0.0.1", server.server_address[1]) as made:
        yield made
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def client(proxy: FaultProxy, *, timeout: float = 10) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=timeout)) as connection:
        yield connection


def say(connection: http.client.HTTPConnection, body: bytes) -> bytes:
    connection.request("POST", "/", body=body)
    return connection.getresponse().read()


def say_once(proxy: FaultProxy, body: bytes, *, timeout: float = 10) -> bytes:
    with client(proxy, timeout=timeout) as connection:
        return say(connection, body)


def test_without_a_fault_everything_passes_and_requests_are_counted(proxy: FaultProxy) -> None:
    with client(proxy) as connection:
        assert say(connection, b"satu") == b"satu"
        assert say(connection, b"x" * 1_000_000) == b"x" * 1_000_000
        assert say_once(proxy, b"tiga") == b"tiga"
    assert proxy.requests == 3


def test_a_cut_request_is_not_heard_and_those_around_it_are(proxy: FaultProxy) -> None:
    proxy.arm(Cut(), at=2)
    with client(proxy) as connection:
        assert say(connection, b"satu") == b"satu"
        with pytest.raises(ConnectionError):
            say(connection, b"dua")
    assert say_once(proxy, b"tiga") == b"tiga"
    assert HEARD == [b"satu", b"tiga"]


def test_a_request_cut_in_the_middle(proxy: FaultProxy) -> None:
    proxy.arm(Cut(after=500_000), at=1)
    with pytest.raises(ConnectionError):
        say_once(proxy, b"x" * 1_000_000)
    assert b"x" * 1_000_000 not in HEARD


@pytest.mark.parametrize("after", [0, 40])
def test_a_lost_answer_is_lost_after_the_server_acted(proxy: FaultProxy, after: int) -> None:
    proxy.arm(LoseAnswer(after=after), at=1)
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        say_once(proxy, b"satu")
    assert HEARD == [b"satu"]
    assert say_once(proxy, b"dua") == b"dua"


def test_silence_lasts_until_the_client_gives_up(proxy: FaultProxy) -> None:
    proxy.arm(Silence())
    with pytest.raises(TimeoutError):
        say_once(proxy, b"satu", timeout=0.1)
    assert not HEARD
    proxy.heal()
    assert say_once(proxy, b"dua") == b"dua"


def test_a_canned_answer_comes_instead_of_the_servers(proxy: FaultProxy) -> None:
    proxy.arm(http_answer("503 Busy", "Retry-After: 7"), at=1)
    with client(proxy) as connection:
        connection.request("POST", "/", body=b"x" * 300_000)
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("Retry-After"), answer.read()[:6]) == (503, "7", b"<html>")
    assert not HEARD


def test_refusing_and_healing(proxy: FaultProxy) -> None:
    assert say_once(proxy, b"satu") == b"satu"
    proxy.refuse()
    with pytest.raises(ConnectionError):
        say_once(proxy, b"dua")
    proxy.heal()
    assert say_once(proxy, b"tiga") == b"tiga"
