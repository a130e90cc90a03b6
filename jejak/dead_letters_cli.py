"""`jejak dead-letters …`: what lanes set aside, and the operator's word on it. The rule is `events/dead_letters.py`.

Exit codes: 0 good, 1 it waits, is not there or cannot be, 2 wrong use.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from archive.context import AuditContext, context_of, ends_badly, print_json, refusals_said
from bus.again import send_again
from events import dead_letters
from events.contracts import Lane
from events.dead_letters import DeadLetter
from events.journal import Journal
from events.recorder import Store
from events.stores import open_beside, open_reader
from events.submission import Refused
from jejak.waiting import lanes_here
from jejak.word import word_of
from lane.inbox import open_reading_engine
from lane.known import Known
from lane.set_aside import content_json, letter_json

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Records that were set aside: look, send again in order, discard.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AtStore = Annotated[str | None, typer.Option("--store", help="sqlite:DIR/ or postgresql://…; default: JEJAK_STORE.")]
Lanes = Annotated[list[str] | None, typer.Option("--lane", help="Whose store; may be given again. Default: all there are.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so; default: who is logged in here.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with it.")]
Place = Annotated[str, typer.Argument(metavar="TOPIC/PARTITION@OFFSET", help="As list names it.")]


@dataclass(frozen=True)
class _Found:
    """A record and a lane that set it aside."""

    lane: str
    letter: DeadLetter


@app.command("list")
def list_(
    ctx: typer.Context,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    done_too: Annotated[bool, typer.Option("--all", help="Also those that are sent again or ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """Those with which nobody has done anything in any lane that set them aside; exit code 1 when there is one."""
    with _said():
        found = _found(ctx, lane, store)
        sent = {each.letter.place for each in found if each.letter.is_sent}
        waiting = [each for each in found if not each.letter.acts and each.letter.place not in sent]
        found = found if done_too else waiting
    if as_json:
        print_json({"items": [{"lane": each.lane, **letter_json(each.letter)} for each in found]})
    for each in () if as_json else found:
        acts = ", ".join(f"{act.what} oleh {act.by} {act.at}" for act in each.letter.acts)
        typer.echo(f"{each.letter.place}  {each.letter.code}  {each.lane}  {acts or 'belum dijawab'}")
    if not found and not as_json:
        typer.echo("Tidak ada rekaman tersisih.")
    raise typer.Exit(1 if waiting else 0)


@app.command()
def show(
    ctx: typer.Context,
    place: Place,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    as_json: AsJson = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="What it holds, byte for byte, and nothing else; with --json beside the rest.")
    ] = False,
) -> None:
    """One of them: why, and what was done with it. What it holds may be anybody's data: only with --raw."""
    with _said():
        found = _at(ctx, place, lane, store)
    untold = {} if raw else {"key": None, "text": None}
    if as_json:
        print_json({"items": [{"lane": each.lane, **content_json(each.letter), **untold} for each in found]})
    elif raw and sys.stdout.isatty():
        typer.echo(_printable(str(content_json(found[0].letter)["text"])))
    elif raw:
        sys.stdout.buffer.write(found[0].letter.raw or b"")
    else:
        for each in found:
            typer.echo(f"{place}: {each.letter.code}, disisihkan di {each.lane}")
            for act in each.letter.acts:
                typer.echo(f"  {act.at} {act.what} oleh {act.by} {act.note}")
        typer.echo(f"Isinya {len(found[0].letter.raw or b'')} bita, mungkin data pribadi; apa adanya: tambahkan --raw")


@app.command()
def retry(
    ctx: typer.Context,
    place: Place,
    edited: Annotated[Path | None, typer.Option("--edited", help="A file with the record as it should have been (OPDs' topics).")] = None,
    note: Note = "",
    by: By = None,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Send it again: an event of the log with those that waited behind it, an OPD's record to the end of its topic."""
    word = word_of(by, "retry", note)
    with _said():
        raw = edited.read_bytes() if edited else None
        found = _at(ctx, place, lane, store)
        chosen = next((each for each in found if each.lane in set(Lane)), found[0])
        context = context_of(ctx)
        with _writing(store or context.store_address, chosen.lane) as opened:
            engine = open_reading_engine(store or context.store_address, chosen.lane)
            try:
                heirs = Known(engine).heirs()
            finally:
                engine.dispose()
            journal = Journal(opened, chosen.lane, lambda: heirs)
            sent = asyncio.run(send_again(context.kafka, journal, chosen.letter.number, word, raw))
    if as_json:
        print_json({"sent": [{"lane": chosen.lane, **letter_json(each)} for each in sent]})
    for each in () if as_json else sent:
        typer.echo(f"{each.place}: {each.acts[0].what}; lajur {chosen.lane} mengirimnya begitu ia berjalan.")


@app.command()
def discard(
    ctx: typer.Context,
    place: Place,
    note: Note = "",
    by: By = None,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Nothing more is done with it, in every lane that set it aside; its alarm ends."""
    word = word_of(by, "discard", note)
    with _said():
        found = [each for each in _at(ctx, place, lane, store) if not each.letter.is_ended]
        if not found:
            ends_badly(f"{place} sudah selesai.")
        for each in found:
            with _writing(store or context_of(ctx).store_address, each.lane) as opened:
                dead_letters.discard(opened, each.letter.number, word)
    lanes = [each.lane for each in found]
    if as_json:
        print_json({"discarded": place, "lanes": lanes})
    else:
        typer.echo(f"{place}: selesai di {', '.join(lanes)}, atas kata {word.by}.")


def _found(ctx: typer.Context, lanes: list[str] | None, store: str | None) -> list[_Found]:
    """Lanes that are named must be there; else all that are."""
    context: AuditContext = context_of(ctx)
    address = store or context.store_address
    here, away = lanes_here(address, lanes or context.lanes)
    if lanes and away:
        raise typer.BadParameter(f"no store of {', '.join(away)} here", param_hint="--lane")
    found: list[_Found] = []
    for lane in here:
        opened = open_reader(address, lane)
        try:
            found += [_Found(lane, letter) for letter in dead_letters.every(opened, done_too=True)]
        finally:
            opened.close()
    return found


def _at(ctx: typer.Context, place: str, lanes: list[str] | None, store: str | None) -> list[_Found]:
    """All of that place, those of the newest cluster and generation first."""
    found = [each for each in _found(ctx, lanes, store) if each.letter.place == place]
    if not found:
        ends_badly(f"Tidak ada rekaman tersisih dengan nama {place}; lihat: jejak dead-letters list")
    return sorted(found, key=lambda each: (bool(each.letter.acts), -each.letter.number))


@contextmanager
def _writing(address: str, lane: str) -> Iterator[Store]:
    store = open_beside(address, lane)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _said() -> Iterator[None]:
    with refusals_said():
        try:
            yield
        except Refused as refused:
            ends_badly(str(refused))
        except OSError as error:
            ends_badly(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _printable(text: str) -> str:
    """A terminal is told nothing but text."""
    return "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)
