"""How a cell is written: text in, one of a few notations out, and numbers and dates read from them.

A notation says only what the characters say: `1.234` stays `ambiguous` until the rest of its column tells which notation that is.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final, Literal, cast

Notation = Literal[
    "blank", "missing", "integer", "leading_zero", "decimal_point", "decimal_comma", "grouped_id", "grouped_en", "ambiguous", "scientific",
    "rounded", "percent", "date_iso", "date_other", "date_impossible", "datetime", "time", "boolean", "formula", "error", "text",
]  # fmt: skip
NUMBERS: Final[frozenset[Notation]] = frozenset(
    {"integer", "leading_zero", "decimal_point", "decimal_comma", "grouped_id", "grouped_en", "ambiguous", "scientific", "rounded"}
)
INDONESIAN: Final[frozenset[Notation]] = frozenset({"decimal_comma", "grouped_id"})
ENGLISH: Final[frozenset[Notation]] = frozenset({"decimal_point", "grouped_en"})
DATES: Final[frozenset[Notation]] = frozenset({"date_iso", "date_other", "date_impossible", "datetime"})
MISSING: Final = frozenset(
    {"-", "--", "–", "—", "n/a", "na", "#n/a", "null", "none", "nan", "nihil", "tidak ada", "tad", "...", "…", ".", "?"}
)
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "januari january jan", "februari february feb peb pebruari", "maret march mar mrt", "april apr", "mei may", "juni june jun",
            "juli july jul", "agustus august agu aug agt ags", "september sep sept", "oktober october okt oct", "november nopember nov nop",
            "desember december des dec",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_SHAPE: Final = re.compile(
    r"(?P<integer>[+-]?(?:0|[1-9]\d*))|(?P<leading_zero>0\d+)|(?P<rounded>[+-]?\d(?:[.,]\d+)?[Ee]\+?(?:1[1-9]|[2-9]\d))"
    r"|(?P<scientific>[+-]?\d+(?:[.,]\d+)?[Ee][+-]?\d+)|(?P<ambiguous>[+-]?[1-9]\d{0,2}[.,]\d{3})"
    r"|(?P<grouped_id>[+-]?[1-9]\d{0,2}(?:\.\d{3})+(?:,\d+)?)|(?P<grouped_en>[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?)"
    r"|(?P<grouped_space>[+-]?[1-9]\d{0,2}(?:[ \u00a0\u202f]\d{3})+(?:,\d+)?)"
    r"|(?P<decimal_point>[+-]?\d*\.\d+)|(?P<decimal_comma>[+-]?\d+,\d+)|(?P<percent>[+-]?\d+(?:[.,]\d+)?\s?%)"
    r"|(?P<time>(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d)?(?: ?WIB)?)"
)
"""The names of the groups are notations; the first that fits."""
_ISO: Final = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?(?:Z|[+-]\d{2}:?\d{2})?)?")
_PARTS: Final = re.compile(r"(\d{1,4})(?: ?[-/.] ?| )(\d{1,2}|[A-Za-z]{3,10})(?: ?[-/.] ?| )(\d{2,4})(?: \d{1,2}[:.]\d{2}(?:[:.]\d{2})?)?")
_ENGLISH_DATE: Final = re.compile(r"([A-Za-z]{3,10}) (\d{1,2}),? (\d{4})")
_DAY_BEFORE: Final = re.compile(r"^(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad),? +", re.IGNORECASE)
_RUN: Final = re.compile(r"[=@]|[+-](?=[A-Za-z(])|[\t\r](?=[=+@-])")
_CALLS: Final = re.compile(r"[=@+-][^|]{0,200}\|[^!]{0,200}!")
"""A program that a spreadsheet would start: `-2+3+cmd|' /C calc'!A0`."""
_EXCEL: Final = re.compile(r"#(?:REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!)")
_LETTERS_FIRST: Final = frozenset({"rp.", "rp ", "idr", "sen", "sel", "rab", "kam", "jum", "sab", "min", "aha"}) | {
    *(name[:3] for name in _MONTHS),
    *(f"rp{digit}" for digit in range(10)),
}
"""How a text begins that has letters first and may yet be money or a date."""
_BOOLEAN: Final = frozenset({"true", "false", "ya", "tidak", "benar", "salah", "yes", "no"})
_WORDS: Final[dict[str, Notation]] = {word: "missing" if word in MISSING else "boolean" for word in MISSING | _BOOLEAN}
_LONGEST_WORD: Final = max(map(len, _WORDS))
_SIGNS: Final = frozenset("=@+-#\t\r")
_DIGIT: Final = re.compile(r"\d")
_CURRENCY: Final = re.compile(r"^(?:Rp\.?|IDR) ?", re.IGNORECASE)
_IN_BRACKETS: Final = re.compile(r"\((\d[\d.]*[.,]\d+)\)")
"""How accountants write a number below zero."""
_TELEPHONE: Final = re.compile(r"62[ \u00a0]8")
_PARTS_OF_CODE: Final = re.compile(r"\d{2}\.\d{2}\.\d{2}\.\d{4}|[A-Za-z][A-Za-z .'()/-]*[A-Za-z)] (?:\d{1,2}|[IVX]+)")


@lru_cache(maxsize=65_536)
def notation_of(text: str) -> Notation:
    """The notation of a cell's text."""
    text = text.strip()
    if not text:
        return "blank"
    if text.isdecimal():
        return "leading_zero" if text[0] == "0" and len(text) > 1 else "integer"
    if len(text) <= _LONGEST_WORD and (word := text.lower()) in _WORDS:
        return _WORDS[word]
    if text[0] in _SIGNS and (sign := _signed(text)):
        return sign
    if len(text) > 40 or not _DIGIT.search(text):
        return "text"
    return "text" if _PARTS_OF_CODE.fullmatch(text) else _with_digits(text)


