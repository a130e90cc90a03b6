"""JSON, GeoJSON and PDF: a path in; findings, and tables made of records where there are any, out."""

import itertools
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Final, TypeGuard

import pypdf
from pypdf.errors import PyPdfError

from checks.around import check_texts
from checks.findings import Found
from checks.limits import Limits
from checks.persons import is_person_name
from checks.text import TextForm, form_of

Rows = Iterator[tuple[int, list[str]]]
Record = tuple[int, object]
"""What lies in a list, and the row of what the list lies in: 0 at the top."""
_DEEPEST: Final = 60
_ALIKE: Final = 20
"""More objects than these under names are a table."""
_OF_FEATURE: Final = frozenset({"type", "id", "geometry", "properties", "bbox"})
INDONESIA: Final = (94.0, -12.0, 142.0, 7.0)


def check_json(path: Path, limits: Limits, found: Found) -> list[tuple[str, Rows]]:
    """The lists of records in it as tables: (where, rows with a header). Lists inside records are tables of their own."""
    if path.stat().st_size > limits.whole_bytes:
        found("not_checked", reason="JSON terlalu besar", reason_en="the JSON is too large")
        return []
    form: TextForm = form_of(path)
    try:
        value = json.loads(path.read_bytes().decode(form.encoding))
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else None
        why, why_en = (f"baris {line}", f"line {line}") if line else [type(error).__name__] * 2
        found("json_broken", why=why, why_en=why_en)
        return []
    if isinstance(value, dict) and value.get("type") in {"FeatureCollection", "Feature"}:
        tables = _geojson(value, limits, found)
    else:
        tables = (table for where, records in _lists(value, "", 0) for table in _tables(where, records, limits, found))
    told = list(itertools.islice(tables, limits.sheets + 1))
    if len(told) > limits.sheets:
        found("not_checked", reason=f"lebih dari {limits.sheets} daftar", reason_en=f"more than {limits.sheets} lists")
    return told[: limits.sheets]


def _lists(value: object, where: str, depth: int) -> Iterator[tuple[str, list[object]]]:
    """Lists that hold objects or lists, and objects of many objects; everything else is one record of its own."""
    if isinstance(value, list):
        yield where or "$", value
    elif isinstance(value, dict) and (
        depth == _DEEPEST or (len(value) > _ALIKE and all(isinstance(item, dict) for item in value.values()))
    ):
        yield where or "$", _under_keys(value)
    elif isinstance(value, dict):
        inner = [(key, item) for key, item in value.items() if item and (isinstance(item, dict) or _holds(item, dict | list))]
        if len(inner) < len(value) or not inner:
            told = {key for key, _ in inner}
            yield where or "$", [{key: item for key, item in value.items() if key not in told}]
        for key, item in inner:
            yield from _lists(item, f"{where}.{key}" if where else str(key), depth + 1)


def _under_keys(value: dict[str, object]) -> list[object]:
    """The items as records, each with its key under a name that none of them has."""
    items = [(key, item if isinstance(item, dict) else {"nilai": item}) for key, item in value.items()]
    name = "kunci"
    while any(name in item for _, item in items):
        name += "_"
    return [{**item, name: key} for key, item in items]


def _holds(value: object, kind: type | UnionType) -> bool:
    """Is it a list with such a thing in it?"""
    return isinstance(value, list) and any(isinstance(item, kind) for item in value)


def _tables(where: str, records: Sequence[object], limits: Limits, found: Found) -> Iterator[tuple[str, Rows]]:
    """A list of records as a table, and each list of objects that lies in them as another, of all records together."""
    return _tables_of(where, [(0, record) for record in records], limits, found, 0)


def _tables_of(where: str, records: Sequence[Record], limits: Limits, found: Found, depth: int) -> Iterator[tuple[str, Rows]]:
    names: dict[str, None] = {"induk": None} if depth else {}
    inner: dict[str, list[Record]] = {}
    for row, (_, record) in enumerate(records, 2):
        for name, value in _flat(record, "", 0):
            if _holds_objects(value):
                inner.setdefault(name, []).extend((row, item) for item in value)
            else:
                names[name] = None
    yield where, _rows(list(itertools.islice(names, limits.columns + 1)), records, limits, found.at(sheet=where))
    for name, held in inner.items():
        if depth == _DEEPEST:
            return found("not_checked", reason="JSON terlalu bertingkat", reason_en="the JSON is too deep")
        yield from _tables_of(f"{where}.{name}", held, limits, found, depth + 1)
    return None


def _rows(names: list[str], records: Sequence[Record], limits: Limits, found: Found) -> Rows:
    """Flattened as they are read. `names`: one more than the limit, so that what is left out is told."""
    yield 1, names or [""]
    for number, (row, record) in enumerate(records, 2):
        cells = {name: _cell(value, limits, found) for name, value in _flat(record, "", 0) if not _holds_objects(value)}
        if row:
            cells.setdefault("induk", str(row))
        yield number, [cells.get(name, "") for name in names]


