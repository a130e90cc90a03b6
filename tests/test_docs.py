"""The pages say what is so: links lead somewhere, and settings, codes, metrics, fields and commands are those of the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
from fastapi import FastAPI
from prometheus_client import CollectorRegistry, generate_latest
from typer.main import get_command

from bus.rights import as_table
from events.inbound import Inbound, InboundFile
from events.lawful import LAW
from events.metadata import Dataset
from events.submission import BATON, STATE_AFTER
from jejak.app import LANES
from jejak.cli import app as commands
from jejak.metrics import Metrics
from lane.checking import REFUSED
from lane.files import MESSAGES as FILE_MESSAGES
from lane.given import FROM_FILE, PREFIX, SECRETS
from lane.reasons import WORDS
from lane.settings import Settings
from portals.portal import Code
from web.tokens import MESSAGES as TOKEN_MESSAGES

ROOT = Path(__file__).parents[1]
ROOMS = ("events", "bus", "lane", "services", "portals", "checks", "archive", "desk", "web", "jejak")
CODE = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
SETTING = re.compile(r"JEJAK_[A-Z0-9]+(?:_[A-Z0-9]+)*")
NOT_SETTINGS = {"JEJAK_TOKEN"}
OUTSIDE = re.compile(r"/(work|root|home/\w+)/|\.\./shared")


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Header and rows of each table."""
    for block in re.findall(r"(?:^\|.*\n)+", text + "\n", re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])] for line in block.splitlines()]
        yield rows[0], rows[2:]


