"""What every lane is made of: journal, consumer, worklist follower, relay, readiness. A lane passes its own parts in.

Kafka ─► consumer ─► journal ─► follower ─► worklist          person ─► web ─► command ─► journal ─► relay ─► Kafka
"""

import asyncio
import re
import sqlite3
import threading
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final, Generic, TypeVar

import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eventsourcing.persistence import PersistenceError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError

from bus.consumer import Consumer
from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import LEISURE_S, Progress, ended, forever, pause
from bus.relay import Relay
from events.contracts import LOG_TOPIC, Actor, Event, Reason
from events.journal import Journal, Recorded
from events.stores import open_store
from events.submission import Kind, Refused, Rule, Submission, held_by
from lane.checking import Checking
from lane.due import Calendar, due_at
from lane.files import Files, open_files
from lane.settings import Settings
from lane.worklist import Worklist, open_engine
from web.tokens import PUBLIC, Role, load_public

log = structlog.get_logger("jejak.lane")
Body = TypeVar("Body", bound="CommandBody")

FOLLOW_S: Final = 1.0
"""How late a worklist may show what another process of the lane wrote."""
DATABASE_ERRORS: Final = (PersistenceError, DBAPIError, sqlite3.Error, psycopg.Error, OSError)


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
    public_key: Ed25519PublicKey

    @cached_property
    def checking(self) -> Checking:
        given = self.settings
        allowed = frozenset(given.check_types.split(","))
        return Checking(self.files, allowed, seconds=given.check_timeout_s, memory_mb=given.check_memory_mb, clamd=given.clamd)

    def due(self, arrived_at: datetime) -> datetime:
        return due_at(arrived_at, minutes=self.settings.sla_minutes, calendar=Calendar(self.settings.sla_calendar))


def open_shared(settings: Settings) -> Shared:
    kafka = settings.kafka_cluster()
    return Shared(
        settings,
        kafka,
        open_files(settings.files, s3_endpoint=settings.s3_endpoint),
        Directory(kafka, Progress("directory")),
        load_public(settings.keys / PUBLIC),
    )


class NotReady(Exception):
    """The lane has not yet read the log up to the end that it saw at start; it may not write."""


@dataclass(frozen=True)
class Context:
    """What a command is given besides the submission: who, when (UTC), the lane, and all submissions of its pile."""

    actor: Actor
    now: datetime
    lane: "Lane"
    pile: Collection[Submission]

    _names: list[Mapping[tuple[str, str], str]] = field(default_factory=list)

    def taken_by(self, submission: Submission) -> str | None:
        """Another OPD that has a dataset of this name approved or published. Asked once for the whole pile."""
        if not self._names:
            self._names.append(self.lane.worklist.other_opds_with({(s.dataset.dataset_id, s.opd) for s in self.pile}))
        return self._names[0].get((submission.dataset.dataset_id, submission.opd))


@dataclass(frozen=True)
class Command(Generic[Body]):
    """A verb: who may say it, which event it leads to, the rules it must meet, and how the event is made."""

    body: type[Body]
    roles: frozenset[Role]
    event_type: str
    rules: tuple[Rule, ...]
    decide: Callable[[Submission, Body, Context], Event]


