"""`python -m jejak.alive [PATH]`: does the process beside us take work? For health checks of containers.

It is run every few seconds in each of them, so it imports nothing but sockets: a fourth of the processor that an HTTP client takes.
"""

import os
import socket
import sys
from typing import Final

PATIENCE_S: Final = 10.0
SHOWN: Final = 500
"""Bytes of an answer that is not good."""


def main(path: str = "/readyz") -> int:
    """Exit code 0 when the process beside answers 200 there, else 1 with its words."""
    port = int(os.environ.get("JEJAK_PORT") or 8000)
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as beside:
            beside.sendall(f"GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
            with beside.makefile("rb") as answer:
                status = answer.readline(SHOWN).split(b" ")
                if status[1:2] == [b"200"]:
                    return 0
                told = answer.read().rpartition(b"\r\n\r\n")[2]
    except OSError as error:
        sys.stderr.write(f"http://127.0.0.1:{port}{path}: {error}\n")
        return 1
    sys.stderr.write(f"{b' '.join(status[1:2]).decode('utf-8', 'replace')} {told[:SHOWN].decode('utf-8', 'replace')}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
