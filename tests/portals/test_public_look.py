"""What the public sees of a CKAN is looked at as the public: without the token, and without a cookie that an answer to it set."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from portals.ckan.client import Ckan

CONTENT = b"kode,nama\n"


@contextmanager
def serving(asked: list[Message]) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(CONTENT)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(json.dumps({"success": True, "result": {}}).encode())

        def _answer(self, body: bytes) -> None:
            asked.append(self.headers)
            self.send_response(200)
            self.send_header("Set-Cookie", "sid=logged-in; Path=/")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its own name)
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_public_look_brings_neither_token_nor_cookie() -> None:
    asked: list[Message] = []
    with serving(asked) as address, Ckan(address, token="rahasia", timeout=10) as ckan:
        ckan.call("status_show")
        found = ckan.public_sha256_of("/dataset/a/resource/b/download/a.csv")
    assert found == sha256(CONTENT).hexdigest()
    assert asked[0]["Authorization"] == "rahasia"
    assert (asked[1]["Authorization"], asked[1]["Cookie"]) == (None, None)
