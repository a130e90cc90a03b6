"""What a person typed on a case's form in, the body of a lane's command out; and a lane's reasons back at the fields of the form. Pure.

The pages ask for no more than a lane does, but for one thing: who returns a dataset says why in 20 to 2,000 characters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from desk.forms import Typed
from desk.lanes import Told
from desk.words import FIVE, said

Json = dict[str, Any]
SHORTEST_REASON: Final = 20
LONGEST_REASON: Final = 2_000
REASON_ROWS: Final = 3
TOLD: Final = "galat"
"""The field in which a form carries what its page tells is wrong."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, in Indonesian, and the id of the field that it is wrong with ("" for none). Pages say it in their language.

    `field`: the path that a lane named beside its sentence.
    """

    at: str
    message: str
    field: str = ""


@dataclass(frozen=True)
class Verb:
    """`event`: what it writes; `serious`: looked at once more before it is done; `own`: the words of its body that are compared."""

    event: str
    body: Callable[[Typed], tuple[Json, list[Fault]]]
    serious: bool = False


def _verify(typed: Typed) -> tuple[Json, list[Fault]]:
    return {"checklist": {word: typed.get(f"checklist_{word}") == "1" for word in FIVE}, "note": typed.get("note")}, []


def _approve(typed: Typed) -> tuple[Json, list[Fault]]:
    wrong = [] if typed.get("consideration") else [Fault("consideration", said("Tulis pertimbangan Anda."))]
    return {"consideration": typed.get("consideration")}, wrong


def _reject(typed: Typed) -> tuple[Json, list[Fault]]:
    reasons, wrong = [], []
    for row in range(REASON_ROWS):
        code, note = typed.get(f"reason_code_{row}"), typed.get(f"reason_note_{row}")
        if row and not note:
            continue
        if not code:
            wrong.append(Fault(f"reason_code_{row}", said("Pilih jenis alasan.")))
        wrong += _note_faults(f"reason_note_{row}", note)
        place = typed.get(f"reason_field_{row}")
        reasons.append({"code": code or "other", "note": note} | ({"field": place} if place else {}))
    return {"reasons": reasons}, wrong


def _one_reason(typed: Typed) -> tuple[Json, list[Fault]]:
    wrong = [] if typed.get("reason_code_0") else [Fault("reason_code_0", said("Pilih jenis alasan."))]
    wrong += _note_faults("reason_note_0", typed.get("reason_note_0"))
    return {"reason": {"code": typed.get("reason_code_0") or "other", "note": typed.get("reason_note_0")}}, wrong


def _retract(typed: Typed) -> tuple[Json, list[Fault]]:
    body, wrong = _one_reason(typed)
    return body | {"relist": typed.get("relist") == "1"}, wrong


def _confirm(typed: Typed) -> tuple[Json, list[Fault]]:
    return {"note": typed.get("note")}, []


def _note_faults(at: str, note: str) -> list[Fault]:
    if len(note) < SHORTEST_REASON:
        return [Fault(at, said("Tulis alasan paling sedikit 20 karakter, supaya OPD tahu apa yang harus diperbaiki."))]
    return [Fault(at, said("Alasan paling banyak 2.000 karakter."))] if len(note) > LONGEST_REASON else []


def is_mine(event: Json | None, *, person: str, verb: str, expected: int, body: Json) -> bool:
    """Whether this event, the one after what was seen, is what the form says: a double click, or a page that was sent again."""
    if event is None or event["sequence"] != expected + 1 or event["actor"]["id"] != person or event["type"] != VERBS[verb].event:
        return False
    data = event["data"]
    return all(_same(data.get(name), value) for name, value in body.items())


def _same(kept: object, sent: object) -> bool:
    if isinstance(sent, dict) and isinstance(kept, dict):
        return all(_same(kept.get(name), value) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(kept, list):
        return len(kept) == len(sent) and all(map(_same, kept, sent))
    return (kept or "") == (sent.strip() if isinstance(sent, str) else sent or "")


def to_tell_again(faults: list[Fault]) -> str:
    """What goes along with a form, so that `told_before` finds it."""
    return orjson.dumps([[fault.at, fault.message, fault.field] for fault in faults]).decode()


def told_before(typed: Typed) -> list[Fault]:
    """What the page told: it is said again when only its language is another."""
    try:
        told = orjson.loads(typed.get(TOLD) or "[]")
    except orjson.JSONDecodeError:
        return []
    return [Fault(*parts) for parts in told if _are_texts(parts)] if isinstance(told, list) else []


def _are_texts(parts: object) -> bool:
    return isinstance(parts, list) and len(parts) == len(Fault.__match_args__) and all(isinstance(part, str) for part in parts)


def faults_of(errors: tuple[Told, ...]) -> list[Fault]:
    """A lane's reasons at the fields of the form."""
    return [Fault(_at(error.field), error.message, error.field or "") for error in errors]


def _at(field: str | None) -> str:
    parts = (field or "").split(".")
    match parts:
        case ["checklist", word, *_] if word in FIVE:
            return f"checklist_{word}"
        case ["reasons", row, name, *_]:
            return f"reason_{name}_{row}"
        case ["reason", name, *_]:
            return f"reason_{name}_0"
        case ["note" | "consideration" as name]:
            return name
    return ""


VERBS: Final[Mapping[str, Verb]] = {
    "verify": Verb("DataVerified", _verify),
    "approve": Verb("DataApproved", _approve, serious=True),
    "reject": Verb("DataRejected", _reject),
    "revise": Verb("DataRevised", _confirm),
    "withdraw": Verb("DataRetracted", _one_reason, serious=True),
    "retract": Verb("DataRetracted", _retract, serious=True),
}
"""`revise` here is the confirmation that nothing has to be changed; changes are made on a page of their own (`desk.pages.revise`)."""
