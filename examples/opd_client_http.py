# ruff: noqa: INP001 (a script to copy, not part of a package)
"""Submits one dataset to Jejak over HTTP, files of any size first. Needs Python 3.11, nothing else; copy it and change it.

    JEJAK_TOKEN=… python opd_client_http.py daftar-kecamatan.json --jejak http://127.0.0.1:8000

The form holds the metadata, its data files lie beside it. The finished form is kept in `<form>.record` until it was answered; after a
crash, or when the answer was lost, the same form is sent again, which changes nothing. Exit code: 0 accepted or duplicate, 1 refused or
no answer.
"""

import argparse
import contextlib
import hashlib
import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TRIES = 5
TIMEOUT_S = 300


def form_of(form_path: Path) -> dict[str, Any]:
    """The form that is still to be sent, or a new one with the size and hash of each file."""
    kept = form_path.with_suffix(".record")
    if kept.exists():
        found: dict[str, Any] = json.loads(kept.read_text("utf-8"))
        return found
    form: dict[str, Any] = json.loads(form_path.read_text("utf-8"))
    form["event_id"] = str(uuid.uuid4())
    form["occurred_at"] = datetime.now(UTC).isoformat()
    form["files"] = [described(file, form_path.parent / file["name"]) for file in form["files"]]
    draft = kept.with_suffix(".draft")
    draft.write_text(json.dumps(form, ensure_ascii=False), "utf-8")
    draft.replace(kept)
    return form


def described(file: dict[str, Any], path: Path) -> dict[str, Any]:
    """A file of the form with its size and hash."""
    with path.open("rb") as content:
        return file | {"bytes": path.stat().st_size, "sha256": hashlib.file_digest(content, "sha256").hexdigest()}


def submit(form: dict[str, Any], folder: Path, base: str, token: str) -> tuple[int, dict[str, Any]]:
    """Put the files, then post the form. Status and JSON of the last call, or of the first that went wrong. Raises OSError."""
    for file in form["files"]:
        status, answer = call("PUT", f"{base}/intake/api/files/{file['sha256']}", token, folder / file["name"])
        if status != 201:
            return status, answer
    return call("POST", f"{base}/intake/api/submissions", token, json.dumps(form, ensure_ascii=False).encode())


def call(method: str, url: str, token: str, body: bytes | Path) -> tuple[int, dict[str, Any]]:
    """Status and JSON. "Not now" (503) and a broken connection are tried again: both calls may be repeated. Raises OSError."""
    for attempt in range(1, TRIES + 1):
        try:
            status, answer = once(method, url, token, body)
        except (OSError, HTTPException) as error:
            if attempt == TRIES:
                raise OSError(f"{method} {url}: {error!r}") from error
        else:
            if status != 503 or attempt == TRIES:
                return status, answer
        time.sleep(2**attempt)
    raise AssertionError("not reached")


def once(method: str, url: str, token: str, body: bytes | Path) -> tuple[int, dict[str, Any]]:
    address = urlsplit(url)
    connection = (HTTPSConnection if address.scheme == "https" else HTTPConnection)(address.netloc, timeout=TIMEOUT_S)
    size = body.stat().st_size if isinstance(body, Path) else len(body)
    headers = {"Authorization": f"Bearer {token}", "Content-Length": str(size), "Content-Type": "application/json"}
    with contextlib.closing(connection), body.open("rb") if isinstance(body, Path) else contextlib.nullcontext(body) as content:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer (401, 413) before it has read everything
            connection.request(method, address.path, content, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Submit one dataset to Jejak over HTTP. The token is taken from JEJAK_TOKEN.")
    parser.add_argument("form", type=Path, help="DataSubmitted as JSON; data files beside it")
    parser.add_argument("--jejak", required=True, help="the address, for example https://jejak.example.id")
    given = parser.parse_args()
    try:
        status, answer = submit(form_of(given.form), given.form.parent, given.jejak.rstrip("/"), os.environ["JEJAK_TOKEN"])
    except OSError as error:
        sys.stderr.write(f"No answer: {error}. The form is kept; run this again.\n")
        return 1
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    if status in {202, 413, 422}:  # answered for good; after 401 or 503 the same form is sent again
        given.form.with_suffix(".record").unlink()
    return 0 if status == 202 else 1


if __name__ == "__main__":
    sys.exit(main())
