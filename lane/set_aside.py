"""Over HTTP: what a lane set aside. Lists and single records out; the word of Admin Open Data in: send again, discard.

The rule is `events/dead_letters.py`; `jejak dead-letters` says the same.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, StringConstraints

from bus.again import send_again
from bus.reader import LogUnreachable
from events import dead_letters
from events.alarms import Word
from events.dead_letters import DeadLetter
from events.submission import Kind, Refused
from events.values import Note
from lane.callers import LaneOf, caller_first, caller_of
from lane.errors import json_of
from lane.notes import personal_data_in
from web.tokens import Caller, Role

OPERATOR: Final = frozenset({Role.ADMIN_OPENDATA})
Why = Annotated[Note, StringConstraints(max_length=1_000)]


class Again(BaseModel):
    """`text`: the whole record as it should have been; without it the record goes as it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    note: Why = ""
    text: str | None = None


class Discard(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    note: Why = ""


def letter_json(letter: DeadLetter) -> dict[str, object]:
    """Without what it holds."""
    acts = [act._asdict() for act in letter.acts]
    return {"number": letter.number, "place": letter.place, "code": letter.code, "acts": acts}


def content_json(letter: DeadLetter) -> dict[str, object]:
    """As text, where it is text at all; key and value may be anything."""
    told = {name: None if raw is None else raw.decode("utf-8", "replace") for name, raw in (("key", letter.key), ("text", letter.raw))}
    return letter_json(letter) | told | {"bytes": None if letter.raw is None else len(letter.raw)}


def add_dead_letters(router: APIRouter, lane: LaneOf) -> None:
    _add_looks(router, lane)
    caller_dependency = caller_of(lane, OPERATOR)
    operator = Annotated[Caller, Depends(caller_dependency)]

    async def retry(number: int, body: Again, caller: Caller) -> Response:
        """Send it again, with what waited behind it; the answer names all that is sent."""
        here = lane()
        edited = None if body.text is None else body.text.encode()
        try:
            sent = await send_again(here.shared.kafka, here.journal, number, _word(caller, "retry", body), edited)
        except LogUnreachable as error:
            raise OSError(str(error)) from error
        return json_of({"sent": [letter_json(letter) for letter in sent]})

    def discard(number: int, body: Discard, caller: Caller) -> Response:
        """Nothing more is done with it; its alarm ends."""
        return json_of(letter_json(dead_letters.discard(lane().journal.store, number, _word(caller, "discard", body))))

    for name, endpoint in (("retry", retry), ("discard", discard)):
        endpoint.__annotations__ |= {"caller": operator}
        router.add_api_route(
            f"/api/dead-letters/{{number}}/{name}", endpoint, methods=["POST"], route_class_override=caller_first(caller_dependency)
        )


def _add_looks(router: APIRouter, lane: LaneOf) -> None:
    operator = Depends(caller_of(lane, OPERATOR))

    @router.get("/api/dead-letters")
    def listed(
        caller: Annotated[Caller, operator],
        after: Annotated[int, Query(ge=0, lt=dead_letters.NO_NUMBER)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        *,
        done_too: bool = False,
    ) -> Response:
        """What this lane set aside and nobody has done anything with, oldest first; `done_too`: all of it."""
        found = dead_letters.listed(lane().journal.store, after=after, limit=limit, done_too=done_too)
        following = found[-1].number if len(found) == limit else None
        return json_of({"items": [letter_json(letter) for letter in found], "next": following})

    @router.get("/api/dead-letters/{number}")
    def one(number: int, caller: Annotated[Caller, operator]) -> Response:
        """One of them, with its key and what it holds."""
        return json_of(content_json(dead_letters.one(lane().journal.store, number)))


def _word(caller: Caller, how: str, body: Again | Discard) -> Word:
    """Raises `Refused`: what is sent again goes to Kafka with the note, and stays there."""
    if reasons := personal_data_in(body):
        raise Refused(Kind.INVALID, *reasons)
    return Word(caller.id, datetime.now(UTC), how, body.note)
