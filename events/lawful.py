"""The law of the log: may this event follow that head? Asked by the lane that writes, by every lane on admission, and by the auditor. Pure.

In: the head so far (none before the first event), an event that keeps its contract, as plain JSON, and the hash of its bytes;
out: the next head, or a fault's code.
"""

from collections.abc import Mapping
from typing import Any

from events.submission import BATON, Head, advance


def lawful(head: Head | None, said: Mapping[str, Any], digest: str) -> Head | str:
    """`said`: the event as it stands in its bytes; `digest`: their SHA-256 (hex)."""
    if said["sequence"] != (head.sequence if head else 0) + 1:
        return "gap"
    if said.get("previous") != (head.hash if head else None):
        return "broken_chain"
    if said["type"] not in BATON[head.state if head else None].next:
        return "out_of_turn"
    return advance(head, said, digest) or "out_of_turn"
