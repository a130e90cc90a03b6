"""A TCP proxy that can be nasty: it stands between lanes and a server, cuts connections (RST), slows them down, or lets nobody in.

In: where the real server listens (host and port, or a Unix socket); out: a port on 127.0.0.1 with the same server behind it.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from jejak.ports import LOOPBACK, free

CHUNK: Final = 64 * 1024
START_S: Final = 10.0
RST: Final = struct.pack("ii", 1, 0)
Upstream = tuple[str, int] | Path


class Proxy:
    """Runs in a thread of its own. `delay_s` is added to every chunk, both ways; `shut` refuses whoever comes."""

    def __init__(self, upstream: Upstream, *, port: int = 0) -> None:
        self.upstream, self.port = upstream, port or free()
        self.delay_s, self.shut = 0.0, False
        self.cut = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, LOOPBACK, self.port), self._loop).result(START_S)

    def reset(self) -> None:
        """Cut every connection, as a rebooted router does: both ends get a reset."""
        self._call(self._reset)

    def close(self) -> None:
        self.shut = True
        self._call(self._server.close)
        self.reset()
        asyncio.run_coroutine_threadsafe(self._ended(), self._loop).result(START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        self._loop.close()

    def _call(self, work: Callable[[], object]) -> None:
        async def run() -> None:
            work()

        asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_S)

    def _reset(self) -> None:
        for writer in list(self._open):
            found = writer.get_extra_info("socket")
            if found is not None and found.family != socket.AF_UNIX:
                with contextlib.suppress(OSError):  # it is just being closed
                    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
            writer.transport.abort()
            self.cut += 1

    async def _ended(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.shut:
            writer.transport.abort()
            return
        try:
            if isinstance(self.upstream, Path):
                there, back = await asyncio.open_unix_connection(str(self.upstream))
            else:
                there, back = await asyncio.open_connection(*self.upstream)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, back}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._open -= ends
            for end in ends:
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while chunk := await source.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                target.write(chunk)
                await target.drain()
            target.write_eof()
        except (OSError, RuntimeError):
            target.transport.abort()
