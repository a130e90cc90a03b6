"""What a file is by its bytes, and whether its name is one that people and programs can trust."""

import re
import unicodedata
import zipfile
from pathlib import Path
from typing import Final, Literal

from checks.findings import Found

Kind = Literal["csv", "tsv", "xlsx", "xlsm", "xls", "ods", "json", "geojson", "pdf", "zip", "empty", "encrypted", "other"]
HEAD: Final = 64 * 1024
OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MEDIA_TYPES: Final[dict[str, Kind]] = {
    "text/csv": "csv",
    "application/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-excel.sheet.macroenabled.12": "xlsm",
    "application/vnd.ms-excel": "xls",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/json": "json",
    "application/geo+json": "geojson",
    "application/pdf": "pdf",
    "application/zip": "zip",
    "application/x-zip-compressed": "zip",
}
EXTENSIONS: Final[dict[str, Kind]] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".xlsx": "xlsx", ".xlsm": "xlsm", ".xls": "xls", ".ods": "ods",
    ".json": "json", ".geojson": "geojson", ".pdf": "pdf", ".zip": "zip",
}  # fmt: skip
ALLOWED: Final = frozenset({"csv", "tsv", "xlsx", "xls", "ods", "json", "geojson", "pdf", "zip"})
RUNNABLE: Final = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_MARKUP: Final = re.compile(rb"^\s*<(?:!doctype|html|\?xml|svg|script|table)", re.IGNORECASE)


def kind_of(path: Path) -> Kind:
    """The kind by content; text without a mark of its own counts as a table of characters. Raises OSError."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        return "empty"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path)
    if head.startswith(OLE):
        return "encrypted" if "EncryptedPackage".encode("utf-16-le") in _ole_directory(path) else "xls"
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(RUNNABLE) or _MARKUP.match(head.lstrip(b"\xef\xbb\xbf")):
        return "other"
    return _text(head)


def declared_kind(name: str, media_type: str) -> Kind:
    """What the file is said to be: by its media type, else by its name."""
    said = MEDIA_TYPES.get(media_type.split(";", maxsplit=1)[0].strip().lower())
    return said or EXTENSIONS.get(Path(name).suffix.lower(), "other")


def _zipped(path: Path) -> Kind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:10_000])
            is_package = "[Content_Types].xml" in names and "xl/workbook.bin" not in names
            if "xl/workbook.xml" in names or (is_package and any(n.startswith("xl/") for n in names)):
                return "xlsm" if any(name.lower().endswith("vbaproject.bin") for name in names) else "xlsx"
            if "[Content_Types].xml" in names:  # a letter, slides or a binary workbook
                return "other"
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                said = archive.read("mimetype")
                return "ods" if said.startswith(b"application/vnd.oasis.opendocument.spreadsheet") else "other"
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError, UnicodeDecodeError, zipfile.LargeZipFile):
        return "zip"  # whatever is wrong with it, reading it as an archive says so
    return "zip"


def _ole_directory(path: Path) -> bytes:
    """The first MiB and the last: where an OLE container keeps the names of its streams."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        return head + file.read()


def _text(head: bytes) -> Kind:
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return "csv"
    body = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if body[:1] in b"{[" and body[:1]:
        return "geojson" if re.search(rb'"type"\s*:\s*"(FeatureCollection|Feature)"', head) else "json"
    zeros = head.count(0)
    if zeros > len(head) // 4:
        return "csv" if _looks_like_utf16(head) else "other"
    odd = sum(head.count(bytes([code])) for code in (*range(1, 9), *range(14, 27), *range(28, 32)))
    if odd * 100 > len(head):
        return "other"
    first = head.split(b"\n", 1)[0]
    return "tsv" if first.count(b"\t") > max(first.count(b","), first.count(b";")) else "csv"


def _looks_like_utf16(head: bytes) -> bool:
    even, uneven = head[0::2].count(0), head[1::2].count(0)
    return max(even, uneven) > len(head) // 4 and min(even, uneven) * 20 < max(even, uneven)


def check_name(name: str, found: Found) -> None:
    """A file's name: no folders, no characters that are not seen or turn the reading direction, no second ending that runs."""
    if "/" in name or "\\" in name or name in {".", ".."} or re.match(r"^[A-Za-z]:", name):
        found("name_path", severity="error", name=name)
    if any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co"} for c in name):
        found("name_hidden_characters", severity="error", name=name)
    if re.search(r"\.(exe|js|vbs|bat|cmd|scr|ps1|html?|php|jar|lnk)(\.|\s|$)", name.lower()):
        found("name_runs", severity="error", name=name)


def check_kind(kind: Kind, *, name: str, media_type: str, found: Found, allowed: frozenset[str] = ALLOWED) -> None:
    """Is the content of an allowed kind, and of the kind that was declared?"""
    if kind == "empty":
        return found("file_empty", name=name)
    if kind == "encrypted":
        return found("file_encrypted", name=name)
    if kind == "xlsm":
        found("file_macros", name=name)
    elif kind not in allowed:
        return found("file_type", name=name)
    said = declared_kind(name, media_type)
    ending = EXTENSIONS.get(Path(name).suffix.lower(), "other")
    same = {("csv", "tsv"), ("tsv", "csv"), ("geojson", "json"), ("json", "geojson"), ("xlsm", "xlsx")}
    if kind not in {said, ending} or (said != kind and (kind, said) not in same and said != "other"):
        if (kind, said) in same and (kind, ending) in same:
            return None
        found("type_mismatch_file", name=name, kind=kind, said=media_type)
    return None
