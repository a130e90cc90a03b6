"""docker-compose.yml in a folder of its own, as an operator has it: commands to Compose, calls through the front door, people's tokens."""

import json
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any

import httpx

from bus.kafka import Kafka
from bus.rights import user_of
from jejak import ports
from jejak.installation import Installation
from tests import containers
from web.keys import load_private
from web.tokens import Role, issue, person_id

ROOT = Path(__file__).parents[2]
BUILD_S, UP_S, COMMAND_S, PATIENCE_S, TICK_S = 900.0, 900.0, 300.0, 300.0, 1.0
LANES = ("intake", "review", "decision", "publisher", "archive")
SERVING = ("kafka", "postgres", *LANES, "desk", "front")
"""Every service that runs on."""
JEJAK_IMAGE = "jejak-test/jejak"
TRACES = "traces"
"""The name, on the system's network, of what keeps the spans that it is sent, a file in `spans/` for each request."""
KEEPS_SPANS = """
import http.server, itertools, pathlib
numbers = itertools.count()
class Keeping(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        draft = pathlib.Path("/spans/draft")
        draft.write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
        draft.rename(f"/spans/{next(numbers)}.otlp")
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.HTTPServer(("", 4318), Keeping).serve_forever()
"""


@dataclass(frozen=True)
class Composed:
    """A folder as `jejak init` leaves it, and the project's name."""

    folder: Path
    project: str
    https: int
    kafka: int
    passwords: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def compose(self, *arguments: str, timeout: float = COMMAND_S, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """One command of Compose, run to its end; its output is in the error when it fails."""
        command = ["docker", "compose", "-p", self.project, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=timeout, check=False)
        assert not check or done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-3000:]}"
        return done

    def jejak(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """An operator's command, in a container of its own."""
        return self.compose("run", "--rm", "-T", "jejak", *arguments, check=check)

    def add_opd(self, kode: str) -> None:
        """Made known by the operator, with a user on Kafka."""
        command = ("opd", "add", kode, "--name", f"Dinas {kode}", "--password-file", f"/passwords/{kode}")
        self.compose("run", "--rm", "-T", "-v", f"{self.passwords}:/passwords", "jejak", *command)

    def kafka_as(self, opd: str, *, password: str | None = None) -> Kafka:
        """Kafka's outer listener, as the system of this OPD reaches it."""
        known = password or (self.passwords / opd).read_text("utf-8").strip()
        authority = str(self.folder / "certificates" / "kafka-authority.pem")
        return Kafka(f"localhost:{self.kafka}", "SASL_SSL", user_of(opd), known, authority)

    def up(self) -> None:
        self.compose("up", "-d", "--wait", timeout=UP_S)

    def state(self, service: str) -> dict[str, Any]:
        """`docker inspect` of a service's container."""
        container = self.compose("ps", "-aq", service).stdout.split()[0]
        found: dict[str, Any] = json.loads(docker("inspect", container))[0]
        return found

    def is_healthy(self, service: str) -> bool:
        state = self.state(service)["State"]
        return bool(state["Running"] and state["Health"]["Status"] == "healthy")

    def until(self, is_so: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
        """Wait for progress, with a deadline."""
        deadline = time.monotonic() + patience_s
        while not is_so():
            assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain for {what}: {self.told()}"
            time.sleep(TICK_S)

    def told(self) -> str:
        return self.compose("ps", "-a", check=False).stdout + self.compose("logs", "--tail", "15", check=False).stdout[-6000:]

    def authority(self) -> SSLContext:
        """Trusts the front door's own authority and nobody else."""
        place = self.folder / "authority.pem"
        if not place.exists():
            self.compose("cp", "front:/data/caddy/pki/authorities/local/root.crt", str(place))
        return create_default_context(cafile=str(place))

    def token(self, role: str, opd: str | None = None) -> str:
        """Of a person with this role, signed with the installation's key."""
        name = f"{role} {opd or ''}".strip()
        if name not in self.tokens:
            self.tokens[name] = issue(
                load_private(self.folder / "secrets" / "private.pem"),
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
    def door(self) -> Iterator["Door"]:
        """Calls through the front door, over TLS, as its name."""
        with httpx.Client(base_url=f"https://localhost:{self.https}", verify=self.authority(), timeout=30) as http:
            yield Door(self, http)


@dataclass(frozen=True)
class Door:
    """The one origin that people and programs reach."""

    system: Composed
    http: httpx.Client

    def call(self, method: str, path: str, *, token: str | None = None, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, path, headers=headers, **more)

    def submission(self, lane: str, submission_id: str) -> dict[str, Any]:
        """As the lane shows it to an auditor; empty while it does not know it, or is not there."""
        with suppress(httpx.TransportError):
            answer = self.call("GET", f"/{lane}/api/submissions/{submission_id}", token=self.system.token("auditor"))
            if answer.status_code == 200:
                shown: dict[str, Any] = answer.json()
                return shown
        return {}

    def public(self, url: str) -> httpx.Response:
        """What the public gets at `url`, which it finds on port 443, on the port of this test."""
        assert url.startswith("https://localhost/portal/dataset/")
        return self.http.get(url.replace("https://localhost/", f"https://localhost:{self.system.https}/"), follow_redirects=True)


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, timeout=COMMAND_S, check=True).stdout


def build(image: str) -> None:
    """The project's image from this checkout, on the Python image that is there."""
    command = [
        "docker",
        "build",
        "-q",
        "-t",
        image,
        "-f",
        "deploy/Dockerfile",
        "--build-arg",
        f"BASE={containers.image('PYTHON_IMAGE')}",
        ".",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=BUILD_S, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


@contextmanager
def installed(folder: Path, *, more: Sequence[str] = ()) -> Iterator[Composed]:
    """What the operators' page says, in a folder of its own on free ports: init, up --wait. Nothing is left of it afterwards.

    `more`: lines for .env. The folder of a checkout is copied as far as Compose needs it.
    """
    build(JEJAK_IMAGE)
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    for file in ROOT.glob("docker-compose*.yml"):
        shutil.copy(file, folder)
    list(Installation(folder).make())
    http, https, kafka = ports.free(), ports.free(), ports.free()
    images = [f"{setting}={name}" for setting in containers.IMAGES if (name := containers.image(setting))]
    env = folder / ".env"
    kept = [line for line in env.read_text("utf-8").splitlines() if not line.startswith(("HTTP_PORT", "HTTPS_PORT"))]
    outside = ["COMPOSE_FILE=docker-compose.yml:docker-compose.kafka.yml", f"KAFKA_PORT={kafka}"]
    mine = [*outside, f"HTTP_PORT=127.0.0.1:{http}", f"HTTPS_PORT=127.0.0.1:{https}", f"JEJAK_IMAGE={JEJAK_IMAGE}", *images, *more]
    env.write_text("\n".join([*kept, *mine, ""]), "utf-8")
    passwords = folder / "passwords"
    passwords.mkdir()
    passwords.chmod(0o777)  # written by the containers' own user
    system = Composed(folder, f"jejak-test-{uuid.uuid4().hex[:8]}", https, kafka, passwords)
    try:
        system.up()
        yield system
    finally:
        system.compose("--profile", "*", "down", "-v", "--remove-orphans", "-t", "5", check=False)


@contextmanager
def keeping_spans(system: Composed) -> Iterator[None]:
    """Beside the system, on its network; what was told before it was there is lost."""
    place = system.folder / "spans"
    place.mkdir()
    place.chmod(0o777)  # written by the container's own user
    where = ("--network", f"{system.project}_inside", "--network-alias", TRACES, "-v", f"{place}:/spans")
    name = f"{system.project}-{TRACES}"
    docker("run", "-d", "--no-healthcheck", "--name", name, *where, "--entrypoint", "python", JEJAK_IMAGE, "-c", KEEPS_SPANS)
    try:
        yield
    finally:
        docker("rm", "-f", name)
