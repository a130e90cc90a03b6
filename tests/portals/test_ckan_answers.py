"""What CKAN, or something in front of it, may answer: each becomes a code, Indonesian words, and when to come again. Canned answers."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from portals.ckan.client import Ckan
from portals.desired import Desired
from portals.kinds import open_portal
from portals.portal import Code, PortalProblem
from tests.portals.samples import Shelf, unseen

Answer = tuple[int, dict[str, str], str]


class Canned(BaseHTTPRequestHandler):
    answer: ClassVar[Answer]
    asked: ClassVar[list[Message]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(self.headers)
        status, headers, body = self.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Stay quiet."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def refused(status: int, kind: str, **error: Any) -> Answer:
    """An error as CKAN's API words it."""
    return status, {"Content-Type": "application/json"}, json.dumps({"success": False, "error": {"__type": kind, **error}})


def page(status: int, **headers: str) -> Answer:
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, "<html><h1>Galat</h1></html>"


TOO_LARGE = "Upload size 60000000 surpasses max allowed size 10485760"
ANSWERS: dict[str, tuple[Answer, Code, str]] = {
    "no right": (refused(403, "Authorization Error", message="Access denied"), Code.NOT_AUTHORIZED, "JEJAK_PORTAL_TOKEN"),
    "name in use, in another language": (
        refused(409, "Validation Error", name=["URL tersebut sudah digunakan."]),
        Code.NAME_TAKEN,
        "URL tersebut sudah digunakan",
    ),
    "file too large, old file store": (
        refused(409, "Validation Error", upload=["File upload too large"]),
        Code.TOO_LARGE,
        "max_resource_size",
    ),
    "file too large, new file store": (
        refused(409, "Validation Error", resources=[{}, {"upload": [TOO_LARGE]}]),
        Code.TOO_LARGE,
        "max_resource_size",
    ),
    "request too large for the web server": (page(413), Code.TOO_LARGE, "server web"),
    "invalid metadata": (refused(409, "Validation Error", extras=[{"value": ["Missing value"]}]), Code.INVALID, "value: Missing value"),
    "changed meanwhile": (refused(409, "Validation Error", match=["metadata_modified"]), Code.CHANGED_MEANWHILE, "berubah"),
    "search index": (refused(500, "Search Index Error", message="Unable to add package"), Code.SERVER_ERROR, "Solr"),
    "search connection": (refused(500, "Search Connection Error", message="Unable to connect"), Code.SERVER_ERROR, "Solr"),
    "an error inside CKAN": (refused(500, "Internal Server Error", message="Internal Server Error"), Code.SERVER_ERROR, "pengelola portal"),
    "bad gateway": (page(502), Code.SERVER_ERROR, "HTTP 502"),
    "a page instead of an answer": (page(200), Code.MISCONFIGURED, "tidak menjawab seperti CKAN"),
    "JSON of something else": ((200, {}, '{"error": true}'), Code.MISCONFIGURED, "tidak menjawab seperti CKAN"),
    "moved": (page(301, Location="https://data.example.go.id/"), Code.MISCONFIGURED, "https://data.example.go.id/"),
    "forbidden by a firewall": (page(403), Code.NOT_AUTHORIZED, "HTTP 403"),
}


def problem_of(address: str, shelf: Shelf, answer: Answer) -> PortalProblem:
    Canned.answer = answer
    portal = open_portal(address, token="rahasia-sekali")
    with pytest.raises(PortalProblem) as problem:
        portal.apply(Desired("data", shelf.publication("data", {"desa.csv": b"1"})), shelf.files, about=None, step=unseen)
    assert "rahasia" not in str(problem.value)
    assert portal.check(largest_file=1)
    return problem.value


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_becomes_a_code_and_words_that_say_what_to_do(name: str, address: str, shelf: Shelf) -> None:
    answer, code, words = ANSWERS[name]
    problem = problem_of(address, shelf, answer)
    assert problem.code is code
    assert words in problem.message
    assert problem.retry_after is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("body", ["<html>", '{"success": false}'])
def test_a_busy_portal_says_when_to_come_again(status: int, body: str, address: str, shelf: Shelf) -> None:
    problem = problem_of(address, shelf, (status, {"Retry-After": "120"}, body))
    assert (problem.code, problem.retry_after) == (Code.BUSY, 120)


def test_the_time_to_come_again_may_be_a_date_or_nonsense(address: str, shelf: Shelf) -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    later = problem_of(address, shelf, page(503, Retry_After=soon)).retry_after
    assert later is not None
    assert 80 < later <= 90
    assert problem_of(address, shelf, page(503, Retry_After="nanti")).retry_after is None
    assert problem_of(address, shelf, page(503)).retry_after is None


def test_the_public_look_brings_neither_token_nor_cookie(address: str) -> None:
    Canned.answer = 200, {"Set-Cookie": "sid=logged-in; Path=/"}, json.dumps({"success": True, "result": {}})
    Canned.asked.clear()

    with Ckan(address, token="rahasia", timeout=10) as ckan:
        ckan.call("status_show")
        assert ckan.public_sha256_of("/dataset/a/resource/b/download/a.csv")

    assert [(asked["Authorization"], asked["Cookie"]) for asked in Canned.asked] == [("rahasia", None), (None, None)]
