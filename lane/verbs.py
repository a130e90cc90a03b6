"""What people may say of a submission at a lane: one by one, several at once, and who works on it. Calls in, new events or refusals out."""

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from events.contracts import Actor, Reason
from events.rules import standing_of, turn_of
from events.submission import Head, Kind, Recorded, Refused
from lane.callers import LaneOf, actor_of, caller_first, caller_of, not_of_another
from lane.errors import AT_FAULT, json_of, told_of
from lane.lane import Command, CommandBody, Lane, NotReady
from lane.reasons import reasons_from
from lane.taken import TakenBy, Takings
from web.tokens import Caller, Role

BATCH: Final = 100


@dataclass(frozen=True)
class Told:
    """The new event, and what the lane tells beside it."""

    event: Recorded
    beside: Mapping[str, object]


Said = Recorded | Told | dict[str, object]


@dataclass(frozen=True)
class Verb:
    """Who may say it, with which body (None: none), what it leads to, and whether a person would be let to say it now."""

    roles: frozenset[Role]
    body: type[BaseModel] | None
    say: Callable[[Lane, uuid.UUID, Any, Actor], Said]
    may: Callable[[Lane, Head, Actor], bool]
    summary: str


class Wish(BaseModel):
    """One command of several. `body`: as the verb's own call takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    submission_id: uuid.UUID
    verb: str
    body: dict[str, JsonValue] = {}


class Wishes(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    items: Annotated[tuple[Wish, ...], Field(min_length=1, max_length=BATCH)]


def verbs_of(commands: Mapping[str, Command[Any]]) -> dict[str, Verb]:
    """A lane's commands as they are."""
    return {
        name: Verb(command.roles, command.body, partial(_do, name), partial(may_do, name), command.decide.__doc__ or command.event_type)
        for name, command in commands.items()
    }


def may_now(verbs: Mapping[str, Verb], lane: Lane, head: Head, actor: Actor) -> list[str]:
    return [name for name, verb in verbs.items() if verb.may(lane, head, actor)]


def add_verbs(router: APIRouter, lane: LaneOf, verbs: Mapping[str, Verb]) -> None:
    for name, verb in verbs.items():
        _add_verb(router, lane, name, verb)
    if verbs:
        _add_batch(router, lane, verbs)
        _add_taking(router, lane, frozenset[Role]().union(*(verb.roles for verb in verbs.values())))


def _add_verb(router: APIRouter, lane: LaneOf, name: str, verb: Verb) -> None:
    caller_dependency = caller_of(lane, verb.roles)

    def run(submission_id: uuid.UUID, body: BaseModel, caller: Caller) -> Response:
        return _answer(verb.say(lane(), submission_id, body, actor_of(caller)))

    def run_bare(submission_id: uuid.UUID, caller: Caller) -> Response:
        return _answer(verb.say(lane(), submission_id, None, actor_of(caller)))

    endpoint = run if verb.body else run_bare
    endpoint.__annotations__ |= {"caller": Annotated[Caller, Depends(caller_dependency)]} | ({"body": verb.body} if verb.body else {})
    router.add_api_route(
        f"/api/submissions/{{submission_id}}/{name}",
        endpoint,
        methods=["POST"],
        name=name,
        summary=verb.summary,
        route_class_override=caller_first(caller_dependency),
    )


def _add_batch(router: APIRouter, lane: LaneOf, verbs: Mapping[str, Verb]) -> None:
    caller_dependency = caller_of(lane, frozenset[Role]().union(*(verb.roles for verb in verbs.values())))

    def batch(body: Wishes, caller: Caller) -> Response:
        """Several commands, one after the other, each by itself: a refusal stops none of the others."""
        here, actor = lane(), actor_of(caller)
        return json_of({"results": [{"submission_id": wish.submission_id} | _one(here, verbs, wish, actor) for wish in body.items]})

    batch.__annotations__ |= {"caller": Annotated[Caller, Depends(caller_dependency)]}
    router.add_api_route("/api/batch", batch, methods=["POST"], route_class_override=caller_first(caller_dependency))


