"""The verdict on one submission: its facts as one source holds them in, its chain and what is wrong with it out; then sources compared.

Pure. Records are judged as every lane judges them, in the order in which they stand: the next of the chain is accepted, the same
bytes again are a duplicate and fine, everything else is rejected. What was rejected is then traced to the event that is to blame.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from archive.facts import CONTENT, FAULTS, NEXT, NONE, Fact

HOLE_NAMED: Final = 20
"""A hole of more events than this is named at the event after it, as a gap."""
EXACT_BY_COMPARISON: Final = frozenset({"altered", "broken_chain", "missing", "gap"})


@dataclass(frozen=True)
class Fault:
    """What is wrong, at which event of the submission (0: not known), and where the record stands in its source."""

    sequence: int
    what: str
    place: int | None = None


@dataclass(frozen=True)
class Verdict:
    """A submission in one source: hashes of the accepted chain, what is wrong, and every record there."""

    hashes: Sequence[bytes] = ()
    faults: Sequence[Fault] = ()
    facts: Sequence[Fact] = ()

    @property
    def head(self) -> tuple[int, bytes]:
        return len(self.hashes), self.hashes[-1] if self.hashes else NONE


@dataclass
class Walk:
    """The state of judging: what was accepted, and the index of what was not."""

    hashes: list[bytes] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def judge(facts: Sequence[Fact]) -> Verdict:
    """The chain that a lane makes of these records, in the order given, and the faults of the rest."""
    walk = walked(facts)
    if walk.rejected:
        traced = _traced(facts, walk)
        blamed = {fault.sequence for fault in traced}
        walk.faults = traced + [fault for fault in walk.faults if fault.sequence not in blamed]
    return Verdict(walk.hashes, walk.faults, facts)


def walked(facts: Sequence[Fact], may: Callable[[Fact], bool] = lambda _: True) -> Walk:
    """One look at each record in its turn; `may`: is the next of the chain let in? What is not is passed over."""
    walk, last, manifest = Walk(), 0, NONE
    hashes = walk.hashes
    for index, fact in enumerate(facts):
        length = len(hashes)
        if fact.sequence == length + 1 and fact.type in NEXT[last] and fact.previous == (hashes[-1] if hashes else NONE):
            if not may(fact):
                continue
            hashes.append(fact.hash)
            last = fact.type
            manifest = fact.manifest if last in CONTENT else manifest
            if fact.fault or fact.manifest != manifest:
                walk.faults.append(Fault(fact.sequence, "manifest", fact.place))
        elif not (fact.type and fact.sequence <= length and hashes[fact.sequence - 1] == fact.hash):
            walk.rejected.append(index)
    return walk


class _Index:
    """All records of a submission, however many somebody put there, to be asked one by one."""

    def __init__(self, facts: Sequence[Fact], walk: Walk) -> None:
        self.rejected, self.sequences = frozenset(walk.rejected), sorted({fact.sequence for fact in facts})
        self.followed = {(fact.sequence - 1, fact.previous) for fact in facts}
        self.first: dict[int, Fact] = {}
        self.at: dict[tuple[int, bytes], int] = {}
        for index, fact in enumerate(facts):
            self.first.setdefault(fact.sequence, fact)
            self.at.setdefault((fact.sequence, fact.hash), index)

    def last_before(self, sequence: int) -> int:
        place = bisect_left(self.sequences, sequence)
        return self.sequences[place - 1] if place else 0


def _traced(facts: Sequence[Fact], walk: Walk) -> list[Fault]:
    """The events to blame for what was rejected; what was rejected only because of them is not named again."""
    faults: list[Fault] = []
    blamed: set[int] = set()
    told: set[tuple[int, bytes]] = set()
    known = _Index(facts, walk)
    for index in sorted(walk.rejected, key=lambda i: (facts[i].sequence, i)):
        fact = facts[index]
        if fact.sequence and (fact.sequence, fact.hash) in told:
            continue
        if fact.type and fact.sequence <= len(walk.hashes) and walk.hashes[fact.sequence - 1] == fact.hash:
            continue  # it stood there too early, and came once more in its turn: a log that was put back from journals
        told.add((fact.sequence, fact.hash))
        for fault in _cause(fact, index, walk, known, blamed):
            faults.append(fault)
            blamed.add(fault.sequence)
    return faults


def _cause(fact: Fact, index: int, walk: Walk, known: _Index, blamed: set[int]) -> list[Fault]:
    here = fact.sequence
    if FAULTS[fact.fault] not in ("", "manifest"):
        return [Fault(here, FAULTS[fact.fault], fact.place)]
    if here <= len(walk.hashes):
        return [Fault(here, "fork", fact.place)]
    if here == 1:
        return [Fault(1, "broken_chain" if fact.previous != NONE else "out_of_turn", fact.place)]
    before = known.at.get((here - 1, fact.previous))
    if before is not None:
        return _after_its_own(fact, index, before, rejected=before in known.rejected)
    if here - 1 in known.first:
        return _after_another(fact, known, blamed)
    present = known.last_before(here)
    if here - present - 1 > HOLE_NAMED:
        return [Fault(here, "gap", fact.place)]
    return [Fault(sequence, "missing") for sequence in range(present + 1, here)]


def _after_its_own(fact: Fact, index: int, before: int, *, rejected: bool) -> list[Fault]:
    """The event that it follows is there: too late, or rejected itself, or of a kind that it may not follow."""
    if before > index:
        return [Fault(fact.sequence, "out_of_order", fact.place)]
    return [] if rejected else [Fault(fact.sequence, "out_of_turn", fact.place)]


def _after_another(fact: Fact, known: _Index, blamed: set[int]) -> list[Fault]:
    """The event before it has other bytes than it says. Whom the next event vouches for is right; with no next one, the later is blamed."""
    if fact.sequence - 1 in blamed:
        return []
    if (fact.sequence, fact.hash) in known.followed:
        return [Fault(fact.sequence - 1, "altered", known.first[fact.sequence - 1].place)]
    return [Fault(fact.sequence, "broken_chain", fact.place)]


def agree(verdicts: Iterable[Verdict]) -> bool:
    """Is there nothing to say?"""
    first: Sequence[bytes] | None = None
    for verdict in verdicts:
        if verdict.faults or (first is not None and verdict.hashes != first):
            return False
        first = verdict.hashes
    return True


def compare(verdicts: Mapping[str, Verdict]) -> list[tuple[str, Fault]]:
    """(where, fault) for everything in which the sources are wrong or differ; one fault for each event and source.

    The measure is the chain without faults that most sources share, then the longest. A source that differs from a measure
    which nobody else confirms is named together with it: nothing says which of both was changed.
    """
    heads = Counter(verdict.head for verdict in verdicts.values() if verdict.hashes and not verdict.faults)
    measure = max(verdicts, key=lambda name: _weight(verdicts[name], heads))
    found: list[tuple[str, Fault]] = []
    for name, verdict in verdicts.items():
        if verdict.head == verdicts[measure].head:
            found += [(name, fault) for fault in verdict.faults]
        else:
            confirmed = bool(verdict.faults) or heads[verdicts[measure].head] > 1
            found += _against(name, verdict, measure, verdicts[measure], confirmed=confirmed)
    return found


def _weight(verdict: Verdict, heads: Mapping[tuple[int, bytes], int]) -> tuple[bool, int, int]:
    return not verdict.faults and bool(verdict.hashes), heads.get(verdict.head, 0), len(verdict.hashes)


def _against(name: str, verdict: Verdict, measure: str, by: Verdict, *, confirmed: bool) -> list[tuple[str, Fault]]:
    found: dict[int, tuple[str, Fault]] = {}
    for sequence, expected in enumerate(by.hashes, start=1):
        there = [fact for fact in verdict.facts if fact.sequence == sequence]
        if not there:
            found[sequence] = (name, Fault(sequence, "missing"))
        elif all(fact.hash != expected for fact in there):
            where = name if confirmed else f"{name} ≠ {measure}"
            found[sequence] = (where, Fault(sequence, "bytes_differ", there[0].place))
    for sequence in range(len(by.hashes) + 1, len(verdict.hashes) + 1):
        found[sequence] = (name, Fault(sequence, "extra"))
    unexplained = [f for f in verdict.faults if f.sequence not in found]
    own = [f for f in unexplained if f.what not in EXACT_BY_COMPARISON or f.sequence > len(by.hashes)]
    return list(found.values()) + [(name, fault) for fault in own]
