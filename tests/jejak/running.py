"""Jejak as people run it: the command in a process of its own, in a directory of its own, on a free port."""

import contextlib
import json
import os
import signal
import subprocess
import sysconfig
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from jejak import ports
from web.keys import load_private, make_keys
from web.tokens import Role, issue, person_id

JEJAK = str(Path(sysconfig.get_path("scripts")) / "jejak")
PATIENCE_S = 180.0
TICK_S = 0.05
Done = subprocess.CompletedProcess


@dataclass(frozen=True)
class Home:
    """A directory to run Jejak in, and the settings it runs with."""

    directory: Path
    settings: Mapping[str, str]
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JEJAK_")}
        return {**kept, **self.settings}

    def jejak(self, *arguments: str, **settings: str) -> Done[str]:
        """One command, run to its end."""
        environment = self.environment | settings
        return subprocess.run(
            [JEJAK, *arguments], cwd=self.directory, env=environment, capture_output=True, text=True, timeout=300, check=False
        )

    def token(self, role: str, opd: str | None = None) -> str:
        """Of a person with this role, signed with the keys of this directory."""
        name = f"{role} {opd or ''}".strip()
        if name not in self.tokens:
            keys = self.directory / "var" / "keys"
            make_keys(keys)
            self.tokens[name] = issue(
                load_private(keys / "private.pem"),
                id=person_id(name),
                name=name,
                role=Role(role),
                opd=opd,
                issued_at=datetime.now(UTC),
                days=1,
                token_id=str(uuid.uuid4()),
            )
        return self.tokens[name]

    @contextmanager
    def up(self, *arguments: str) -> Iterator["Up"]:
        """`jejak up`, from the moment it is ready; killed at the end if it still runs."""
        port = ports.free()
        command = [JEJAK, *(arguments or ("up",))]
        with (self.directory / "said.txt").open("ab") as said:
            process = subprocess.Popen(
                command, cwd=self.directory, env={**self.environment, "JEJAK_PORT": str(port)}, stdout=said, stderr=said
            )
        running = Up(self, process, f"http://127.0.0.1:{port}")
        try:
            running.until(lambda: running.status("/readyz") == 200, "ready")
            yield running
        finally:
            process.kill()
            process.wait()

    def said(self) -> str:
        return (self.directory / "said.txt").read_text("utf-8", "replace")


@dataclass(frozen=True)
class Up:
    """A running Jejak, and calls to it."""

    home: Home
    process: "subprocess.Popen[bytes]"
    url: str

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=30, **more)

    def status(self, path: str) -> int:
        with contextlib.suppress(httpx.TransportError):
            return self.call("GET", path).status_code
        return 0

    def submission(self, lane: str, submission_id: str) -> dict[str, Any]:
        """As the lane shows it to an auditor; empty while it does not know it."""
        answer = self.call("GET", f"/{lane}/api/submissions/{submission_id}", token=self.home.token("auditor"))
        shown: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return shown

    def says(self, lane: str, verb: str, submission_id: str, token: str, **body: Any) -> httpx.Response:
        return self.call("POST", f"/{lane}/api/submissions/{submission_id}/{verb}", token=token, json=body)

    def until(self, is_so: Callable[[], object], what: str = "it") -> None:
        """Wait for progress, with a deadline; a process that ended is not waited for."""
        deadline = time.monotonic() + PATIENCE_S
        while not is_so():
            assert self.process.poll() is None, f"it ended while waiting for {what}: {self.home.said()[-2000:]}"
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s in vain for {what}: {self.home.said()[-2000:]}"
            time.sleep(TICK_S)

    def interrupt(self) -> int:
        """Ctrl-C, as a terminal sends it. Returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


def write_form(folder: Path, form: Mapping[str, Any]) -> Path:
    path = folder / f"{form['event_id']}.json"
    path.write_text(json.dumps(form), "utf-8")
    return path
