"""Personal data in the cells of one column: blocks of text in, counts, first rows and one masked sample for each kind out.

Whole blocks are looked through for what could matter before any cell is; most columns of open data end there. Whether what was seen is
personal data of a person is judged when the whole table is known (checks/persons_found.py).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from checks.findings import masked, masked_mail
from checks.identifiers import (
    HALF_MASKED,
    LONG_DIGITS,
    MAIL,
    MAIL_SPELT,
    MOBILE,
    NPWP_FORM,
    RT_RW,
    as_it_looks,
    nik,
    nip,
    npwp,
    scientific_digits,
)
from checks.limits import ROWS
from checks.persons import is_role_mailbox

_MARKS: Final = {
    "@": ("@",),
    "*": ("*",),
    "•": ("•",),
    "#": ("#",),
    "x": ("xx",),
    "?": ("??",),
    "1": ("e1",),
    "+": ("e+1",),
    "[": ("[at", "[ at"),
    "(": ("(at", "( at"),
}
"""In small letters, each by a sign that it has: one sign is found much sooner than several."""
_RUN: Final = re.compile(r"\d(?:[ .\-]?\d){11}")
"""Of NPWP and longer numbers."""
_TELEPHONE: Final = re.compile(r"8[1-9]\d(?:\)?[\s.\-]?\d){6}")
_PASSPORT: Final = re.compile(r"[a-z]\d{6}")
_RUNS_APART: Final = re.compile(r"\d{4}(?: [.\-] | {2})\d{4}|8[1-9]\d{1,2} - \d{3}")
"""The same in groups."""
_COMMAS: Final = re.compile(r"\d(?:,\d{3}){5}")
_RT: Final = re.compile(r"rt(?:[\s.:]*\d|[\s./]*rw)")
_DIGIT: Final = re.compile(r"[0-9]")
_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_DECIMAL: Final = re.compile(r"[+-]?\d{1,12}\.\d+")
"""A measurement, however many digits it has."""
_NO_ZERO: Final = re.compile(r"8[1-9]\d{8,10}")
SHORTEST: Final = 15
"""Digits of the shortest long number, an NPWP."""
_APART: Final = re.compile(r" [.\-] | {2}")
_MASKS: Final = frozenset("*xX•#?")
_PARTED: Final = re.compile(r"(?<=[\d*xX•#])[ .\-](?=[\d*xX•#])")
_ASKED: Final = re.compile(r"\?(?=\?)|(?<=\?)\?")
_SPELT: Final = ("@ ", "[", "(")
PASSPORT: Final = re.compile(r"[A-Za-z]\d{7}|[A-Za-z]{2}\d{6}")
_SHOWN: Final = {
    12: "phone_shown",
    13: "phone_shown",
    14: "phone_shown",
    15: "npwp_shown",
    16: "nik_shown",
    17: "long_shown",
    18: "nip_shown",
}
"""What a number of so many digits looks like when it is shown as 3.31301E+15."""


OF_PERSONS: Final = frozenset({"nik_strong", "npwp_form", "nip", "mobile", "mailbox", "rt_rw", "half_masked"})


@dataclass
class Hits:
    """How many cells, the first rows, one masked sample."""

    count: int = 0
    rows: list[int] = field(default_factory=list)
    sample: str | None = None


@dataclass
class PersonalFacts:
    """What was seen, by what it looks like: `nik_strong`, `nik_weak`, `nik_shown` (3.31301E+15), `long16`, `nip`, `npwp`, …"""

    hits: dict[str, Hits] = field(default_factory=dict)

    def take(self, numbers: Sequence[int], cells: Sequence[str], counted: Counter[str]) -> None:
        if not worth_a_look("\n".join(counted)):
            return
        seen = {value: kinds for value in counted if worth_a_look(value) and (kinds := seen_in(value))}
        if not seen:
            return
        for value, kinds in seen.items():
            for kind, sample in kinds:
                hits = self.hits.setdefault(kind, Hits())
                hits.count += counted[value]
                hits.sample = hits.sample or sample
        if any(len(self.hits[kind].rows) < ROWS for kinds in seen.values() for kind, _ in kinds):
            for number, cell in zip(numbers, cells, strict=True):
                for kind, _ in seen.get(cell, ()):
                    if len(self.hits[kind].rows) < ROWS:
                        self.hits[kind].rows.append(number)

    def count(self, *kinds: str) -> int:
        return sum(self.hits[kind].count for kind in kinds if kind in self.hits)

    def together(self, *kinds: str) -> Hits:
        """Several looks as one."""
        told = [self.hits[kind] for kind in kinds if kind in self.hits]
        rows = sorted({row for hits in told for row in hits.rows})[:ROWS]
        return Hits(sum(hits.count for hits in told), rows, next((hits.sample for hits in told if hits.sample), None))


def worth_a_look(text: str) -> bool:
    """Cheap marks of all that `seen_in` could see; a block of most columns has none of them."""
    text = as_it_looks(text).lower()
    return (
        any(mark in text for sign, marks in _MARKS.items() if sign in text for mark in marks)
        or _may_hold_a_number(text)
        or ("rt" in text and bool(_RT.search(text)))
    )


def _may_hold_a_number(text: str) -> bool:
    """A pattern is looked for only where as many digits stand together as it needs: in most texts there are none."""
    digits = text.encode("ascii", "replace").translate(_ZEROS)
    near = digits.translate(None, b" .,-")
    return bool(_TELEPHONE.search(text)) or (
        b"0" * 6 in near
        and (
            (b"0" * 12 in near and bool(_RUN.search(text) or _COMMAS.search(text)))
            or (b"0" * 6 in digits and bool(_PASSPORT.search(text)))
            or ((" - " in text or " . " in text or "  " in text) and bool(_RUNS_APART.search(text)))
        )
    )


def is_of_a_person(text: str) -> bool:
    """Does it hold a number, a mailbox or an address that only persons have?"""
    return worth_a_look(text) and any(look in OF_PERSONS for look, _ in seen_in(text))


def seen_in(text: str) -> list[tuple[str, str]]:
    """What a cell's text looks like: (look, masked sample), each look once."""
    text = as_it_looks(text)
    seen: dict[str, str] = {}
    if not _DIGIT.search(text):
        _mailboxes_in(text, seen)
        return list(seen.items())
    text = text.removesuffix(".0")  # a number that a program wrote with a decimal
    if _DECIMAL.fullmatch(text):
        return []
    taken = _numbers_in(text, seen)
    for match in MOBILE.finditer(text):
        if not _overlaps(match, taken):
            seen.setdefault("mobile", masked(match[0]))
    _mailboxes_in(text, seen)
    if RT_RW.search(text):
        seen.setdefault("rt_rw", "RT ** RW **")
    for match in HALF_MASKED.finditer(_in_one(text)) if not _MASKS.isdisjoint(text) else ():
        if sum(c.isdigit() for c in match[0]) > 8:
            seen.setdefault("half_masked", match[0][:2] + "*" * 12 + match[0][-2:])
    _alone(text.strip(), seen)
    return list(seen.items())


