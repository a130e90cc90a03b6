"""Times, spans and numbers as people read them, in the language of the page. UTC in; days and clocks of Western Indonesia out."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from unicodedata import category

from babel import Locale, dates, numbers

from desk.catalogue import catalogue
from desk.clock import WIB, today
from desk.words import said

SOON_S: Final = 15 * 60
_HIDDEN: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c\u200b\u2028\u2029\ufeff")
_HARMLESS: Final = frozenset("\n\r\t\u00ad\u200c\u200d")
"""Ends of lines, and signs that shape words: a soft hyphen, joiners."""
_UNITS: Final = ((86_400, said("%(n)s hari")), (3_600, said("%(n)s jam")), (60, said("%(n)s menit")))
_CLOCKS: Final = {"id": "%H.%M WIB", "en": "%H:%M WIB"}


@dataclass(frozen=True)
class Left:
    """How much time a step has left; `level`: `good`, `soon` (15 minutes or less), `late`."""

    level: str
    words: str


@dataclass(frozen=True)
class Speech:
    """A language with its words and its way of writing dates and numbers."""

    language: str

    def text(self, message: str, /, **names: object) -> str:
        """With what stands at its names: numbers as the language writes them, and `n` chooses between one and several."""
        forms = catalogue(self.language).text(message)
        words = forms[0] if len(forms) == 1 or _is_one(names["n"], self.language) else forms[1]
        return words % {name: self.number(it) if isinstance(it, int | float) else it for name, it in names.items()} if names else words

    def retold(self, message: str) -> str:
        """What was said elsewhere as a whole sentence (`desk.retold`)."""
        return catalogue(self.language).retold(message)

    def moment(self, at: datetime | str) -> str:
        """ "Minggu, 22 November 2026 23.05 WIB"."""
        return f"{self.day(_aware(at).astimezone(WIB).date())} {self.clock(at)}"

    def day(self, day: date | str) -> str:
        """ "Minggu, 22 November 2026"."""
        return _written(_date(day), "EEEE, d MMMM y", self.language)

    def short_day(self, day: date | str) -> str:
        """ "22 November 2026"."""
        return _written(_date(day), "d MMMM y", self.language)

    def month(self, day: date | str) -> str:
        return _written(_date(day), "MMMM y", self.language)

    def clock(self, at: datetime | str) -> str:
        """ "23.05 WIB"."""
        return _aware(at).astimezone(WIB).strftime(_CLOCKS[self.language])

    def when(self, at: datetime | str) -> str:
        """Shorter for today: "23.05 WIB", else "22 November 2026 23.05 WIB"."""
        here = _aware(at).astimezone(WIB).date()
        return self.clock(at) if here == today() else f"{self.short_day(here)} {self.clock(at)}"

    def number(self, value: float) -> str:
        return _counted(value, self.language)

    def size(self, count: int) -> str:
        """Bytes, as "12 kB" or "3,4 MB"."""
        if count < 1_000:
            return f"{count} B"
        return f"{self.number(round(count / 1_000))} kB" if count < 1_000_000 else f"{self.number(round(count / 1_000_000, 1))} MB"

    def span(self, seconds: float) -> str:
        """The two largest units: "1 jam 5 menit"."""
        left, parts = int(abs(seconds)), []
        for size, unit in _UNITS:
            if left >= size:
                parts.append(self.text(unit, n=left // size))
                left %= size
        return " ".join(parts[:2]) or self.text(said("kurang dari satu menit"))

    def left(self, due_at: datetime | str, now: datetime) -> Left:
        """ "Terlambat 12 menit, batas 14.05 WIB"; "Sisa 43 menit, batas 14.05 WIB"."""
        due = _aware(due_at)
        seconds = (due - now).total_seconds()
        if seconds < 0:
            return Left("late", self.text(said("Terlambat %(span)s, batas %(when)s"), span=self.span(seconds), when=self.when(due)))
        level = "soon" if seconds <= SOON_S else "good"
        return Left(level, self.text(said("Sisa %(span)s, batas %(when)s"), span=self.span(seconds), when=self.when(due)))


def shown(value: object) -> object:
    """Text of people as it may stand on a page: signs that nobody sees, or that turn the order of others round, are made visible."""
    if type(value) is not str or value.isprintable():
        return value
    return "".join("\ufffd" if _is_hidden(c) else c for c in value)


def _is_hidden(sign: str) -> bool:
    return sign in _HIDDEN or not (sign.isprintable() or sign in _HARMLESS or category(sign) == "Zs")


@lru_cache(maxsize=4_096)
def _written(day: date, pattern: str, language: str) -> str:
    """The same few days stand on every page of a list, and Babel takes its time for each."""
    return dates.format_date(day, pattern, locale=language)


@lru_cache(maxsize=4_096)
def _counted(value: float, language: str) -> str:
    return numbers.format_decimal(value, locale=language)


def _is_one(n: object, language: str) -> bool:
    return isinstance(n, int | float) and Locale.parse(language).plural_form(n) == "one"


def _aware(at: datetime | str) -> datetime:
    return datetime.fromisoformat(at) if isinstance(at, str) else at


def _date(day: date | str) -> date:
    return date.fromisoformat(day[:10]) if isinstance(day, str) else day
