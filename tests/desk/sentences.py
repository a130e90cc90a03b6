"""Every text that a person may read on a page, found where it is written: templates, the desk's own code, and what lanes answer.

Lanes know nothing of the catalogue: their sentences are found by what they are, strings with an Indonesian word in them.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

import desk

ROOT = Path(desk.__file__).parent.parent
ROOMS = ("events", "lane", "services", "portals", "web", "archive", "checks/metadata.py")
"""What is in the other checks they say in English themselves, beside the Indonesian (`checks.lines`)."""
ELSEWHERE = {
    "archive/cli.py": "the command line",
    "archive/context.py": "the command line",
    "archive/journals.py": "the command line",
    "archive/package.py": "inside packages, and the command line",
    "archive/rebuild.py": "the command line",
    "archive/trail.py": "sentences of the JSON and of the command line; pages tell the story in their own words",
    "archive/words.py": "the same",
    "lane/due.py": "settings",
    "lane/file_stores.py": "settings",
    "lane/versions.py": "findings, which say it in English too",
    "portals/ckan/check.py": "the command line",
    "portals/ckan/mapping.py": "what the portal shows",
    "portals/ckan/size.py": "the command line",
    "portals/folder/overview.py": "what the portal shows",
    "portals/folder/pages.py": "what the portal shows",
    "portals/kinds.py": "settings",
    "web/keys.py": "the command line",
}
"""Modules whose Indonesian no page shows, and why."""
INDONESIAN = re.compile(
    r"\b(ada|adalah|akan|belum|berkas|bukan|coba|dan|dari|data|dengan|diserahkan|harus|hapus|ini|isi|itu|karena|kepada|lagi|melihat|memuat|"
    r"menampilkan|mengunduh|mengunggah|menulis|menunggu|menurunkan|menyiapkan|minta|nomor|oleh|pada|paling|periode|tertulis|portal|rekaman|sama|sebelumnya|"
    r"sudah|tanpa|tidak|token|untuk|wajib|yang|direvisi|halaman|surel|alamat|penyimpanan|peran|diubah|dikatakan|ditulis|diverifikasi|"
    r"kesalahan|kosong|telah|setelah|masih|sebelum|bentuk|berubah)\b",
    re.IGNORECASE,
)
ENGLISH = re.compile(r"\b(the|of|is|it|that|a|what|cannot|this|not|and|for)\b")
CODE = re.compile(r"\b(SELECT|INSERT|UPDATE|CREATE|DELETE|DROP|FROM|PRAGMA|WHERE)\b|'self'|boundary=")
WORDS = frozenset(
    {
        " dan ",
        "Isi",
        "tema",
        "jadwal retensi",
        "diserahkan",
        "dikembalikan",
        "diverifikasi",
        "disetujui",
        "ditarik",
        "terbit",
        "nomor paspor",
        "surel pribadi",
    }
)
"""Single words that stand in sentences, of `events.rules` and others."""


def of_templates() -> set[str]:
    """What templates ask the catalogue for."""
    environment = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True)
    found: set[str] = set()
    for path in (ROOT / "desk/templates").glob("*.html"):
        for call in environment.parse(path.read_text("utf-8")).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "_" and call.args:
                found |= set(_either(call.args[0]))
    return found


def _either(text: nodes.Node | None) -> Iterator[str]:
    """A text, or those that one is chosen from; what comes from elsewhere is marked there."""
    if isinstance(text, nodes.CondExpr):
        yield from _either(text.expr1)
        yield from _either(text.expr2)
    elif isinstance(text, nodes.Const):
        yield str(text.value)


def of_the_desk() -> set[str]:
    """What the desk's code marks with `said`, and the sentences with which accounts refuse."""
    found = {
        call.args[0].value
        for path in (ROOT / "desk").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute) and _name(call.func) == "said"
        if isinstance(call.args[0], ast.Constant)
    }
    refusals = (text for name in ("accounts", "provider") for _, text in sentences_in(ROOT / f"desk/{name}.py"))
    return {*map(str, found), *refusals}


def of_lanes() -> dict[str, set[str]]:
    """Room → the sentences that its modules make."""
    return {room: {text for path in modules(room) for _, text in sentences_in(path)} for room in ROOMS}


def modules(room: str) -> Iterator[Path]:
    paths = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    return (path for path in paths if str(path.relative_to(ROOT)) not in ELSEWHERE)


def sentences_in(path: Path) -> Iterator[tuple[int, str]]:
    """Line, and a string with an Indonesian word; what is put into it stands as `{name}`."""
    tree = ast.parse(path.read_text("utf-8"))
    apart = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    apart |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    apart |= {id(node.format_spec) for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)}
    for node in ast.walk(tree):
        if id(node) in apart or not isinstance(node, ast.Constant | ast.JoinedStr):
            continue
        text = _text(node)
        own = re.sub(r"\{\w+\}", "", text)
        if text in WORDS or (" " in text.strip() and INDONESIAN.search(own) and not ENGLISH.search(own) and not CODE.search(own)):
            yield node.lineno, text


def _text(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    names: list[str] = []
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = re.findall(r"[A-Za-z_]\w*", ast.unparse(part.value))[-1]
            names.append(f"{name}{names.count(name) + 1 if name in names else ''}")
            parts.append(f"{{{names[-1]}}}")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value))
    return "".join(parts)


def _name(node: ast.Name | ast.Attribute) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr
