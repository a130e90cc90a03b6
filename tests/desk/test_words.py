"""Every text that pages show goes through the catalogue: none is written into a template where no translation could find it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import desk

TEMPLATES = sorted((Path(desk.__file__).parent / "templates").glob("*.html"))
LETTERS = re.compile(r"[^\W\d_]{2,}")
ATTRIBUTE = re.compile(r' [a-z-]+="[^"<]*"')
"""As a macro writes it that stands inside a tag."""
SAME_EVERYWHERE = frozenset({"Jejak", "OPD", "JSON", "SHA", "css", "svg"})
"""Names that are no words of a language."""
READ_ALOUD = ("title", "placeholder", "aria-label", "alt")
MARKS = frozenset({"_", "said"})


class Texts(HTMLParser):
    """What a person would see or hear of a template's own markup; what stands in Jinja's braces is left out before."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_code = False

    def handle_data(self, data: str) -> None:
        if not self.in_code:  # commands are typed as they stand
            self.found.append(ATTRIBUTE.sub("", data))

    def handle_endtag(self, tag: str) -> None:
        self.in_code = self.in_code and tag != "code"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_code = self.in_code or tag == "code"
        self.found += [value or "" for name, value in attrs if name in READ_ALOUD]


def written(path: Path) -> list[str]:
    """Words in the markup itself."""
    environment = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True)
    source = "".join(text if kind == "data" else "" for _, kind, text in environment.lex(path.read_text("utf-8")))
    texts = Texts()
    texts.feed(source)
    return [word for text in texts.found for word in LETTERS.findall(text) if word not in SAME_EVERYWHERE]


def said_in_code(path: Path) -> list[str]:
    """Sentences in expressions that no `_()` stands around: two words, or one with a capital."""
    environment = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True)
    tree = environment.parse(path.read_text("utf-8"))
    marked = {id(const) for call in tree.find_all(nodes.Call) if _is_mark(call) for const in call.find_all(nodes.Const)}
    consts = (const for const in tree.find_all(nodes.Const) if id(const) not in marked and isinstance(const.value, str))
    return [const.value for const in consts if re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}|^[A-Z][a-z]", const.value)]


def _is_mark(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name in MARKS


def called(path: Path) -> Iterator[str]:
    """What is looked up in the catalogue by name."""
    tree = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True).parse(path.read_text("utf-8"))
    for call in tree.find_all(nodes.Call):
        if _is_mark(call) and isinstance(call.args[0], nodes.Const):
            yield call.args[0].value


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_text_is_written_into_a_template(path: Path) -> None:
    assert written(path) == []
    assert said_in_code(path) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_sentence_is_one_text_of_the_catalogue(path: Path) -> None:
    """What is put into it has a name, so that another language may put it elsewhere."""
    assert [text for text in called(path) if re.search(r"%[sd]|\{\}|^\s|\s$", text)] == []


def test_a_text_written_into_a_template_is_found(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text('<h1>{{ _("Baik") }}</h1><p aria-label="Tutup">Halo</p>{{ {"a": "Paling baru"} }}{{ "row"|length }}', "utf-8")
    assert (written(path), said_in_code(path)) == (["Tutup", "Halo"], ["Paling baru"])
