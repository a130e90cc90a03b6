"""What lanes and accounts say, as a page says it: their sentence in, the one of the page's language out. Pure.

Lanes name roles and fields by their codes, because programs read them too; officials read the words of `desk.words`.
"""

import re
from typing import Final

from desk.speech import Speech
from desk.words import NUMBERED, OF_A_COLUMN, ROLES, SEEN, field_words, place_of

CODE: Final = re.compile(
    r"(?<![\w.“])(?:dataset(?:\.[a-z0-9_]+)+|(?:files|columns|reasons)\.[0-9]{1,9}(?:\.[a-z0-9_]+)*"
    rf"|dataset_id|expected_sequence|{'|'.join(ROLES)})(?![\w-])"
)


def retold(speech: Speech, message: str, field: str | None = None) -> str:
    """`field`: the path that the lane named beside its sentence."""
    return CODE.sub(lambda code: _named(speech, code[0]), found(speech, message, field))


def found(speech: Speech, message: str, field: str | None = None) -> str:
    """What a check found: other words in it that look like codes may be the names of an agency's own columns and files."""
    said = speech.retold(message)
    path = re.compile(rf"(?<![\w.]){re.escape(field)}(?!\w|\.\w)") if field and field_named(speech, field) else None
    if field and path and path.search(message):
        said = path.sub(lambda _: field_named(speech, field), said, count=1)
    return said


def field_named(speech: Speech, path: str) -> str:
    """`dataset.columns.2.unit` → "Kolom 3 (Satuan)"; "" for a path that is none of a form's."""
    if path in SEEN:
        return speech.text(SEEN[path])
    label, place, last = field_words(path), place_of(path), path.rpartition(".")[2]
    if label in NUMBERED and place:
        label, place = speech.text(NUMBERED[label], n=int(place)), ""
    part = OF_A_COLUMN.get(last, "") if "columns." in path else ""
    return label and speech.text(label) + (f" {place}" if place else "") + (f" ({speech.text(part)})" if part else "")


def _named(speech: Speech, code: str) -> str:
    return speech.text(ROLES[code]) if code in ROLES else field_named(speech, code) or code