def _mailboxes_in(text: str, seen: dict[str, str]) -> None:
    for match in MAIL.finditer(text) if "@" in text else ():
        seen.setdefault("mailbox_role" if is_role_mailbox(match[0]) else "mailbox", masked_mail(match[0]))
    if any(mark in text for mark in _SPELT) and (spelt := MAIL_SPELT.search(text)):
        seen.setdefault("mailbox_role" if is_role_mailbox(re.split(r"[ @\[(]", spelt[0])[0] + "@") else "mailbox", spelt[0][:1] + "***")


def _in_one(text: str) -> str:
    """A number that is masked, without what parts its groups, and with stars for `??`."""
    return _PARTED.sub("", _ASKED.sub("*", text))


def _alone(text: str, seen: dict[str, str]) -> None:
    """What only a cell that holds nothing else can be."""
    if _NO_ZERO.fullmatch(text):
        seen.setdefault("mobile_no_zero", masked(text))
    if shown := scientific_digits(text):
        length, digits = shown
        seen.setdefault(_SHOWN[length], f"{digits[:2]}…E+{length - 1}")
    if PASSPORT.fullmatch(text):
        seen.setdefault("passport", masked(text))


def _overlaps(match: re.Match[str], taken: bytearray) -> bool:
    return taken.find(1, *match.span()) >= 0


def _take(match: re.Match[str], taken: bytearray) -> None:
    taken[slice(*match.span())] = b"\1" * len(match[0])


def _numbers_in(text: str, seen: dict[str, str]) -> bytearray:
    """Where NPWP and other long numbers stand, 1 for each of their characters: what lies inside them is nothing else."""
    taken = bytearray(len(text))
    for match in NPWP_FORM.finditer(text):
        seen.setdefault("npwp_form", masked(match[0]))
        _take(match, taken)
    for match in LONG_DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if len(digits) >= SHORTEST and not _overlaps(match, taken):
            looks = _long(digits, alone=match[0] == text.strip(), apart=bool(_APART.search(match[0])))
            if looks:  # else it may still be a telephone's, with 0062
                _take(match, taken)
            for look in looks:
                seen.setdefault(look, masked(match[0]))
    return taken


def _long(digits: str, *, alone: bool, apart: bool) -> list[str]:
    """`apart`: in groups that may be several numbers; every tenth pair of amounts would be an NPWP."""
    looks = []
    if len(digits) == 16:
        looks.append("long16")
        certainty = nik(digits)
        if certainty != "no":
            looks.append(f"nik_{certainty}")
        elif (certainty := nik(digits, rounded=True)) != "no":
            looks.append(f"nik_rounded_{certainty}")
        if digits.endswith("0"):
            looks.append("ends_in_0")
    if len(digits) == 18:
        looks += ["long18", *(["nip"] if nip(digits) else ["nip_rounded"] if nip(digits, rounded=True) else [])]
        if digits.endswith("000"):
            looks.append("ends_in_000")
    if not apart and npwp(digits):
        looks.append("npwp_digits")
    if not alone and len(digits) == 16:
        looks.append("inside_text")
    return looks
