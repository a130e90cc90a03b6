"""The law asked while the log is read, of chains whose head is still known: facts with what they say in, whether the law holds there out.

What it says yes to needs no second reading. What it cannot tell (the events before were read too long ago, or something is wrong) is asked
again of the whole chain (`archive.law`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from archive.facts import Fact
from events.admission import UNJUDGEABLE
from events.lawful import LAW, Heirs, lawful
from events.submission import Head

CHAIN: Final = frozenset({"gap", "broken_chain", "out_of_turn", "wrong_manifest"})
"""Codes of the law that verdicts find by themselves, and trace to the event that is to blame."""
REST: Final = tuple((code, is_broken) for code, is_broken in LAW if code not in CHAIN)
HEADS_KEPT: Final = 4_096


@dataclass
class Asking:
    heirs: Heirs
    _heads: OrderedDict[bytes, Head] = field(default_factory=OrderedDict)
    """Of submissions whose events so far were all lawful, the ones met last."""

    def holds(self, fact: Fact, said: Mapping[str, Any] | None) -> bool:
        """Does this event follow a lawful chain, and keep the law itself? False also when that is not known."""
        before = self._heads.get(fact.submission) if fact.sequence > 1 else None
        follows = fact.sequence == 1 or (before is not None and before.sequence + 1 == fact.sequence and before.hash == fact.previous.hex())
        if said is None or fact.fault or not follows:
            return False
        try:
            after = lawful(before, said, fact.hash.hex(), self.heirs, REST)
        except UNJUDGEABLE:
            return False
        if isinstance(after, str):
            return False
        self._heads[fact.submission] = after
        self._heads.move_to_end(fact.submission)
        if len(self._heads) > HEADS_KEPT:
            self._heads.popitem(last=False)
        return True
