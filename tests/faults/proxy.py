"""A TCP proxy that fails on purpose: in come connections for a real server, out goes what the armed fault lets through.

Faults strike at the n-th request, counted over all connections from the moment of arming. A request is what a client begins to send
on a fresh connection or after the server has answered: HTTP, PostgreSQL and Kafka without pipelining all read like that.

    with FaultProxy("127.0.0.1", 5432) as proxy:
        proxy.arm(LoseAnswer(), at=3)
        …use proxy.port…
        proxy.heal()
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeVar

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 16
Result = TypeVar("Result")


@dataclass(frozen=True)
class Cut:
    """The connection is reset after `after` bytes of the request; with 0 the server never hears of it."""

    after: int = 0


@dataclass(frozen=True)
class LoseAnswer:
    """The server hears the request and acts; the connection is reset after `after` bytes of its answer."""

    after: int = 0


@dataclass(frozen=True)
class Silence:
    """Nobody answers, and nobody hangs up either, until the client does or the proxy is healed."""


@dataclass(frozen=True)
class Answer:
    """The server never hears the request; these bytes are the answer, and then the connection ends."""

    content: bytes


Fault = Cut | LoseAnswer | Silence | Answer


def http_answer(status: str, *headers: str) -> Answer:
    """An HTML error page as a web server in front of an application sends it, e.g. `http_answer("503 Busy", "Retry-After: 7")`."""
    body = f"<html><h1>{status}</h1></html>"
    lines = (f"HTTP/1.1 {status}", "Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close", *headers, "", body)
    return Answer("\r\n".join(lines).encode())


@dataclass(eq=False)
class _Talk:
    """One client's connection and ours to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    answered: bool = True
    fault: Fault | None = None
    passed: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def reset(self) -> None:
        for writer in (self.client, self.server):
            raw = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self.over.set()


class FaultProxy:
    """Listens on a free port of 127.0.0.1, in a thread of its own; methods may be called from any thread."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self._talks: set[_Talk] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._fault: Fault | None = None
        self._at: int | None = None
        self.requests = 0
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._do(self._deafen())
        self._do(self._finish())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def arm(self, fault: Fault, *, at: int | None = None) -> None:
        """From now on the `at`-th request meets the fault, or every request; counting starts anew."""
        self._do(self._arm(fault, at))

    def refuse(self) -> None:
        """Refuse connections, and reset those there are, until healed."""
        self._do(self._deafen())

    def heal(self) -> None:
        """Pass everything again; connections stuck in silence are reset. Counting starts anew."""
        self._do(self._arm(None, None))
        self._do(self._reset_stuck())
        self._do(self._listen())

    async def _arm(self, fault: Fault | None, at: int | None) -> None:
        self._fault, self._at, self.requests = fault, at, 0

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, LOOPBACK, self.port, limit=CHUNK)
            self.port = self._server.sockets[0].getsockname()[1]

    async def _deafen(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in list(self._talks):
            talk.reset()

    async def _reset_stuck(self) -> None:
        for talk in list(self._talks):
            if isinstance(talk.fault, Silence):
                talk.reset()

    async def _finish(self) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._target, limit=CHUNK)
        except OSError:
            writer.transport.abort()
            return
        talk = _Talk(writer, server_writer)
        self._talks.add(talk)
        try:
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._upwards(talk, reader))
                pumps.create_task(_downwards(talk, server_reader))
        finally:
            self._talks.discard(talk)
            for each in (writer, server_writer):
                each.close()
                with contextlib.suppress(ConnectionError):
                    await each.wait_closed()

    async def _upwards(self, talk: _Talk, reader: asyncio.StreamReader) -> None:
        """From client to server, minding the fault of the request that each chunk belongs to."""
        while data := await _read(reader):
            if talk.answered:
                talk.answered, talk.passed = False, 0
                self.requests += 1
                talk.fault = self._fault if self._at in (None, self.requests) else None
            match talk.fault:
                case Cut(after=after) if talk.passed + len(data) >= after:
                    await _send(talk.server, data[: after - talk.passed])
                    talk.reset()
                    return
                case Silence():
                    continue
                case Answer(content=content):
                    if talk.passed == 0:
                        await _send(talk.client, content)
                case _:
                    await _send(talk.server, data)
            talk.passed += len(data)
        await _end(talk.server)

    def _do(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=30)


async def _downwards(talk: _Talk, reader: asyncio.StreamReader) -> None:
    """From server to client."""
    passed = 0
    while data := await _read(reader):
        if not talk.answered:
            talk.answered, passed = True, 0
        if isinstance(talk.fault, LoseAnswer) and passed + len(data) >= talk.fault.after:
            await _send(talk.client, data[: talk.fault.after - passed])
            talk.reset()
            return
        await _send(talk.client, data)
        passed += len(data)
    if not isinstance(talk.fault, Answer | Silence):
        await _end(talk.client)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(CHUNK)
    except ConnectionError:
        return b""


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()


async def _end(writer: asyncio.StreamWriter) -> None:
    """Pass on that nothing more will come."""
    with contextlib.suppress(OSError):
        if writer.can_write_eof() and not writer.is_closing():
            writer.write_eof()
