"""Everything that pages say in another language: an Indonesian text in, the same in that language out; itself where there is no other.

Two kinds of texts stand in a catalogue. `%(name)s` marks what the desk puts in itself. `{name}` marks what lanes and accounts have put in
already: such a sentence is found again in what came of it, and said anew with the same values. `{name!t}` in the other language is a
value that is a text of the catalogue too.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po

HERE: Final = Path(__file__).parent / "catalogues"
LANGUAGES: Final = {"id": "Bahasa Indonesia", "en": "English"}
DEEPEST: Final = 3
"""How far sentences lie in each other."""
LONGEST: Final = 2_000
"""Characters of a sentence that is looked for."""
MOST_PARTS: Final = 20
"""Of a list in a sentence; what follows stays as it is."""
_NAME: Final = re.compile(r"\{(\w+)(!t)?\}")
_BETWEEN: Final = re.compile("(, | dan )")
Forms = tuple[str, ...]
"""One text, or one for each plural of the language."""


@dataclass(frozen=True)
class Sentence:
    """A text with names in it: `parts` stand before, between and after `names`."""

    parts: tuple[str, ...]
    names: tuple[str, ...]
    said: str

    def values(self, text: str) -> dict[str, str] | None:
        """What `text` has in place of the names; None when it is another sentence. Each part is looked for once, from left to right."""
        first, *between, last = self.parts
        end = len(text) - len(last)
        if not (text.startswith(first) and text.endswith(last) and len(first) <= end):
            return None
        at, found = len(first), []
        for part in between:
            following = text.find(part, at, end)
            if following < 0:
                return None
            found.append(text[at:following])
            at = following + len(part)
        return dict(zip(self.names, [*found, text[at:end]], strict=True))


@dataclass(frozen=True)
class Catalogue:
    """`sentences`: those with the most words of their own first."""

    texts: dict[str, Forms]
    sentences: tuple[Sentence, ...]

    def text(self, message: str) -> Forms:
        return self.texts.get(message, (message,))

    def retold(self, text: str, deep: int = 0) -> str:
        """A sentence that was said elsewhere; as it is when nobody here knows it."""
        if text in self.texts:
            return self.texts[text][0]
        for sentence in self.sentences if deep < DEEPEST and len(text) <= LONGEST else ():
            if (values := sentence.values(text)) is not None:
                return self._filled(sentence.said, values, deep)
        return text

    def _filled(self, said: str, values: dict[str, str], deep: int) -> str:
        return _NAME.sub(lambda name: self._value(values[name[1]], deep + 1) if name[2] else values[name[1]], said)

    def _value(self, value: str, deep: int) -> str:
        """A text of the catalogue, or several in a row."""
        said = self.retold(value, deep)
        return "".join(self.retold(part, deep) for part in _BETWEEN.split(value, MOST_PARTS)) if said == value else said


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalogue:
    """Empty for Indonesian, in which the texts themselves are written. Raises OSError, ValueError."""
    if language == "id":
        return Catalogue({}, ())
    with (HERE / f"{language}.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language, abort_invalid=True) if message.id]
    texts = {_first(message.id): _forms(message.string) for message in messages}
    sentences = [_sentence(text, said[0]) for text, said in texts.items() if _NAME.search(text)]
    return Catalogue(texts, tuple(sorted(sentences, key=lambda sentence: -sum(map(len, sentence.parts)))))


def _sentence(text: str, said: str) -> Sentence:
    pieces = _NAME.split(text)
    return Sentence(tuple(pieces[::3]), tuple(pieces[1::3]), said)


def _first(message: object) -> str:
    return str(message[0] if isinstance(message, tuple | list) else message)


def _forms(said: object) -> Forms:
    return tuple(map(str, said)) if isinstance(said, tuple | list) else (str(said),)