def _one(lane: Lane, verbs: Mapping[str, Verb], wish: Wish, actor: Actor) -> dict[str, object]:
    """What became of it. Whatever is refused is this one's alone, also a store that fails in the middle."""
    try:
        verb = verbs.get(wish.verb)
        if verb is None:
            note = f"verb harus salah satu dari {', '.join(sorted(verbs))}."
            raise Refused(Kind.INVALID, Reason(code="wrong_value", field="verb", note=note))
        if Role(actor.role) not in verb.roles:
            raise Refused(Kind.FORBIDDEN, Reason(code="role", note=f"Peran {actor.role} tidak boleh melakukan langkah ini."))
        said = verb.say(lane, wish.submission_id, _body(verb, wish.body), actor)
    except AT_FAULT as error:
        reasons, status = told_of(error)
        errors = [{"code": r.code, "field": r.field, "message": r.note} for r in reasons]
        state = {"state": error.state, "sequence": error.sequence} if isinstance(error, Refused) and error.state else {}
        return {"ok": False, "status": status, "errors": errors, **state}
    match said:
        case Recorded():
            return {"ok": True, "event": orjson.Fragment(said.raw)}
        case Told():
            return {"ok": True, "event": orjson.Fragment(said.event.raw), **said.beside}
        case _:
            return {"ok": True, **said}


def _body(verb: Verb, said: dict[str, JsonValue]) -> BaseModel | None:
    """Raises `Refused` with every field that is wrong."""
    try:
        return verb.body.model_validate_json(json.dumps(said)) if verb.body else None  # takes numbers of any size, and half letters
    except ValidationError as error:
        faults = [{**fault} for fault in error.errors(include_url=False, include_input=False)]
        raise Refused(Kind.INVALID, *reasons_from(faults)) from None


def _add_taking(router: APIRouter, lane: LaneOf, workers: frozenset[Role]) -> None:
    @router.post("/api/submissions/{submission_id}/take")
    def take(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(caller_of(lane, workers))]) -> Response:
        """Say that you work on it; the others see it. It ends by itself, and with the next event."""
        here, now = lane(), datetime.now(UTC)
        head = _workable(here, submission_id, caller)
        taken_by = _takings(here).take(head, actor_of(caller), now)
        if taken_by is None or taken_by.id != caller.id:
            raise _taken(taken_by, Kind.CONFLICT)
        return json_of({"taken_by": taken_by.as_json()})

    @router.get("/api/submissions/{submission_id}/taken")
    def taken(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(caller_of(lane, workers | {Role.ADMIN_OPENDATA}))]) -> Response:
        """Who works on it: also for the admin, who may release it."""
        here = lane()
        head = not_of_another(here.find(submission_id), caller, here.shared.directory)
        taken_by = _takings(here).of([head], datetime.now(UTC)).get(submission_id)
        return json_of({"taken_by": taken_by.as_json() if taken_by else None})

    @router.post("/api/submissions/{submission_id}/release")
    def release(submission_id: uuid.UUID, caller: Annotated[Caller, Depends(caller_of(lane, workers | {Role.ADMIN_OPENDATA}))]) -> Response:
        """No longer work on it. Another person's: the admin only."""
        here = lane()
        head = not_of_another(here.find(submission_id), caller, here.shared.directory)
        taken_by = _takings(here).of([head], datetime.now(UTC)).get(submission_id)
        if taken_by and taken_by.id != caller.id and caller.role is not Role.ADMIN_OPENDATA:
            raise _taken(taken_by, Kind.FORBIDDEN)
        _takings(here).release(submission_id, None if caller.role is Role.ADMIN_OPENDATA else caller.id)
        return json_of({"taken_by": None})


def _workable(lane: Lane, submission_id: uuid.UUID, caller: Caller) -> Head:
    """Raises `Refused`: not there, another OPD's, not this lane's turn."""
    if not lane.ready:
        raise NotReady
    head = not_of_another(lane.find(submission_id), caller, lane.shared.directory)
    if turn_of(head) != lane.name:
        note = f"Langkah ini tidak dapat dilakukan: {standing_of(head)}."
        raise Refused(Kind.CONFLICT, Reason(code="not_holder", note=note), state=head.state, sequence=head.sequence)
    return head


def _taken(taken_by: TakenBy | None, kind: Kind) -> Refused:
    if taken_by is None:
        return Refused(kind, Reason(code="stale", note="Data sudah berubah. Muat ulang halaman."))
    return Refused(kind, Reason(code="taken", note=f"Data ini sedang dikerjakan {taken_by.name}."))


def _takings(lane: Lane) -> Takings:
    assert lane.takings is not None  # noqa: S101 (a lane with verbs is built with them)
    return lane.takings


def _answer(said: Said) -> Response:
    match said:
        case Recorded():
            return Response(said.raw, media_type="application/json")
        case Told():
            return json_of({**said.event.said, **said.beside})
        case _:
            return json_of(said)


def _do(name: str, lane: Lane, submission_id: uuid.UUID, body: CommandBody, actor: Actor) -> Said:
    return lane.do(name, submission_id, body, actor=actor)


def may_do(name: str, lane: Lane, head: Head, actor: Actor) -> bool:
    """Would this person be let to carry out this command of the lane now?"""
    return lane.may(name, head, actor)
