"""What every lane is made of: journal, inbox, consumer, relay, readiness. A lane passes its own parts in.

Kafka ─► consumer ─► journal          person ─► web ─► command ─► journal ─► relay ─► Kafka
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated, Any, Generic, TypeVar

import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field

from bus.consumer import Consumer
from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress, ended, forever
from events.contracts import Actor, Due, Event, Reason
from events.journal import Journal
from events.rules import Rule, held_by, next_ids
from events.submission import TELL_CONTENT, Head, Kind, Recorded, Refused, Submission
from lane.asked import Overdue
from lane.checking import Checking
from lane.due import HOLIDAYS, Calendar, due_at
from lane.file_stores import open_files
from lane.files import Files
from lane.inbox import Inbox, Standing
from lane.notes import hidden_characters_in, personal_data_in
from lane.settings import Settings
from lane.taken import Takings
from lane.tracing import Traces, open_traces
from web.keys import Signers, load_signers
from web.tokens import Role

log = structlog.get_logger("jejak.lane")
Body = TypeVar("Body", bound="CommandBody")


class CommandBody(BaseModel):
    """What every command says: the step its caller saw last."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expected_sequence: Annotated[int, Field(ge=1, strict=True)]


@dataclass(frozen=True)
class Shared:
    """What the lanes of one process have in common."""

    settings: Settings
    kafka: Kafka
    files: Files
    directory: Directory
    signers: Signers
    traces: Traces = field(default_factory=Traces)

    @cached_property
    def checking(self) -> Checking:
        given = self.settings
        allowed = frozenset(given.check_types.split(","))
        seconds, memory_mb = given.check_timeout_s, given.check_memory_mb
        return Checking(self.files, allowed, seconds=seconds, memory_mb=memory_mb, clamd=given.clamd, traces=self.traces)

    def due(self, arrived_at: datetime) -> datetime:
        return due_at(arrived_at, minutes=self.settings.sla_minutes, calendar=Calendar(self.settings.sla_calendar))

    def due_rule(self, arrived_at: datetime) -> Due:
        """By when the step that begins now is due, with the rule in force, as its event says it for ever."""
        calendar = Calendar(self.settings.sla_calendar)
        holidays = HOLIDAYS if calendar is Calendar.OFFICE else None
        return Due(at=self.due(arrived_at), minutes=self.settings.sla_minutes, calendar=calendar.value, holidays=holidays)


def open_shared(settings: Settings) -> Shared:
    kafka = settings.kafka_cluster()
    return Shared(
        settings,
        kafka,
        open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys()),
        Directory(kafka, Progress("directory")),
        load_signers(settings.keys),
        open_traces(settings.traces),
    )


class NotReady(Exception):
    """The lane has not yet read the log up to the end that it saw at start; it may not write."""


@dataclass
class Context:
    """What a command is given besides the head: who, when (UTC), the lane, and what else of the commit's submissions it asks for.

    `heads`: of all submissions in this commit; what is asked of the database is asked once for all of them.
    """

    actor: Actor
    now: datetime
    lane: "Lane"
    heads: Mapping[uuid.UUID, Head]

    def envelope(self, head: Head, *, waits: bool = True) -> dict[str, object]:
        """Who says when, as what follows this head. `waits`: somebody has to act next, by a due time."""
        return {**next_ids(head), "occurred_at": self.now, "actor": self.actor, "due": self._due if waits else None}

    def content(self, head: Head) -> Submission:
        """The submission as a whole."""
        return self._submissions[head.submission_id]

    def told(self, head: Head) -> Mapping[str, Any]:
        """The newest content as it stands in its event's bytes, with fields that only a later version knows."""
        return self._told[head.submission_id]

    def now_of(self, head: Head) -> Head:
        """The same, of the OPD that acts for its own now."""
        return head._replace(opd=self.lane.shared.directory.heir_of(head.opd))

    def standing(self, head: Head) -> Standing:
        """What submissions there are of its dataset, and whose the name is now."""
        return owned_now(self._standings[head.dataset_id], head.dataset_id, self.lane.shared.directory, self.lane.inbox)

    @cached_property
    def _due(self) -> Due:
        return self.lane.shared.due_rule(self.now)

    @cached_property
    def _submissions(self) -> Mapping[uuid.UUID, Submission]:
        return self.lane.journal.submissions(list(self.heads))

    @cached_property
    def _told(self) -> Mapping[uuid.UUID, Mapping[str, Any]]:
        said = [(submission_id, orjson.loads(raw)) for submission_id, raw in self.lane.journal.store.select_streams(list(self.heads))]
        return {submission_id: event["data"] for submission_id, event in said if event["type"] in TELL_CONTENT}

    @cached_property
    def _standings(self) -> Mapping[str, Standing]:
        return self.lane.inbox.standings({head.dataset_id for head in self.heads.values()})


