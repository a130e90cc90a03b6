"""JSON, GeoJSON and PDF: a path in; findings, and tables made of records where there are any, out."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pypdf
from pypdf.errors import PyPdfError

from checks.around import check_texts
from checks.findings import Found
from checks.limits import Limits
from checks.persons import is_person_name
from checks.text import TextForm, form_of

Rows = Iterator[tuple[int, list[str]]]
_DEEPEST: Final = 60
_ALIKE: Final = 20
"""So many objects under names, or values in a list, are a table."""
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
        yield where or "$", [{"kunci": key, **(item if isinstance(item, dict) else {"nilai": item})} for key, item in value.items()]
    elif isinstance(value, dict):
        inner = [(key, item) for key, item in value.items() if isinstance(item, dict | list) and item]
        if len(inner) < len(value) or not inner:
            yield where or "$", [{key: item for key, item in value.items() if not isinstance(item, dict | list)}]
        for key, item in inner:
            yield from _lists(item, f"{where}.{key}" if where else str(key), depth + 1)


def _tables(where: str, records: Sequence[object], limits: Limits, found: Found, depth: int = 0) -> Iterator[tuple[str, Rows]]:
    """A list of records as a table, and each list that lies in them as another, of all records together."""
    inner: dict[str, list[object]] = {}
    flat = [dict(_flat(record, "", inner, row)) for row, record in enumerate(records, 2)]
    yield where, _rows(flat, limits)
    for name, held in inner.items():
        if depth == _DEEPEST:
            return found("not_checked", reason="JSON terlalu bertingkat", reason_en="the JSON is too deep")
        yield from _tables(f"{where}.{name}", held, limits, found, depth + 1)
    return None


def _rows(flat: Sequence[Mapping[str, str]], limits: Limits) -> Rows:
    """One column more than the limit, so that what is left out is told."""
    names = list(itertools.islice(dict.fromkeys(name for record in flat for name in record), limits.columns + 1))
    yield 1, names or [""]
    for number, record in enumerate(flat, 2):
        yield number, [record.get(name, "") for name in names]


def _flat(value: object, name: str, inner: dict[str, list[object]], row: int, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The cells of one record; the lists in it are added to `inner` by their name, with the row that they lie in."""
    if isinstance(value, dict) and value:
        if depth == _DEEPEST:
            inner.setdefault(name, []).append({"induk": row, **value})
        else:
            for key, item in value.items():
                yield from _flat(item, f"{name}.{key}" if name else str(key), inner, row, depth + 1)
    elif isinstance(value, list) and value and (len(value) > _ALIKE or any(isinstance(item, dict | list) for item in value)):
        held = ({"nilai": item} if not isinstance(item, dict) else item for item in value)
        inner.setdefault(name or "nilai", []).extend({"induk": row, **item} for item in held)
    else:
        yield name or "nilai", "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
