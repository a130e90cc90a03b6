"""Text that looks like what it is: values of a form in, reasons against characters that nobody sees out.

Such a character makes two names look like one, or turns the direction of what follows it (Unicode technical report 36).
The log's own types take every text, so that what was written before is read for ever; this is asked at the door only.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from events.contracts import Reason

PROSE: Final = frozenset({"summary", "description", "source", "method", "note", "consideration"})
"""Fields of running text: there a joiner, a soft hyphen or a variation selector has its place, as some scripts and signs need them."""
JOINERS: Final = frozenset("\u00ad\u200c\u200d")
FORMAT: Final = frozenset({"Cf", "Zl", "Zp", "Cs"})
BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
"""Letters and marks that are drawn as nothing."""


def sameness(name: str) -> str:
    """Names that a person takes for the same one have the same: composed, without case, white space counted as one blank each."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return " ".join(folded.split())


def hidden_in(value: object, *, field: str) -> Iterator[Reason]:
    """A reason for each text inside a JSON value that holds such a character; `field` is where the value lies."""
    match value:
        case str() if not value.isascii():
            if hidden := next((c for c in value if _is_hidden(c, prose=field.rpartition(".")[2] in PROSE)), None):
                yield _reason(field, hidden)
        case dict():
            for name, inner in value.items():
                yield from hidden_in(inner, field=f"{field}.{name}")
        case list() | tuple():
            for number, inner in enumerate(value):
                yield from hidden_in(inner, field=f"{field}.{number}")


def _is_hidden(character: str, *, prose: bool) -> bool:
    if prose and (character in JOINERS or _varies(character)):
        return False
    category = unicodedata.category(character)
    return category in FORMAT or character in BLANK or _varies(character) or (category == "Cc" and character not in "\t\n\r")


def _varies(character: str) -> bool:
    """A variation selector: another drawing of the sign before it."""
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _reason(field: str, hidden: str) -> Reason:
    note = f"{field} memuat karakter yang tidak terlihat (U+{ord(hidden):04X}); tulis ulang tanpa karakter itu."
    return Reason(code="hidden_character", field=field[:300], note=note)
