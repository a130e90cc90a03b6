"""The law of the log and the heads of a journal, asked again by the auditor. One submission as a journal holds it in, faults out.

What chains and copies say is the business of `archive.verdicts`; this looks at what a chain that holds tells.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import orjson

from archive.verdicts import Fault
from events.lawful import LAW, NOBODY_MOVED, Heirs, lawful
from events.submission import Head, hash_of

HEAD: Final = "head"
CHAIN: Final = frozenset({"gap", "broken_chain", "out_of_turn", "wrong_manifest"})
"""Codes of the law that verdicts find by themselves, and trace to the event that is to blame."""
BEYOND_CHAINS: Final = tuple(code for code, _ in LAW if code not in CHAIN)


def faults(raws: Sequence[bytes], stored: Head | None, heirs: Heirs = NOBODY_MOVED) -> Iterator[Fault]:
    """`raws`: a chain that holds, from its first event on; `stored`: the head that the journal keeps of it."""
    head: Head | None = None
    for sequence, raw in enumerate(raws, start=1):
        after = lawful(head, orjson.loads(raw), hash_of(raw), heirs)
        if isinstance(after, str):
            if after not in CHAIN:
                yield Fault(sequence, after)
            return
        head = after
    if head != stored:
        yield Fault(max(known.sequence for known in (head, stored) if known), HEAD)
