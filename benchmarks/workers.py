"""Processes that the bench starts and talks with, a JSON line each way: `python -m benchmarks.<module> <argument> …`."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from select import select
from subprocess import PIPE, Popen, TimeoutExpired
from typing import IO, Any, Final

import orjson

STOP_S: Final = 20.0
PATIENCE_S: Final = 900.0


class WorkerEnded(RuntimeError):
    """A process of the bench ended before its time; says where its log is."""


@dataclass(frozen=True)
class Worker:
    process: "Popen[bytes]"
    log: Path

    def tell(self, **what: object) -> None:
        stdin = self.process.stdin
        assert stdin is not None  # noqa: S101
        stdin.write(orjson.dumps(what) + b"\n")
        stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The next line; there is one for each thing told. Raises WorkerEnded, also when none comes for a quarter of an hour."""
        stdout = self.process.stdout
        assert stdout is not None  # noqa: S101
        if not select([stdout], [], [], PATIENCE_S)[0]:
            raise WorkerEnded(f"{' '.join(map(str, self.process.args[2:]))} said nothing for {PATIENCE_S:.0f} s")  # type: ignore[index]
        if line := stdout.readline():
            answer: dict[str, Any] = orjson.loads(line)
            return answer
        said = self.log.read_text("utf-8", "replace")[-3000:]
        raise WorkerEnded(f"{' '.join(map(str, self.process.args[2:]))} ended with {self.process.wait()}: {said}")  # type: ignore[index]

    def ask(self, **what: object) -> dict[str, Any]:
        self.tell(**what)
        return self.hear()


@contextmanager
def worker(module: str, *arguments: str, log: Path, environ: Mapping[str, str] | None = None) -> Iterator[Worker]:
    with log.open("ab") as stderr:
        command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
        process = Popen(command, stdin=PIPE, stdout=PIPE, stderr=stderr, env=None if environ is None else {**os.environ, **environ})
    try:
        yield Worker(process, log)
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(STOP_S)
        except TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()  # type: ignore[union-attr]


async def lines() -> "asyncio.StreamReader":
    """In a worker: what the bench says."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


def answer(what: Mapping[str, object], to: IO[bytes] | None = None) -> None:
    """In a worker: a line to the bench."""
    stream = to or sys.stdout.buffer
    stream.write(orjson.dumps(what) + b"\n")
    stream.flush()