def _flat(value: object, name: str, depth: int) -> Iterator[tuple[str, object]]:
    """The values of one record under the names of the objects around them; lists and what is too deep stay whole."""
    if not isinstance(value, dict) or not value:
        yield name or "nilai", value
    elif depth == _DEEPEST:
        yield name, [value]
    else:
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key), depth + 1)


def _holds_objects(value: object) -> TypeGuard[list[object]]:
    """Is it a list that an object lies in, however deep?"""
    return isinstance(value, list) and any(isinstance(item, dict) and item for item in _leaves(value))


def _leaves(value: list[object]) -> Iterator[object]:
    """All that lies in a list and in the lists inside it."""
    waiting = [iter(value)]
    while waiting:
        for item in waiting[-1]:
            if isinstance(item, list):
                waiting.append(iter(item))
                break
            yield item
        else:
            waiting.pop()


def _cell(value: object, limits: Limits, found: Found) -> str:
    """A list of plain values is one text; what of it is too long for a cell is looked through here."""
    if value is None or isinstance(value, str):
        return value or ""
    text = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, list) or len(text) <= limits.cell_characters:
        return text
    check_texts([[str(item) for item in _leaves(value)]], found)
    return f"{text[: limits.cell_characters]}… {zlib.crc32(text.encode('utf-8', 'replace')):08x}"


def _geojson(value: dict[str, object], limits: Limits, found: Found) -> Iterator[tuple[str, Rows]]:
    """The properties of its features as a table, with whatever else lies in a feature; members around them are looked through."""
    features = value.get("features") if value.get("type") == "FeatureCollection" else [value]
    if not isinstance(features, list):
        found("geojson_shape", why="features bukan daftar", why_en="features is no list")
        return
    wrong = [
        at
        for at, f in enumerate(features, 1)
        if not (isinstance(f, dict) and f.get("type") == "Feature" and "geometry" in f and isinstance(f.get("properties"), dict | None))
    ]
    if wrong:
        why, why_en = "ada fitur tanpa geometry atau properties", "features without geometry or properties"
        found("geojson_shape", rows=wrong[:10], count=len(wrong), why=why, why_en=why_en)
    outside = [
        at
        for at, f in enumerate(features, 1)
        if isinstance(f, dict) and isinstance(f.get("geometry"), dict) and not _inside(f["geometry"].get("coordinates"), 0)
    ]
    if outside:
        found("geojson_range", rows=outside[:10], count=len(outside))
    told = [
        {**(f["properties"] if isinstance(f.get("properties"), dict) else {}), **{k: v for k, v in f.items() if k not in _OF_FEATURE}}
        for f in features
        if isinstance(f, dict)
    ]
    if told:
        yield from _tables("features", told, limits, found)
    around = {key: item for key, item in value.items() if key not in {*_OF_FEATURE, "features"}} if features != [value] else {}
    ids = [str(f["id"]) for f in features if isinstance(f, dict) and isinstance(f.get("id"), str | int)]
    check_texts((each for _, rows in _tables("", [around], limits, found) for _, each in rows), found)
    check_texts([ids], found)


def _inside(value: object, depth: int) -> bool:
    if not isinstance(value, list) or depth > 6:
        return True
    if len(value) >= 2 and all(isinstance(n, int | float) for n in value[:2]):
        west, south, east, north = INDONESIA
        return bool(west <= value[0] <= east and south <= value[1] <= north)
    return all(_inside(item, depth + 1) for item in value[:2_000])


def check_pdf(path: Path, limits: Limits, found: Found) -> Rows | None:
    """The text as a table of one column, line by line, the page as its row; None where there is no text."""
    if path.stat().st_size > limits.whole_bytes:
        found("not_checked", reason="PDF terlalu besar", reason_en="the PDF is too large")
        return None
    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            found("file_encrypted")
            return None
        about: Mapping[str, object] = reader.metadata or {}
        said = [
            words
            for key, words in (("/Author", "pembuat"), ("/Title", "judul"), ("/Subject", "perihal"))
            if is_person_name(str(about.get(key, "")))
        ]
        told = [str(text) for text in about.values()]
        lines = [(page, line) for page, text in enumerate(_pages(reader, limits), 1) for line in text.splitlines() if line.strip()]
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        RecursionError,
        AssertionError,
        ZeroDivisionError,
        OverflowError,
        NotImplementedError,
    ) as error:
        found("file_broken", why=type(error).__name__)
        return None
    check_texts([told], found)
    if said:
        found("properties_person", where=", ".join(said))
    if not lines:
        found("pdf_picture")
        return None
    found("pdf_only")
    return iter([(1, ["isi"]), *((page, [line]) for page, line in lines)])


def _pages(reader: pypdf.PdfReader, limits: Limits) -> Iterator[str]:
    for page in itertools.islice(reader.pages, limits.pages):
        yield page.extract_text()