def owned_now(standing: Standing, dataset_id: str, directory: Directory, inbox: Inbox) -> Standing:
    """The operator may have handed the name over, or chosen for whom it takes an old dataset over, or the OPD may act under another code.
    What another OPD still has on its way under such a name can no longer be approved, and stands in nobody's way.
    """
    submitted = standing.owner
    published = submitted if submitted and dataset_id in directory.adopted_for and inbox.was_published(dataset_id) else None
    owner = directory.owner_now(dataset_id, published=published, submitted=submitted)
    return replace(standing, owner=owner, open=tuple(one for one in standing.open if directory.heir_of(one.opd) == owner))


@dataclass(frozen=True)
class Command(Generic[Body]):
    """A verb: who may say it, which event it leads to, the rules it must meet, and how the event is made."""

    body: type[Body]
    roles: frozenset[Role]
    event_type: str
    rules: tuple[Rule, ...]
    decide: Callable[[Head, Body, Context], Event]


@dataclass
class Lane:
    """One swimlane in one process. `consumers`: the log first; `work`: its other loops; `parts`: its own."""

    name: str
    shared: Shared
    journal: Journal
    inbox: Inbox
    takings: Takings | None = None
    commands: Mapping[str, Command[Any]] = field(default_factory=dict)
    consumers: list[Consumer] = field(default_factory=list)
    work: list[tuple[Progress, Callable[[], Awaitable[None]]]] = field(default_factory=list)
    parts: dict[str, object] = field(default_factory=dict)
    on_stop: list[Callable[[], None]] = field(default_factory=list)
    commanded: Progress = field(default_factory=lambda: Progress("commands"))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def progress(self) -> list[Progress]:
        return [consumer.progress for consumer in self.consumers] + [progress for progress, _ in self.work]

    @property
    def loops(self) -> list[Progress]:
        """Its own, and the directory's, which lanes of one process share."""
        return [*self.progress, self.shared.directory.progress]

    @property
    def ready(self) -> bool:
        """Caught up with the log and the directory: commands may be taken."""
        return self.consumers[0].progress.ready and self.shared.directory.progress.ready

    @property
    def healthy(self) -> bool:
        return all(p.healthy for p in self.loops) and not any(t.done() for t in self._tasks)

    def overdue(self, now: datetime) -> Overdue:
        """Due times follow arrival, so the moment before which whatever arrived is late now is found by halving."""
        low, high = now - timedelta(minutes=self.shared.settings.sla_minutes), now
        while self.shared.due(low) >= now:  # office hours are a part of the day, and there are days off
            low -= now - low
        while high - low > timedelta(seconds=1):
            middle = low + (high - low) / 2
            low, high = (middle, high) if self.shared.due(middle) < now else (low, middle)
        return Overdue(now, low)

    async def until_ready(self) -> None:
        while not self.ready:  # noqa: ASYNC110 (two loops of their own make it so)
            await asyncio.sleep(0.05)

    def start(self) -> None:
        loops = [(consumer.progress, consumer.run) for consumer in self.consumers] + self.work
        self._tasks = [asyncio.create_task(forever(progress, run), name=f"{self.name}:{progress.name}") for progress, run in loops]

    async def stop(self) -> None:
        await ended(self._tasks)
        self._tasks = []
        for stop in self.on_stop:
            await asyncio.to_thread(stop)
        self.inbox.engine.dispose()
        self.journal.store.close()

    def do(self, name: str, submission_id: uuid.UUID, body: CommandBody, *, actor: Actor) -> Recorded:
        """Carry out a command; its event is durable on return. Raises `Refused`, `NotReady`. Blocking."""
        return self.do_many([(name, submission_id, body)], actor=actor)[0]

    def do_many(self, wishes: Sequence[tuple[str, uuid.UUID, CommandBody]], *, actor: Actor) -> list[Recorded]:
        """Several commands as one commit: all of them or none."""
        if not self.ready:
            raise NotReady
        found = self.journal.heads([wish[1] for wish in wishes])
        context = Context(actor, datetime.now(UTC), self, found)
        events = [self._decided(name, _there(found.get(submission_id)), body, context) for name, submission_id, body in wishes]
        try:
            recorded = self.journal.append(events, heads=found)
        except Refused as refused:
            raise self._overtaken(wishes, refused) from None
        told = log.bind(lane=self.name)
        for r in recorded:
            self.commanded.counts[r.event.type] += 1
            told.info("decided", submission_id=str(r.event.submission_id), sequence=r.event.sequence, type=r.event.type, actor=actor.id)
        return recorded

    def _overtaken(self, wishes: Sequence[tuple[str, uuid.UUID, CommandBody]], refused: Refused) -> Refused:
        """Another caller was faster between our look and our commit: the same words as for one who comes late."""
        for name, submission_id, body in wishes:
            head, event_type = self.find(submission_id), self.commands[name].event_type
            if reason := held_by(head, event_type=event_type, lane=self.name, expected_sequence=body.expected_sequence):
                return Refused(Kind.CONFLICT, reason, state=head.state, sequence=head.sequence)
        return refused

    def check(self, name: str, submission_id: uuid.UUID, body: CommandBody, *, actor: Actor) -> None:
        """Would this command be carried out now? Raises as `do` does; writes nothing."""
        if not self.ready:
            raise NotReady
        head = self.find(submission_id)
        self._decided(name, head, body, Context(actor, datetime.now(UTC), self, {submission_id: head}))

    def may(self, name: str, head: Head, actor: Actor) -> bool:
        """Would this person be let to say this verb now? What the body must hold, and what other submissions forbid, is not asked."""
        return self.ready and self._why_not(name, head, actor, head.sequence) is None

    def _decided(self, name: str, head: Head, body: CommandBody, context: Context) -> Event:
        if refused := self._why_not(name, head, context.actor, body.expected_sequence):
            raise refused
        if reasons := [*personal_data_in(body), *hidden_characters_in(body)]:
            raise Refused(Kind.INVALID, *reasons, state=head.state, sequence=head.sequence)
        return self.commands[name].decide(head, body, context)

    def _why_not(self, name: str, head: Head, actor: Actor, expected_sequence: int) -> Refused | None:
        command = self.commands[name]
        if Role(actor.role) not in command.roles:
            return Refused(Kind.FORBIDDEN, Reason(code="role", note=f"Peran {actor.role} tidak boleh melakukan langkah ini."))
        now = head._replace(opd=self.shared.directory.heir_of(head.opd))
        if reasons := [reason for rule in command.rules if (reason := rule(now, actor))]:
            if any(reason.code == "other_opd" for reason in reasons):
                return not_there()  # another OPD's people do not even hear that it exists
            return Refused(Kind.FORBIDDEN, *reasons, state=head.state, sequence=head.sequence)
        if reason := held_by(head, event_type=command.event_type, lane=self.name, expected_sequence=expected_sequence):
            return Refused(Kind.CONFLICT, reason, state=head.state, sequence=head.sequence)
        return None

    def find(self, submission_id: uuid.UUID) -> Head:
        """Raises `Refused`."""
        return _there(self.journal.head(submission_id))


def _there(head: Head | None) -> Head:
    if head:
        return head
    raise not_there()


def not_there() -> Refused:
    """The same words for what does not exist and for what is another OPD's."""
    return Refused(Kind.NOT_FOUND, Reason(code="not_found", field="submission_id", note="Data dengan nomor itu tidak ada."))
