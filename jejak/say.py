"""What the command line tells the person in front of it, on stderr; data goes to stdout."""

import sys


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 (this is the command line's voice)
