"""JSON as it came in: bytes in; what keeps them from meaning the same to every reader, and single fields for a receipt, out.

Parsers differ in what they make of a byte-order mark, of UTF-16, and of a key that is there twice; so such bytes are refused by name
(RFC 8259, sections 4 and 8.1).
"""

import json
from collections.abc import Iterable
from typing import Any, Final

import orjson

from events.contracts import Reason

UTF8: Final = "utf-8"
CODE_PAGE: Final = "latin-1"
TOLD: Final = 100
WRONG_ENCODING: Final = Reason(
    code="wrong_encoding", note="Isi harus JSON dalam UTF-8 tanpa tanda urutan bita (BOM); simpan ulang sebagai UTF-8, lalu kirim lagi."
)


def fault_of(raw: bytes) -> Reason | None:
    """Not plain UTF-8, or the same key twice in one object. What is no JSON at all is left to whoever reads it next."""
    if _is_plain(raw):
        return None
    encoding, text = _text_of(raw)
    twice: Twice = []
    whole = _parsed(text, twice)
    if whole is None:
        return None
    if encoding != UTF8:
        return WRONG_ENCODING
    if twice:
        path = _path_of(*twice[0], whole)
        return Reason(code="said_twice", field=path, note=f"{path} ditulis dua kali dalam satu objek; hapus salah satunya.")
    return None


def _is_plain(raw: bytes) -> bool:
    """Is it what would be written of what it says? Then it has no fault: of a key that is there twice only one would be written."""
    try:
        return orjson.dumps(orjson.loads(raw)) == raw
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False


def field_in(raw: bytes | None, *way: str) -> str | None:
    """The text of a field, by the names on the way to it, shortened, even when the rest is wrong or the bytes are in another encoding."""
    return fields_in(raw, way)[0]


def fields_in(raw: bytes | None, *ways: tuple[str, ...]) -> list[str | None]:
    """The same of several, each by its way."""
    try:
        whole: object = orjson.loads(raw or b"")
    except orjson.JSONDecodeError:
        whole = _parsed(_text_of(raw or b"")[1], [])
    return [_text_at(whole, way) for way in ways]


def _text_at(value: object, way: tuple[str, ...]) -> str | None:
    for name in way:
        value = value.get(name) if isinstance(value, dict) else None
    return value[:TOLD].encode(UTF8, "replace").decode(UTF8) if isinstance(value, str) else None


def _text_of(raw: bytes) -> tuple[str, str]:
    """The encoding and the text: UTF-8, -16 or -32 as its first bytes say; else some code page with one byte a character."""
    encoding = json.detect_encoding(raw)
    try:
        return encoding, raw.decode(encoding)
    except UnicodeDecodeError:
        return CODE_PAGE, raw.decode(CODE_PAGE)


Twice = list[tuple[dict[str, Any], str]]


def _parsed(text: str, twice: Twice) -> object | None:
    """The value; objects that hold a key twice are noted. Numbers stay text: nothing is computed with them."""

    def paired(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice.append((found, _first_again(name for name, _ in pairs)))
        return found

    try:
        whole: object = json.loads(text, object_pairs_hook=paired, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return whole


def _first_again(names: Iterable[str]) -> str:
    seen = set[str]()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no name is there twice")


def _path_of(holder: dict[str, Any], name: str, whole: object) -> str:
    """The way to a key of an object somewhere inside a value; where it lies too deep to be followed, the key alone."""
    try:
        way = _way_to(holder, whole) or ()
    except RecursionError:
        way = ()
    return ".".join("".join(c if c.isprintable() else "?" for c in str(step)) for step in (*way, name))[:300]


def _way_to(wanted: object, value: object) -> tuple[str | int, ...] | None:
    if value is wanted:
        return ()
    inside: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = ((key, way) for key, inner in inside if (way := _way_to(wanted, inner)) is not None)
    return next(((key, *way) for key, way in found), None)
