"""Keeps one process from outliving its owner: in come a command line and a pipe from the owner, out goes the command's exit code.

The owner writes `s` (stop: SIGTERM, then SIGKILL after the grace) or `k` (SIGKILL at once). The end of the pipe, or of the owner,
means stop. This is a process of its own because PR_SET_PDEATHSIG fires when the *thread* that forked ends; the guard has one
thread, so here that signal safely covers the guard's own violent death. Standard library only: it is up in 30 ms.

    guard.py GRACE_SECONDS LOCK_FD COMMAND…      stdin: the pipe; stdout: the command's pid, one line; stderr: the log
"""

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    """Run the command until it ends by itself or is stopped."""
    grace, lock, command = float(arguments[0]), int(arguments[1]), arguments[2:]
    with selectors.DefaultSelector() as selector:
        selector.register(_signals(), selectors.EVENT_READ, "signal")
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ, "pipe")
        if sys.platform == "linux":
            selector.register(os.pidfd_open(os.getppid()), selectors.EVENT_READ, "owner")
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            pass_fds=(lock,),
            preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - there is one thread
        )
        os.write(sys.stdout.fileno(), b"%d\n" % child.pid)
        _watch(child, selector, grace)
    code = child.wait()
    return code if code >= 0 else 128 - code


def _watch(child: "subprocess.Popen[bytes]", selector: selectors.BaseSelector, grace: float) -> None:
    deadline: float | None = None
    while child.poll() is None:
        ready = selector.select(None if deadline is None else max(0.0, deadline - time.monotonic()))
        orders = [_order(key, selector) for key, _ in ready]
        if "kill" in orders or (deadline is not None and time.monotonic() >= deadline):
            child.kill()
            child.wait()
        elif "stop" in orders and deadline is None:
            deadline = time.monotonic() + grace
            child.terminate()
            child.send_signal(signal.SIGCONT)


def _order(key: selectors.SelectorKey, selector: selectors.BaseSelector) -> str:
    if key.data == "signal":
        return "stop" if any(number in ENDINGS for number in os.read(key.fd, 64)) else ""
    word = os.read(key.fd, 16) if key.data == "pipe" else b""
    if not word:  # an ended pipe, or owner, would be ready for ever
        selector.unregister(key.fd)
    return "kill" if b"k" in word else "stop"


def _signals() -> int:
    """A pipe that gets one byte, the signal's number, for every signal: select() then wakes for them too."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, *ENDINGS):
        signal.signal(number, lambda _number, _frame: None)
    return reading


def _die_with(guard: int) -> Callable[[], None]:
    """What the child does between fork and exec: ask the kernel to end it when the guard is killed (Linux only)."""
    library = ctypes.CDLL(None)

    def ask() -> None:
        if sys.platform == "linux":
            library.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != guard:
                os._exit(1)

    return ask


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