def column(text: str, header: str) -> list[str]:
    """Every word in code marks under a header, in all tables that have it."""
    return [
        word for head, rows in tables(text) if header in head for row in rows for word in re.findall(r"`([^`]+)`", row[head.index(header)])
    ]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        file, _, anchor = target.partition("#")
        if file.startswith(("http://", "https://")):
            continue
        found = (path.parent / unquote(file)) if file else path
        if not found.exists() or (anchor and anchor not in _anchors(found)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_name_no_place_of_one_machine(path: Path) -> None:
    assert OUTSIDE.search(path.read_text("utf-8")) is None


@pytest.mark.parametrize("path", [p for p in PAGES if p.parent.name == "decisions"], ids=lambda path: path.stem)
def test_decisions_are_numbered_once_and_say_when_to_look_again(path: Path) -> None:
    number = path.name[:4]
    assert list(path.parent.glob(f"{number}-*.md")) == [path]
    assert path.read_text("utf-8").startswith(f"# {number}: ")
    assert re.search("revisit", path.read_text("utf-8"), re.IGNORECASE)


def test_the_settings_table_names_every_setting_and_no_other() -> None:
    assert sorted(column(page("docs/for-operators.md"), "setting")) == sorted(PREFIX + name.upper() for name in Settings.model_fields)


def test_the_settings_table_tells_the_defaults() -> None:
    head, rows = next((head, rows) for head, rows in tables(page("docs/for-operators.md")) if head[0] == "setting")
    told = {row[0].strip("`"): re.fullmatch("`(.*)`", row[head.index("default")]) for row in rows}
    for name, field in Settings.model_fields.items():
        default = told[PREFIX + name.upper()]
        assert (default and default[1]) == (None if field.default is None else _as_set(field.default)), name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_name_settings_that_exist(path: Path) -> None:
    named = {name for name in SETTING.findall(path.read_text("utf-8")) if not name.startswith(("JEJAK_TEST_", "JEJAK_BENCH_"))}
    exist = {PREFIX + name.upper() for name in Settings.model_fields} | {PREFIX + name.upper() + FROM_FILE for name in SECRETS}
    assert named - exist - NOT_SETTINGS == set()


def test_every_field_that_an_opd_may_send_is_described() -> None:
    told = set(column(page("docs/for-opd-systems.md"), "field"))
    fields = {name for name in Inbound.model_fields if name != "dataset"}
    fields |= {f"dataset.{name}" for name in Dataset.model_fields} | {f"files[].{name}" for name in InboundFile.model_fields}
    assert told == fields


def test_fields_marked_as_needed_are_those_that_the_contract_needs() -> None:
    for head, rows in tables(page("docs/for-opd-systems.md")):
        for row in rows if head[:2] == ["field", "need"] else ():
            for name in re.findall(r"`dataset\.(\w+)`", row[0]):
                assert Dataset.model_fields[name].is_required() == (row[1] == "●"), name


def test_refusal_codes_are_those_of_the_code() -> None:
    pages = ("for-opd-systems", "officials-by-program", "for-auditors", "for-operators")
    told = {code for name in pages for code in column(page(f"docs/{name}.md"), "code")}
    told |= set(re.findall(r"`(\w+)`", page("docs/for-opd-systems.md").partition("Over HTTP also:")[2].partition("## ")[0]))
    told |= set(re.findall(r"409 `(\w+)`", page("docs/for-auditors.md")))
    assert told == _codes()


def test_the_calls_are_those_of_the_lanes() -> None:
    app = FastAPI()
    for _, routes in LANES.values():
        app.include_router(routes(lambda: pytest.fail("no lane is asked")))
    paths = app.openapi()["paths"].items()
    there = [f"{method.upper()} {path.replace('submission_id', 'id')}" for path, methods in paths for method in methods]
    assert sorted(column(page("docs/calls.md"), "call")) == sorted(there)


def test_the_table_of_rights_is_the_one_that_is_given() -> None:
    assert as_table() in page("docs/for-operators.md")


def test_metrics_are_those_served() -> None:
    registry = CollectorRegistry()
    registry.register(Metrics(list))
    served = set(re.findall(r"^# TYPE (\w+) ", generate_latest(registry).decode(), re.MULTILINE))
    assert set(column(page("docs/for-operators.md"), "metric")) == served


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path: Path) -> None:
    """Commands with their options, in code blocks and in code marks."""
    text = path.read_text("utf-8")
    blocks = "\n".join(re.findall(r"```(?:sh|text)\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ").splitlines()
    said = [line for line in blocks + re.findall(r"`([^`\n]+)`", text) if re.match(r"(\w+=\S* )*(\.venv/bin/)?jejak [a-z-]", line.strip())]
    wrong = [line for line in said if not _is_command(line)]
    assert wrong == []


def test_no_sentence_sends_people_where_the_front_door_is_shut() -> None:
    shut = re.findall(r"/\w+", re.findall(r"@inside path (.*)", page("deploy/Caddyfile"))[0])
    texts = [text for path in CODE for node in ast.walk(ast.parse(path.read_text("utf-8"))) for text in _text(node)]
    assert "/docs" in shut
    assert [text for text in texts if re.search(rf" (di|lihat|at|see) ({'|'.join(shut)})\b", text)] == []


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", page("Makefile"), re.MULTILINE))
    said = {target for path in PAGES for target in re.findall(r"`make ([a-z-]+)", path.read_text("utf-8"))}
    assert said - targets == set()


@pytest.mark.parametrize("name", ["README.md", "docs/architecture.md"])
def test_every_event_is_in_the_table(name: str) -> None:
    for event in STATE_AFTER:
        assert f"| `{event}` |" in page(name), event


def test_the_baton_table_is_the_baton() -> None:
    rows = next(rows for head, rows in tables(page("docs/architecture.md")) if head[0] == "last event")
    told = {row[1]: (row[2], frozenset(re.findall(r"`(\w+)`", row[3]))) for row in rows}
    assert told == {str(state or "–"): (str(baton.holder or "nobody"), baton.next) for state, baton in BATON.items()}


def test_the_map_names_modules_that_exist() -> None:
    named = re.findall(r"^  (?:  )?([a-z_]+\.py) ", page("docs/architecture.md"), re.MULTILINE)
    missing = [name for name in named if not any(path.name == name for path in CODE)]
    assert named
    assert missing == []


def test_the_map_leaves_no_module_out() -> None:
    told = set(re.findall(r"[a-z_]+", page("docs/architecture.md")))
    small = {"__init__", *(path.stem for path in CODE if path.parent.name in {"versions", "pages", "migrations"})}
    assert sorted({path.stem for path in CODE} - small - told) == []


def test_pictures_are_small() -> None:
    assert [p.name for p in (ROOT / "docs").rglob("*.png") if p.stat().st_size > 200_000] == []


def _as_set(default: object) -> str:
    """As a person would write the setting."""
    return f"{default:g}" if isinstance(default, float) else str(default)


def _anchors(path: Path) -> set[str]:
    """As forges make them from headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE) if path.suffix == ".md" else []
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _is_command(line: str) -> bool:
    """Walks the words of a line down the command tree; options must be those of the command."""
    words = re.sub(r"^(\w+=\S* )*(\.venv/bin/)?jejak ", "", line.partition(" #")[0].strip()).split()
    command: object = get_command(commands)
    assert isinstance(command, typer.core.TyperGroup)
    while words and isinstance(command, typer.core.TyperGroup) and (named := command.get_command(typer.Context(command), words[0])):
        command = named
        words.pop(0)
    if isinstance(command, typer.core.TyperGroup):
        return not words or "|" in words[0] or words[0] in {"--help", "…"}
    options = {option for parameter in getattr(command, "params", ()) for option in parameter.opts}
    return {word.partition("=")[0] for word in words if word.startswith("--")} <= options | {"--help"}


def _codes() -> set[str]:
    """Every code with which the code can refuse, find or set aside."""
    found = {code for code, _ in WORDS.values()} | {"wrong_value"} | set(TOKEN_MESSAGES) | {str(code) for code in Code}
    found |= {code for code, _ in LAW} | REFUSED
    found |= {"file_missing", "file_corrupt", "too_large", "wrong_hash"}  # of the file store; the publisher puts file_ before them
    assert {code.removeprefix("file_") for code in found} >= FILE_MESSAGES.keys()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                found |= set(_said_in_a_call(node))
            elif isinstance(node, ast.FunctionDef) and node.name in GIVE_OUT_CODES:
                found |= {text for part in ast.walk(node) for text in _text(part) if re.fullmatch("[a-z]+(_[a-z]+)*", text)}
    return found - NO_CODES


GIVE_OUT_CODES = {"admitted", "words_of", "http"}
"""Functions whose one-word texts are codes."""
NO_CODES = {"unexpected", "submission_id", "sequence"}


def _said_in_a_call(call: ast.Call) -> Iterator[str]:
    """Reason(code="…"), Finding(code="…"), and the second word of dead_letter, refuse and their like."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    wanted = {"Reason": "code", "Finding": "code"}.get(name)
    yield from (text for keyword in call.keywords if wanted and keyword.arg == wanted for text in _text(keyword.value))
    if name in {"dead_letter", "refuse", "_refused"} and len(call.args) == 2:
        yield from _text(call.args[1])


def _text(node: ast.AST) -> list[str]:
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


DOCUMENT = re.compile(r"\bdocs/[\w./-]+?\.md\b")
NOT_HERE = re.compile(r"\bDESIGN\b|\breference/\w|\bSTYLE\.md\b")
TEXTS = sorted(path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py") if path != Path(__file__))


@pytest.mark.parametrize("path", [*TEXTS, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_documents_that_are_named_are_in_the_repository(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not NOT_HERE.findall(text)
    assert [name for name in DOCUMENT.findall(text) if not (ROOT / name).exists()] == []
