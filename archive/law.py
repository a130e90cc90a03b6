"""The law of the log and the heads of a journal, asked again by the auditor. One submission as a journal or Kafka holds it in, faults out.

What chains and copies say is the business of `archive.verdicts`; this looks at what a chain that holds tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from archive.asking import REST
from archive.facts import Fact
from archive.sources import Held
from archive.verdicts import Fault, Verdict, judge, walked
from events.admission import UNJUDGEABLE
from events.lawful import NOBODY_MOVED, Heirs, lawful
from events.submission import Head

HEAD: Final = "head"
BEYOND_CHAINS: Final = tuple(code for code, _ in REST)
Judged = Head | Fault | None


def faults(found: Judged, stored: Head | None) -> Iterator[Fault]:
    """`found`: of a chain that holds; `stored`: the head that the journal keeps of it."""
    if isinstance(found, Fault):
        yield found
    elif found != stored:
        yield Fault(max(known.sequence for known in (found, stored) if known), HEAD)


def judged(raws: Sequence[bytes], hashes: Sequence[bytes], heirs: Heirs = NOBODY_MOVED) -> Judged:
    """The head after a chain that holds, from its first event on, or the first event that breaks the rest of the law; None of no events."""
    head: Head | None = None
    for sequence, (raw, digest) in enumerate(zip(raws, hashes, strict=True), start=1):
        after = _next(head, raw, digest, heirs)
        if isinstance(after, str):
            return Fault(sequence, after)
        head = after
    return head


def _next(head: Head | None, raw: bytes, digest: bytes, heirs: Heirs) -> Head | str:
    try:
        return lawful(head, orjson.loads(raw), digest.hex(), heirs, REST)
    except UNJUDGEABLE:
        return "unreadable"


def verdicts_of(held: Mapping[str, Held], heirs: Heirs) -> tuple[dict[str, Verdict], list[tuple[str, Fault]]]:
    """Each source's verdict, and what the law forbids on Kafka. Where a journal holds the same chain, the law is asked there (`faults`);
    of most others it was asked when they were read (`archive.asking`).
    """
    verdicts = {name: judge(found.facts) for name, found in held.items()}
    chains = [verdicts[name].hashes for name, found in held.items() if found.in_journal and not verdicts[name].faults]
    forbidden: list[tuple[str, Fault]] = []
    for name, found in held.items():
        known = found.in_journal or not found.facts or verdicts[name].hashes in chains or found.lawful().issuperset(verdicts[name].hashes)
        if not known:
            verdicts[name], out = as_lanes_read(found.facts, found.raws(), heirs)
            forbidden += [(name, fault) for fault in out]
    return verdicts, forbidden


def as_lanes_read(facts: Sequence[Fact], raws: Sequence[bytes], heirs: Heirs) -> tuple[Verdict, list[Fault]]:
    """Records as they stand on Kafka → the verdict without those that the law forbids, which every lane leaves out, and those by name."""
    by_hash = {fact.hash: raw for fact, raw in zip(facts, raws, strict=True)}
    forbidden: dict[bytes, Fault] = {}
    head: Head | None = None

    def may(fact: Fact) -> bool:
        nonlocal head
        if fact.hash in forbidden:
            return False
        after = _next(head, by_hash[fact.hash], fact.hash, heirs)
        if isinstance(after, str):
            forbidden[fact.hash] = Fault(fact.sequence, after, fact.place)
            return False
        head = after
        return True

    walked(facts, may)
    return judge([fact for fact in facts if fact.hash not in forbidden]), list(forbidden.values())
