"""TCP ports of 127.0.0.1: whether one can be had, who holds it otherwise, a free one, and which ones a directory had before."""

import errno
import json
import random
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from jejak.refused import BrokerRefused

LOOPBACK = "127.0.0.1"
LOWEST = 20_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
EPHEMERAL_LOWEST = 32_768
LONGEST_COMMAND = 120


@dataclass(frozen=True)
class Ports:
    """What one broker listens on."""

    broker: int
    controller: int


def choose(memory: Path, *, port: int, controller_port: int | None) -> Ports:
    """The asked-for ports, which must be free; for 0 or None those in the file `memory`, or else new ones. Remembers its choice."""
    before = _recall(memory)
    broker = port or _still_free(before.broker if before else 0)
    controller = controller_port or _still_free(before.controller if before else 0)
    for wanted in (broker, controller):
        if not is_free(wanted):
            raise BrokerRefused(taken(wanted))
    if broker == controller:
        raise BrokerRefused(f"port {broker} cannot be both the broker's and the controller's")
    chosen = Ports(broker, controller)
    if chosen != before:
        memory.write_text(json.dumps(asdict(chosen)), "utf-8")
    return chosen


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now. Raises BrokerRefused for a port that nobody could have."""
    try:
        with socket.socket() as attempt:
            attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            attempt.bind((LOOPBACK, port))
    except OverflowError as error:
        raise BrokerRefused(f"{port} is no TCP port: 1 to 65535 are") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise BrokerRefused(f"port {port} of {LOOPBACK} cannot be used: {error.strerror}") from error
    return True


def free() -> int:
    """A free port below those that the kernel hands to outgoing connections.

    From that range a client that keeps trying a stopped broker's port can be given this very port for itself, and so take it.
    """
    for port in random.sample(range(LOWEST, _ephemeral_lowest()), 200):
        if is_free(port):
            return port
    raise BrokerRefused(f"no free port was found between {LOWEST} and {_ephemeral_lowest()}")


def taken(port: int) -> str:
    """One sentence: the port is taken, by whom, and what to do."""
    holder = _holder(port) or f"another program (`lsof -i :{port}` as root may name it)"
    return (
        f"port {port} of {LOOPBACK} is taken by {holder}: stop it, set JEJAK_KAFKA_PORT to a free port, "
        f"or JEJAK_KAFKA={LOOPBACK}:{port} if it is a Kafka to be used"
    )


def described(pid: int) -> str | None:
    """`name (pid 1, command line)`, or None when there is no such process."""
    try:
        process = psutil.Process(pid)
        name, words = process.name(), " ".join(process.cmdline())
    except psutil.Error:
        return None
    if len(words) > LONGEST_COMMAND:
        words = f"{words[:40]} … {words[40 - LONGEST_COMMAND :]}"
    return f"{name} (pid {pid}, {words})" if words else f"{name} (pid {pid})"


def _still_free(port: int) -> int:
    return port if port and is_free(port) else free()


def _recall(memory: Path) -> Ports | None:
    try:
        return Ports(**json.loads(memory.read_text("utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _ephemeral_lowest() -> int:
    try:
        lowest = int(EPHEMERAL_RANGE.read_text("ascii").split()[0])
    except (OSError, ValueError):
        return EPHEMERAL_LOWEST
    return lowest if lowest > LOWEST + 1000 else EPHEMERAL_LOWEST


def _holder(port: int) -> str | None:
    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, PermissionError):
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port and connection.pid:
            return described(connection.pid)
    return None
