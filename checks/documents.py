"""JSON, GeoJSON and PDF: a path in; findings, and tables made of records where there are any, out."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import pypdf
from pypdf.errors import PyPdfError

from checks.findings import Found
from checks.limits import Limits
from checks.persons import is_person_name
from checks.text import TextForm, form_of

Rows = Iterator[tuple[int, list[str]]]
_DEEPEST: Final = 60
INDONESIA: Final = (94.0, -12.0, 142.0, 7.0)


def check_json(path: Path, limits: Limits, found: Found) -> list[tuple[str, Rows]]:
    """The lists of records in it as tables: (where, rows with a header). Nested values are flattened to text."""
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
        return _geojson(value, found)
    return [(where, _records(records)) for where, records in itertools.islice(_lists(value, "", 0), limits.sheets)]


def _lists(value: object, where: str, depth: int) -> Iterator[tuple[str, list[object]]]:
    """Lists that hold objects or lists; everything else is one record of its own."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        yield where or "$", value
    elif isinstance(value, dict):
        inner = [(key, item) for key, item in value.items() if isinstance(item, dict | list) and item]
        if len(inner) < len(value) or not inner:
            yield where or "$", [{key: item for key, item in value.items() if not isinstance(item, dict | list)}]
        for key, item in inner:
            yield from _lists(item, f"{where}.{key}" if where else str(key), depth + 1)


def _records(records: Sequence[object]) -> Rows:
    flat = [_flat(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))[:2_000]
    yield 1, names or [""]
    for number, record in enumerate(flat, 2):
        yield number, [record.get(name, "") for name in names]


def _flat(value: object, prefix: str = "", depth: int = 0) -> dict[str, str]:
    if isinstance(value, dict) and depth < 6:
        return {k: v for key, item in value.items() for k, v in _flat(item, f"{prefix}.{key}" if prefix else str(key), depth + 1).items()}
    if isinstance(value, list) and depth < 6 and any(isinstance(item, dict | list) for item in value):
        return {k: v for at, item in enumerate(value[:50]) for k, v in _flat(item, f"{prefix}[{at}]", depth + 1).items()}
    if isinstance(value, list | dict):
        return {prefix or "nilai": json.dumps(value, ensure_ascii=False)[:1000]}
    return {prefix or "nilai": "" if value is None else value if isinstance(value, str) else json.dumps(value)}


def _geojson(value: dict[str, object], found: Found) -> list[tuple[str, Rows]]:
    features = value.get("features") if value.get("type") == "FeatureCollection" else [value]
    if not isinstance(features, list):
        found("geojson_shape", why="features bukan daftar", why_en="features is no list")
        return []
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
    told = [f.get("properties") or {} for f in features if isinstance(f, dict)]
    return [("features", _records(told))] if told else []


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
