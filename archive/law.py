"""The law of the log and the heads of a journal, asked again by the auditor. One submission as a journal or Kafka holds it in, faults out.

What chains and copies say is the business of `archive.verdicts`; this looks at what a chain that holds tells.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import orjson

from archive.facts import Fact
from archive.sources import Held
from archive.verdicts import Fault, Verdict, judge
from events.lawful import LAW, NOBODY_MOVED, Heirs, lawful
from events.submission import Head, hash_of

HEAD: Final = "head"
CHAIN: Final = frozenset({"gap", "broken_chain", "out_of_turn", "wrong_manifest"})
"""Codes of the law that verdicts find by themselves, and trace to the event that is to blame."""
BEYOND_CHAINS: Final = tuple(code for code, _ in LAW if code not in CHAIN)


def faults(raws: Sequence[bytes], stored: Head | None, heirs: Heirs = NOBODY_MOVED) -> Iterator[Fault]:
    """`raws`: a chain that holds, from its first event on; `stored`: the head that the journal keeps of it."""
    head = judged(raws, heirs)
    if isinstance(head, Fault):
        if head.what not in CHAIN:
            yield head
    elif head != stored:
        yield Fault(max(known.sequence for known in (head, stored) if known), HEAD)


def judged(raws: Sequence[bytes], heirs: Heirs = NOBODY_MOVED) -> Head | Fault | None:
    """The head after such a chain, or the first event that breaks the law; None of no events."""
    head: Head | None = None
    for sequence, raw in enumerate(raws, start=1):
        try:
            after = lawful(head, orjson.loads(raw), hash_of(raw), heirs)
        except (ValueError, KeyError, TypeError, AttributeError):  # an event in its chain only, without what its contract wants
            after = "unreadable"
        if isinstance(after, str):
            return Fault(sequence, after)
        head = after
    return head


def verdicts_of(held: Mapping[str, Held], heirs: Heirs) -> tuple[dict[str, Verdict], list[tuple[str, Fault]]]:
    """Each source's verdict, and what the law forbids on Kafka. Where a journal holds the same chain, the law is asked there (`faults`)."""
    verdicts = {name: judge(found.facts) for name, found in held.items()}
    chains = [verdicts[name].hashes for name, found in held.items() if found.in_journal and not verdicts[name].faults]
    forbidden: list[tuple[str, Fault]] = []
    for name, found in held.items():
        if not found.in_journal and found.facts and verdicts[name].hashes not in chains:
            verdicts[name], out = as_lanes_read(found.facts, found.raws(), heirs)
            forbidden += [(name, fault) for fault in out]
    return verdicts, forbidden


def as_lanes_read(facts: Sequence[Fact], raws: Sequence[bytes], heirs: Heirs) -> tuple[Verdict, list[Fault]]:
    """Records as they stand on Kafka → the verdict without those that the law forbids, which every lane leaves out, and those by name."""
    forbidden: list[Fault] = []
    by_hash = {fact.hash: raw for fact, raw in zip(facts, raws, strict=True)}
    left = list(facts)
    while True:
        verdict = judge(left)
        fault = judged([by_hash[digest] for digest in verdict.hashes], heirs)
        if not isinstance(fault, Fault) or fault.what in CHAIN:
            return verdict, forbidden
        out = next(fact for fact in left if fact.hash == verdict.hashes[fault.sequence - 1])
        forbidden.append(Fault(fault.sequence, fault.what, out.place))
        left = [fact for fact in left if fact.hash != out.hash]