def _signed(text: str) -> Notation | None:
    """A spreadsheet's error, or what it would run."""
    if text[0] == "#":
        return "error" if _EXCEL.fullmatch(text.upper()) else None
    return "formula" if (_RUN.match(text) or _CALLS.match(text)) and len(text) > 1 else None


def _with_digits(text: str) -> Notation:
    if text[0].isalpha() and text[:3].casefold() not in _LETTERS_FIRST:
        return "text"
    bare = _IN_BRACKETS.sub(r"\1", _CURRENCY.sub("", text).removesuffix(",-"))
    if match := _SHAPE.fullmatch(bare):
        if match.lastgroup == "grouped_space":
            return "text" if _TELEPHONE.match(bare) else "grouped_id"
        return cast("Notation", match.lastgroup)
    if match := _ISO.fullmatch(text):
        if _date(match[1], match[2], match[3]) is None or len(match[2]) + len(match[3]) != 4:
            return "date_impossible" if _date(match[1], match[2], match[3]) is None else "date_other"
        return "datetime" if match[4] and match[4].strip("0:.") else "date_iso"
    found = _parts_of(text)
    if found is None:
        return "text"
    return "date_other" if found else "date_impossible"


def date_in(text: str) -> date | None:
    """The date that a cell names in whatever form people type it; day before month where both are possible."""
    text = text.strip()
    if match := _ISO.match(text):
        return _date(match[1], match[2], match[3])
    return _parts_of(text) or None


def date_form(text: str) -> str:
    """The form in words that a person knows: `31/12/2025` → `hh/bb/tttt`."""
    form = re.sub(r"\d{4}", "tttt", re.sub(r"[A-Za-z]+", "bulan", _DAY_BEFORE.sub("", text.strip())))
    form = re.sub(r"(?<!\d)\d{1,2}(?!\d)", "99", form)
    first, second = ("bb", "hh") if form.startswith("tttt") else ("hh", "bb")
    return form.replace("99", first, 1).replace("99", second, 1)


def date_form_en(form: str) -> str:
    """The same in English: `hh/bb/tttt` → `dd/mm/yyyy`."""
    return re.sub("tttt|hh|bb|bulan", lambda part: {"tttt": "yyyy", "hh": "dd", "bb": "mm", "bulan": "month"}[part[0]], form)


def number_in(text: str, *, indonesian: bool) -> float | None:
    """The number a cell says, `1.234` read in the notation of its column; None when it says none."""
    text = _CURRENCY.sub("", text.strip()).removesuffix(",-").rstrip("% ")
    if inside := _IN_BRACKETS.fullmatch(text):
        below = number_in(inside[1], indonesian=indonesian)
        return None if below is None else -below
    match notation_of(text):
        case "integer" | "leading_zero" | "decimal_point":
            return float(text)
        case "scientific" | "rounded":
            return float(text.replace(",", "."))
        case "decimal_comma" | "grouped_id":
            return float(re.sub(r"[.\s]", "", text).replace(",", "."))
        case "grouped_en":
            return float(text.replace(",", ""))
        case "ambiguous":
            return float(text.replace(".", "").replace(",", ".") if indonesian else text.replace(",", ""))
    return None


def _parts_of(text: str) -> date | Literal[False] | None:
    """A date, False for one that cannot be (31/02/2025), None when this is no date at all."""
    text = _DAY_BEFORE.sub("", text)
    if match := _ENGLISH_DATE.fullmatch(text):
        month = _MONTHS.get(match[1].lower())
        return (_date(match[3], month, match[2]) or False) if month else None
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    first, middle, last = match[1], match[2], match[3]
    if not middle.isdigit():
        month = _MONTHS.get(middle.lower())
        return (_date(_year(last), month, first) or False) if month and len(first) <= 2 else None
    if len(first) == 4:
        return _date(first, middle, last) or False if len(last) <= 2 else None
    if len(last) == 3 or len(first) == 3 or ("." in text and len(last) != 4):
        return None
    return _date(_year(last), middle, first) or _date(_year(last), first, middle) or False


def _year(text: str) -> str:
    return text if len(text) == 4 else ("19" if int(text) > 40 else "20") + text.zfill(2)


def _date(year: str | int, month: str | int | None, day: str | int) -> date | None:
    try:
        found = date(int(year), int(month or 0), int(day))
    except ValueError:
        return None
    return found if 1800 <= found.year <= 2200 else None
