"""`jejak audit …`: what auditors ask on the command line. Exit codes: 0 good, 1 the thing asked about is not, 2 wrong use."""

import getpass
import sys
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from archive import export as exporting
from archive import listing, package, proof, rebuild, reports, words
from archive.context import AuditContext, context_of, ends_badly, print_json, progress_bar, reading, refusals_said
from archive.facts import read_quickly, read_wholly
from archive.journals import heirs_in, journals_here, known_heirs
from archive.scan import LogAt
from archive.trail import EVERYTHING, Trail, Until, read_until, story
from events.alarms import Word
from events.submission import State, Submission

ARCHIVE: Final = "archive"
app = typer.Typer(add_completion=False, no_args_is_help=True, help="The trail of every submission, and proof that it is whole.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
OfLane = Annotated[str, typer.Option("--lane", help="Whose journal.")]
AtStore = Annotated[str | None, typer.Option("--store", help="sqlite:DIR/ or postgresql://…; default: JEJAK_STORE.")]
Id = Annotated[uuid.UUID, typer.Argument(metavar="SUBMISSION_ID")]
Out = Annotated[Path | None, typer.Option("--out", help="Write to this file instead of stdout.")]


class From(StrEnum):
    """What `verify` looks at."""

    JOURNAL = "journal"
    KAFKA = "kafka"
    BOTH = "both"


@app.command("list")
def list_submissions(
    ctx: typer.Context,
    state: Annotated[State | None, typer.Option()] = None,
    opd: Annotated[str | None, typer.Option()] = None,
    after: Annotated[int, typer.Option(help="The `next` of the page before.", min=0)] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    lane: OfLane = ARCHIVE,
    store: AtStore = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Submissions in the order in which they came in."""
    context = context_of(ctx)
    with refusals_said(), reading(store or context.store_address, lane) as journal:
        found = listing.page(journal, after=after, limit=limit, state=state, opd=opd)
    if as_json:
        print_json({"items": [_item(s, context) for s in found.submissions], "next": found.next})
        return
    for s in found.submissions:
        typer.echo(f"{s.id}  {s.state:<9}  {s.holder or '–':<9}  {words.stamp(s.arrived_at)}  {s.opd:<16}  {s.dataset.title}")
    if found.next is not None:
        typer.echo(f"Halaman berikutnya: --after {found.next}", err=True)


@app.command()
def show(ctx: typer.Context, submission_id: Id, lane: OfLane = ARCHIVE, store: AtStore = None, *, as_json: AsJson = False) -> None:
    """The story of a submission, one sentence per event."""
    with refusals_said():
        _tell(_trail(context_of(ctx), submission_id, lane, store), as_json=as_json)


@app.command()
def replay(
    ctx: typer.Context,
    submission_id: Id,
    as_of: Annotated[str, typer.Option("--as-of", help="A time (WIB unless it names its zone) or the number of an event.")],
    lane: OfLane = ARCHIVE,
    store: AtStore = None,
    *,
    as_json: AsJson = False,
) -> None:
    """A submission as it stood at a moment, or after an event: state, metadata, files and the story so far."""
    try:
        until = read_until(as_of)
    except ValueError:
        raise typer.BadParameter("a time such as 2026-11-23T09:00 or the number of an event", param_hint="--as-of") from None
    with refusals_said():
        trail = _trail(context_of(ctx), submission_id, lane, store, until)
        s = trail.submission
        if as_json:
            dataset, files = s.dataset.model_dump(mode="json", exclude_none=True), [file.model_dump(mode="json") for file in s.files]
            print_json(trail.as_json() | {"sequence": s.sequence, "dataset": dataset, "files": files, "manifest": s.manifest})
            return
        _tell(trail, as_json=False)
        typer.echo(f"Manifes {s.manifest}")
        for file in s.files:
            typer.echo(f"  {file.sha256}  {file.bytes:>10}  {file.name}")


@app.command()
def verify(
    ctx: typer.Context,
    submission_id: Annotated[uuid.UUID | None, typer.Argument(metavar="[SUBMISSION_ID]")] = None,
    source: Annotated[From, typer.Option("--from", help="Which copies to recompute; both: against each other.")] = From.BOTH,
    lane: Annotated[list[str] | None, typer.Option("--lane", help="Whose journals; may be given again. Default: all there are.")] = None,
    store: AtStore = None,
    *,
    contracts: Annotated[bool, typer.Option("--contracts", help="Check every field against its contract too; twice as slow.")] = False,
    as_json: AsJson = False,
) -> None:
    """Recompute every chain and compare the copies byte by byte; exit code 1 when anything differs."""
    context = context_of(ctx)
    with refusals_said(), progress_bar("Memeriksa") as progress:
        journals, away = ([], []) if source is From.KAFKA else journals_here(context, lane, store)
        log = None if source is From.JOURNAL else LogAt(context.kafka)
        read = read_wholly if contracts else read_quickly
        heirs = heirs_in(journals) if journals else known_heirs(context, store)
        report = proof.verify(journals, log, submission=submission_id, read=read, progress=progress, heirs=heirs)
    if as_json:
        print_json(reports.as_json(report))
    else:
        for line in reports.in_words(report):
            typer.echo(line)
    for missing in away:
        typer.echo(f"Jurnal {missing} tidak ada di sini, jadi salinan itu tidak diperiksa. Bila ada di mesin lain, pakai --lane.", err=True)
    if submission_id and not report.events and report.ok:
        ends_badly("Pengajuan dengan nomor itu tidak ada.")
    raise typer.Exit(0 if report.ok and not away else 1)


@app.command("rebuild")
def rebuild_journal(
    ctx: typer.Context,
    lane: OfLane = ARCHIVE,
    store: AtStore = None,
    *,
    heads: Annotated[
        bool, typer.Option("--heads", help="Only the heads, from the journal's own events; the lane must be stopped.")
    ] = False,
    accept_beginning: Annotated[
        bool, typer.Option("--accept-beginning", help="Also when the log on Kafka lacks its beginning; the journal keeps that you said so.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a journal from Kafka alone, in an empty store; started again, it goes on."""
    context = context_of(ctx)
    if heads:
        with refusals_said(), progress_bar("Membangun ulang") as progress:
            made = rebuild.rebuild_heads(store or context.store_address, lane, progress=progress)
        print_json({"heads": made}) if as_json else typer.echo(f"{made} pengajuan: keadaan terakhirnya dibuat ulang dari peristiwanya.")
        return
    accepted = Word(getpass.getuser(), datetime.now(UTC), "accept", "jejak audit rebuild") if accept_beginning else None
    with refusals_said(), progress_bar("Membangun ulang") as progress:
        heirs = known_heirs(context, store)
        taken = rebuild.rebuild(
            store or context.store_address, lane, LogAt(context.kafka), heirs=heirs, accepted=accepted, progress=progress
        )
    if as_json:
        print_json(taken)
    else:
        typer.echo(", ".join(f"{word} {number}" for word, number in taken.items()) or "Tidak ada yang baru di Kafka.")
    raise typer.Exit(0 if not taken.keys() - {"applied", "duplicate"} else 1)


@app.command("republish")
def republish_log(ctx: typer.Context, lane: OfLane = ARCHIVE, store: AtStore = None, *, as_json: AsJson = False) -> None:
    """Kafka is lost: write the log again from a journal; where the log holds something already, what it lacks."""
    context = context_of(ctx)
    with refusals_said(), progress_bar("Menulis ulang log") as progress:
        written = rebuild.republish(store or context.store_address, lane, LogAt(context.kafka), progress=progress)
    if as_json:
        print_json({"sent": written.events})
    else:
        typer.echo(f"{written.events} peristiwa ditulis ke Kafka.")
    if written.differing:
        ends_badly(f"Di log ada juga isi yang lain untuk {', '.join(written.differing)}; jalankan: jejak audit verify")


@app.command()
def export(
    ctx: typer.Context,
    submission_id: Annotated[uuid.UUID | None, typer.Argument(metavar="[SUBMISSION_ID]")] = None,
    out: Out = None,
    lane: OfLane = ARCHIVE,
    store: AtStore = None,
) -> None:
    """The events of one or all submissions as NDJSON, each as its own bytes."""
    with refusals_said(), reading(store or context_of(ctx).store_address, lane) as journal:
        written = _write(exporting.lines(journal.store, submission_id), out)
    if submission_id and not written:
        ends_badly("Pengajuan dengan nomor itu tidak ada.")


@app.command("package")
def make_package(ctx: typer.Context, submission_id: Id, out: Out = None, lane: OfLane = ARCHIVE, store: AtStore = None) -> None:
    """A submission with its events and files as a BagIt package (zip)."""
    context = context_of(ctx)
    with refusals_said():
        trail = _trail(context, submission_id, lane, store)
        _write(package.package(trail, context.files(), now=datetime.now(UTC)), out)


def _trail(context: AuditContext, submission_id: uuid.UUID, lane: str, store: str | None, until: Until = EVERYTHING) -> Trail:
    with reading(store or context.store_address, lane) as journal:
        trail = story(journal.history(submission_id), context.due, until)
    if trail is None:
        ends_badly(
            "Pengajuan dengan nomor itu tidak ada." if until == EVERYTHING else "Pengajuan itu tidak ada, atau belum ada pada saat itu."
        )
    return trail


def _tell(trail: Trail, *, as_json: bool) -> None:
    if as_json:
        print_json(trail.as_json())
        return
    s = trail.submission
    typer.echo(f"{s.dataset.title} ({s.opd}), {s.id}")
    for told in trail.events:
        typer.echo(f"{told.recorded.event.sequence}. [langkah {told.step}: {told.name}] {told.sentence}")
    typer.echo(trail.waiting)


def _item(s: Submission, context: AuditContext) -> dict[str, object]:
    due = (s.head.due_at or context.due(s.arrived_at)) if s.holder else None
    return {
        "submission_id": str(s.id), "title": s.dataset.title, "opd": s.opd, "state": s.state, "holder": s.holder,
        "sequence": s.sequence, "arrived_at": s.arrived_at, "due_at": due,
    }  # fmt: skip


def _write(chunks: Iterable[bytes], out: Path | None) -> int:
    """To the file or stdout; returns bytes. A file appears only when it is whole."""
    if out is None:
        return sum(sys.stdout.buffer.write(chunk) for chunk in chunks)
    part = out.with_name(out.name + ".part")
    with part.open("wb") as file:
        written = sum(file.write(chunk) for chunk in chunks)
    part.replace(out)
    return written
