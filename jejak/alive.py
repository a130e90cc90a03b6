"""`python -m jejak.alive [PATH]`: does the process beside us take work? For health checks of containers, so it imports nothing of Jejak."""

import os
import sys
import urllib.error
import urllib.request
from typing import Final

PATIENCE_S: Final = 10.0


def main(path: str = "/readyz") -> int:
    """Exit code 0 when the process beside answers 200 there, else 1 with its words."""
    address = f"http://127.0.0.1:{os.environ.get('JEJAK_PORT') or 8000}{path}"
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE_S):
            return 0
    except urllib.error.HTTPError as refused:
        sys.stderr.write(f"{refused.code} {refused.read(500).decode('utf-8', 'replace')}\n")
    except OSError as error:
        sys.stderr.write(f"{address}: {error}\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
