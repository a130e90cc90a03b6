"""Pages from templates: everything that is not markup of a template is escaped, and hidden signs are made visible. HTML out."""

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import orjson
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from desk import words
from desk.casework import said_of
from desk.catalogue import LANGUAGES
from desk.clock import now
from desk.forms import MADE_FOR
from desk.metadata import personal_choices
from desk.retold import field_named, found, retold
from desk.speech import Speech, shown
from desk.verbs import to_tell_again
from desk.who import Who
from web.tokens import Role

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
SPOKEN: Final = "jejak_bahasa"
SPOKEN_S: Final = 400 * 24 * 3600
NAVIGATION: Final[dict[Role, tuple[tuple[str, str], ...]]] = {
    Role.TIM_PPID: (
        ("/kotak-masuk", words.said("Pengajuan saya")),
        ("/pengajuan/baru", words.said("Serahkan data")),
        ("/jatuh-tempo", words.said("Jatuh tempo")),
    ),
    Role.KETUA_PPID: (("/kotak-masuk", words.said("Kotak masuk")), ("/jatuh-tempo", words.said("Jatuh tempo"))),
    Role.ATASAN_PPID: (
        ("/kotak-masuk", words.said("Kotak masuk")),
        ("/putusan-bersama", words.said("Beberapa sekaligus")),
        ("/jatuh-tempo", words.said("Jatuh tempo")),
    ),
    Role.ADMIN_OPENDATA: (
        ("/publikasi", words.said("Publikasi")),
        ("/kotak-masuk", words.said("Kotak masuk")),
        ("/jatuh-tempo", words.said("Jatuh tempo")),
        ("/akun/daftar", words.said("Kelola akun")),
    ),
    Role.AUDITOR: (("/kotak-masuk", words.said("Semua pengajuan")), ("/jatuh-tempo", words.said("Jatuh tempo"))),
}
"""What a role finds at the top of each page, beside search, numbers and the own account."""


def render(request: Request, template: str, *, status: int = 200, **content: object) -> HTMLResponse:
    """A page of `desk/templates/`; who is in and where the page is are known to every template."""
    who: Who | None = getattr(request.state, "who", None)
    language = language_of(request, who)
    page = _templates(language).get_template(template)
    navigation = NAVIGATION[who.role] if who and not who.account.must_change else ()
    mark = request.app.state.desk.marks.of(who.post.id) if who else ""
    content = {"made_for": Markup('<input type="hidden" name="{}" value="{}">').format(MADE_FOR, mark) if who else ""} | content
    content = {"who": who, "path": request.url.path, "now": now(), "language": language, "navigation": navigation, "typed": {}} | content
    here = request.url.path + (f"?{request.url.query}" if request.url.query and request.method == "GET" else "")
    response = HTMLResponse(page.render({"here": here, "typed_form": ""} | content), status_code=status)
    if request.cookies.get(SPOKEN, "id") != language:
        speak(response, language)
    return response


def speak(response: Response, language: str) -> None:
    """This browser's language, for pages that nobody is logged in on."""
    response.set_cookie(SPOKEN, language, max_age=SPOKEN_S, path="/", samesite="lax", httponly=True)


def language_of(request: Request, who: Who | None) -> str:
    """What this very request asks for, else the person's own, else what the browser spoke last, else Indonesian."""
    wanted = getattr(request.state, "language", None) or (who.account.language if who else request.cookies.get(SPOKEN, "id"))
    return wanted if wanted in LANGUAGES else "id"


def speech_of(request: Request) -> Speech:
    return Speech(language_of(request, getattr(request.state, "who", None)))


class _Pages(Environment):
    """A name that no page was given is a fault; what a lane's answer leaves out, because nothing was said, is empty."""

    def getattr(self, obj: Any, attribute: str) -> Any:  # noqa: ANN401 (Jinja's own shape)
        if type(obj) is dict and attribute in obj and not hasattr(dict, attribute):
            return obj[attribute]  # most of what a list shows: asked first, because a miss of an attribute is slow
        found = super().getattr(obj, attribute)
        return Undefined(name=attribute) if isinstance(found, Undefined) and isinstance(obj, Mapping) else found


@lru_cache(maxsize=4)
def _templates(language: str) -> Environment:
    speech = Speech(language)
    environment = _Pages(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
        extensions=["jinja2.ext.loopcontrols"],
    )
    states = {state: word for state, (word, _) in words.STATES.items()}
    environment.globals |= {"_": speech.text, "words": words, "languages": LANGUAGES, "left": speech.left, "state_words": states}
    environment.globals |= {
        "kept_json": _kept_json,
        "to_tell_again": to_tell_again,
        "personal_choices": personal_choices,
        "said_of": said_of,
    }
    environment.globals["browser_of"] = partial(browser_of, speech.text(words.said("%(browser)s di %(system)s")))
    environment.globals["yes_or_no"] = words.YES_OR_NO
    environment.globals["reason_fields"] = {_path(name): told.label for name, told in words.FIELDS.items() if name not in words.OF_FORMS}
    environment.filters |= {
        name: getattr(speech, name) for name in ("moment", "day", "short_day", "month", "clock", "when", "number", "size", "span")
    }
    environment.tests["portal_address"] = lambda url: str(url).startswith(("http://", "https://", "/portal/"))
    environment.filters |= {
        "word": partial(_word, speech),
        "actor": partial(_actor, speech),
        "field": partial(_field, speech),
        "retold": partial(retold, speech),
        "found": partial(found, speech),
    }
    return environment


_BROWSERS: Final = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac", "Linux")


def browser_of(sentence: str, agent: str) -> str:
    """A browser's long name as people call it; as it is when it is none of the usual ones."""
    browser = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return sentence % {"browser": browser, "system": system} if browser and system else agent


def _path(name: str) -> str:
    """A field as lanes name it."""
    return name if name == "files" else f"dataset.{name}"


def _kept_json(pairs: object) -> str:
    """Fields that go through the login page and back."""
    return orjson.dumps(pairs).decode()


def _actor(speech: Speech, actor: dict[str, str]) -> str:
    """Whoever acted, by name."""
    return speech.text(words.SERVICES[actor["id"]]) if actor["id"] in words.SERVICES else actor["name"]


def _field(speech: Speech, path: str | None) -> str:
    """A field as its form calls it; "" for none."""
    return field_named(speech, path or "")


def _word(speech: Speech, key: object, table: dict[str, object]) -> str:
    """The word for a code, translated; the code itself when a later version knows it and we do not."""
    found = table.get(str(key), str(key))
    return speech.text(str(found[0] if isinstance(found, tuple) else found))
