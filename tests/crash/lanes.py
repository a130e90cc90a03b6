"""One lane as a process of its own: started, killed, halted and asked whether it is ready, like on a server of its own."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

REPOSITORY: Final = Path(__file__).parents[2]
READY_S: Final = 240.0
"""A lane whose store came back from an old copy reads the whole log anew, which grows with each loss that was put back."""
TICK_S: Final = 0.1
LANES: Final = ("intake", "review", "decision", "publisher", "archive")


@dataclass
class LaneProcess:
    """`rig`: what is built into this process to break it (tests/crash/rigged.py); nothing as a rule."""

    name: str
    port: int
    settings: Mapping[str, str]
    directory: Path
    rig: str = ""
    starts: int = 0
    supervised: bool = True
    _wanted: bool = False
    _turn: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._process.poll() if self._process else None

    def start(self) -> None:
        with self._turn:
            self._wanted = True
            self._start()

    def supervise(self) -> None:
        """What systemd does: a process that ended by itself is started again."""
        with self._turn:
            if self._wanted and self.supervised and not self.running:
                self._start()

    def _start(self) -> None:
        assert not self.running
        self.starts += 1
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JEJAK_")}
        own = {"JEJAK_PORT": str(self.port), "JEJAK_TEST_RIG": self.rig, "PYTHONPATH": str(REPOSITORY)}
        command = [sys.executable, "-m", "tests.crash.rigged", "lane", self.name]
        with (self.directory / f"{self.name}-{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.directory, env={**kept, **self.settings, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def kill(self) -> None:
        """As a power cut does it: SIGKILL."""
        with self._turn:
            self._wanted = False
            if self._process is not None:
                self._process.kill()
                self._process.wait()

    def pause(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        if self.running:
            os.kill(self.pid, signal.SIGCONT)

    def jump(self, *, forward: bool) -> None:
        """Its clock jumps three hours (`rig` must say `clock`)."""
        os.kill(self.pid, signal.SIGUSR1 if forward else signal.SIGUSR2)

    def limit_files(self, size: int | None) -> None:
        """No file of this process may grow past so many bytes: to it, the disk is full. None: there is room again."""
        hard = resource.prlimit(self.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY if size is None else size, hard))

    def answers(self, path: str = "/readyz") -> bool:
        try:
            return httpx.get(self.url + path, timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while not self.answers():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not ready (exit code {self.exit_code}):\n{self.last_words()}")
            time.sleep(TICK_S)

    def last_words(self) -> str:
        return (self.directory / f"{self.name}-{self.port}.log").read_text("utf-8", "replace")[-3000:]
