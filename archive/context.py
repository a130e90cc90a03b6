"""What the audit commands work on, and how they end: settings come in through a hook, refusals go out as one sentence and an exit code."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NoReturn

import orjson
import typer
from eventsourcing.persistence import PersistenceError
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from archive.package import FilesMissing
from archive.rebuild import RebuildRefused
from archive.trail import Due
from archive.workers import WorkersLost
from bus.kafka import Kafka
from bus.reader import LogUnreachable
from events.journal import Journal
from events.stores import StoreRefused, open_reader
from lane.files import FileProblem, Files, FilesUnavailable

REFUSALS: Final = (StoreRefused, LogUnreachable, RebuildRefused, FilesMissing, FileProblem, FilesUnavailable, PersistenceError, WorkersLost)


@dataclass(frozen=True)
class AuditContext:
    """Where things lie. The root command puts a function that makes this into `typer.Context.obj`."""

    store_address: str
    kafka: Kafka
    files: Callable[[], Files]
    due: Due
    lanes: Sequence[str]


def context_of(ctx: typer.Context) -> AuditContext:
    """The context, made by the hook; a context itself will do."""
    found: AuditContext | Callable[[], AuditContext] = ctx.obj
    return found if isinstance(found, AuditContext) else found()


@contextmanager
def refusals_said() -> Iterator[None]:
    """What cannot be done is one sentence on stderr and exit code 1, never a stack trace."""
    try:
        yield
    except REFUSALS as refused:
        ends_badly(str(refused))
    except ValidationError:
        ends_badly("Jurnal memuat peristiwa yang tidak sah; jalankan: jejak audit verify")


def ends_badly(sentence: str) -> NoReturn:
    """Exit code 1: the thing asked about is not good, or not there."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


@contextmanager
def reading(address: str, lane: str) -> Iterator[Journal]:
    """A lane's journal, to read, also while the lane runs."""
    store = open_reader(address, lane)
    try:
        yield Journal(store, lane)
    finally:
        store.close()


@contextmanager
def progress_bar(words: str) -> Iterator[Callable[[int], None]]:
    """A count of records on stderr while the block runs; nothing at all when nobody sits there."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=None)
        yield lambda done: bar.update(task, completed=done)


def print_json(content: object) -> None:
    """One line of JSON on stdout, times in UTC."""
    typer.echo(orjson.dumps(content, option=orjson.OPT_UTC_Z, default=str))