@dataclass
class Lane:
    """One swimlane in one process. `consumers`: the log first; `work`: its other loops; `parts`: its own."""

    name: str
    shared: Shared
    journal: Journal
    worklist: Worklist
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
    def ready(self) -> bool:
        """Caught up with the log and the directory: commands may be taken."""
        return self.consumers[0].progress.ready and self.shared.directory.progress.ready

    @property
    def healthy(self) -> bool:
        return all(p.healthy for p in self.progress) and self.shared.directory.progress.healthy and not any(t.done() for t in self._tasks)

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
        self.worklist.engine.dispose()
        self.journal.store.close()

    def do(self, name: str, submission_id: uuid.UUID, body: CommandBody, *, actor: Actor) -> Recorded:
        """Carry out a command; its event is durable on return. Raises `Refused`, `NotReady`. Blocking."""
        return self.do_many([(name, submission_id, body)], actor=actor)[0]

    def do_many(self, wishes: Sequence[tuple[str, uuid.UUID, CommandBody]], *, actor: Actor) -> list[Recorded]:
        """Several commands as one commit: all of them or none."""
        if not self.ready:
            raise NotReady
        found = self.journal.submissions([wish[1] for wish in wishes])
        context = Context(actor, datetime.now(UTC), self, found.values())
        events = [self._decided(name, _there(found.get(submission_id)), body, context) for name, submission_id, body in wishes]
        try:
            recorded = self.journal.append(events)
        except Refused as refused:
            raise self._overtaken(wishes, refused) from None
        for r in recorded:
            self.commanded.counts[r.event.type] += 1
            log.info(
                "decided",
                lane=self.name,
                submission_id=str(r.event.submission_id),
                sequence=r.event.sequence,
                type=r.event.type,
                actor=actor.id,
            )
        return recorded

    def _overtaken(self, wishes: Sequence[tuple[str, uuid.UUID, CommandBody]], refused: Refused) -> Refused:
        """Another caller was faster between our look and our commit: the same words as for one who comes late."""
        for name, submission_id, body in wishes:
            submission, event_type = self.find(submission_id), self.commands[name].event_type
            if reason := held_by(submission, event_type=event_type, expected_sequence=body.expected_sequence):
                return Refused(Kind.CONFLICT, reason, state=submission.state, sequence=submission.sequence)
        return refused

    def check(self, name: str, submission_id: uuid.UUID, body: CommandBody, *, actor: Actor) -> None:
        """Would this command be carried out now? Raises as `do` does; writes nothing."""
        if not self.ready:
            raise NotReady
        submission = self.find(submission_id)
        self._decided(name, submission, body, Context(actor, datetime.now(UTC), self, [submission]))

    def _decided(self, name: str, submission: Submission, body: CommandBody, context: Context) -> Event:
        command = self.commands[name]
        if Role(context.actor.role) not in command.roles:
            raise Refused(Kind.FORBIDDEN, Reason(code="role", note=f"Peran {context.actor.role} tidak boleh melakukan langkah ini."))
        if reasons := [reason for rule in command.rules if (reason := rule(submission, context.actor))]:
            raise Refused(Kind.FORBIDDEN, *reasons, state=submission.state, sequence=submission.sequence)
        if reason := held_by(submission, event_type=command.event_type, expected_sequence=body.expected_sequence):
            raise Refused(Kind.CONFLICT, reason, state=submission.state, sequence=submission.sequence)
        return command.decide(submission, body, context)

    def find(self, submission_id: uuid.UUID) -> Submission:
        return _there(self.journal.submission(submission_id))


def _there(submission: Submission | None) -> Submission:
    if submission:
        return submission
    raise Refused(Kind.NOT_FOUND, Reason(code="not_found", field="submission_id", note="Data dengan nomor itu tidak ada."))


def build_lane(name: str, shared: Shared, *, commands: Mapping[str, Command[Any]]) -> Lane:
    """Journal, worklist, log consumer, follower and relay of one lane, not yet started. Raises StoreRefused."""
    settings = shared.settings
    journal = Journal(open_store(settings.store, name), name, folding=bool(commands))
    worklist = Worklist(journal, open_engine(settings.store, name))
    worklist.prepare()
    group = None if settings.store.startswith("sqlite:") else f"jejak.{name}"
    consumer = Consumer(
        kafka=shared.kafka,
        journal=journal,
        topics=re.compile(f"^{re.escape(LOG_TOPIC)}$"),
        take=journal.replicate,
        progress=Progress("log"),
        group=group,
        gather_s=0.0 if commands else LEISURE_S,
    )
    relay = Relay(shared.kafka, journal, Progress("relay"), wake_on(journal.on_outgoing))
    follower = Follower(worklist, Progress("worklist"))
    journal.on_commit.append(follower.after_commit)
    return Lane(
        name=name,
        shared=shared,
        journal=journal,
        worklist=worklist,
        commands=commands,
        consumers=[consumer],
        work=[(follower.progress, follower.run), (relay.progress, relay.run)],
        on_stop=[shared.checking.stop],
    )


def wake_on(callbacks: list[Callable[[], None]]) -> asyncio.Event:
    """An event of the running loop, set from whichever thread commits."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    callbacks.append(lambda: _set_from_thread(loop, event))
    return event


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(event.set)


@dataclass
class Follower:
    """Keeps a worklist up with its journal: in the thread that has just written, so that whoever decided sees it done at once.

    `run` takes in what failed there, what is more than one batch behind, and what other processes of the lane wrote.
    """

    worklist: Worklist
    progress: Progress
    _failed: bool = False
    _counting: threading.Lock = field(default_factory=threading.Lock)

    def after_commit(self) -> None:
        """One batch, and nothing while the view is in trouble: a writer does not wait for it twice."""
        if not self._failed:
            self.take_in(batches=1)

    def take_in(self, *, batches: int | None = None) -> None:
        """Never raises: what was written stays written, whatever becomes of its view."""
        try:
            rows = self.worklist.follow(batches=batches)
            with self._counting:
                self.progress.counts["applied"] += rows
            self.progress.moved()
            self._failed = False
        except Exception as error:  # logged, shown as not healthy, and tried again
            self._failed = True
            self.progress.blocked = f"{type(error).__name__}: {error}"
            log.error("worklist_waits", error=repr(error), exc_info=not isinstance(error, DATABASE_ERRORS))

    async def run(self) -> None:
        failures = 0
        while True:
            await asyncio.to_thread(self.take_in)
            failures = failures + 1 if self._failed else 0
            await asyncio.sleep(pause(failures) if failures else FOLLOW_S)
