"""`jejak bus …`: what Kafka lost and what was set aside, and the operator's word on it.

Exit codes: 0 good, 1 something waits or is not there, 2 wrong use.
"""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from archive.context import context_of, ends_badly, print_json, progress_bar, refusals_said
from archive.refill import Lacking, refill
from archive.scan import LogAt
from bus.accept import begins_of
from bus.kafka import Kafka
from events.admission import place_in
from events.alarms import Loss, Word
from events.contracts import DIRECTORY_TOPIC, LOG_TOPIC
from jejak import waiting
from jejak.waiting import Waiting
from jejak.word import word_of
from lane.settings import DESK

app = typer.Typer(add_completion=False, no_args_is_help=True, help="What Kafka lost, and what was set aside; how to go on.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AtStore = Annotated[str | None, typer.Option("--store", help="sqlite:DIR/ or postgresql://…; default: JEJAK_STORE.")]
Lanes = Annotated[list[str] | None, typer.Option("--lane", help="Whose store; may be given again. Default: all there are.")]
Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
By = Annotated[str | None, typer.Option("--by", help="Who says so; default: who is logged in here.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with it.")]
WHY: Final = {
    "shorter": "Kafka memegang lebih sedikit daripada yang sudah dibaca",
    "beginning_gone": "bagian awalnya sudah tidak ada di Kafka",
    "other_record": "di tempat rekaman terakhir yang dibaca kini ada rekaman lain: topik dibuat ulang, atau dipotong lalu tumbuh",
    "gone": "topiknya tidak ada lagi",
    "with_its_topic": "bagian lain dari topik ini kehilangan rekaman",
}


@dataclass(frozen=True)
class _At:
    """Where it is looked."""

    store: str
    lanes: Sequence[str]
    kafka: Kafka


@app.command()
def status(ctx: typer.Context, lane: Lanes = None, store: AtStore = None, *, as_json: AsJson = False) -> None:
    """What was lost, what was set aside, and from which journal the log can be put back; exit code 1 when anything waits."""
    with refusals_said():
        at = _at(ctx, lane, store)
        found = waiting.look(at.store, at.lanes, at.kafka)
    if as_json:
        print_json(_as_json(found))
    else:
        for line in _in_words(found):
            typer.echo(line)
    raise typer.Exit(0 if found.is_empty else 1)


@app.command()
def accept(
    ctx: typer.Context,
    what: Annotated[list[str], typer.Argument(metavar="WHAT...", help="As status names it: a topic, or topic/partition@offset.")],
    note: Note = "",
    by: By = None,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Go on with what Kafka holds now: a topic is read from its beginning; an alarm about one record is ended."""
    with refusals_said():
        at, word = _at(ctx, lane, store), word_of(by, "accept", note)
        _ask(f"Lanjutkan dengan yang ada di Kafka sekarang ({', '.join(what)})? Yang hilang tidak kembali dengan ini", yes=yes)
        ended = _ended(at, what, word)
    if as_json:
        print_json({"ended": [{"what": name, "lanes": lanes} for name, lanes in ended]})
    for name, lanes in ended:
        if not as_json and lanes:
            typer.echo(f"{name}: selesai di {', '.join(lanes)}, atas kata {word.by}.")
    if nothing := [name for name, lanes in ended if not lanes]:
        ends_badly(f"Tidak ada yang menunggu dengan nama {', '.join(nothing)}; lihat: jejak bus status")


@app.command("refill")
def refill_log(
    ctx: typer.Context,
    note: Note = "",
    by: By = None,
    lane: Lanes = None,
    store: AtStore = None,
    *,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Put what the log lacks back from the journals, and the directory's entries from the stores; then go on."""
    with refusals_said(), progress_bar("Menulis kembali") as progress:
        at, word = _at(ctx, lane, store), word_of(by, "refill", note)
        found = waiting.look(at.store, at.lanes, at.kafka)
        _ask("Tulis kembali ke Kafka apa yang dipegang jurnal dan tidak ada di log, lalu lanjutkan?", yes=yes)
        before = asyncio.run(begins_of(at.kafka, [LOG_TOPIC, DIRECTORY_TOPIC]))
        if missing := [topic for topic, there in before.topics.items() if not there and (topic == LOG_TOPIC or found.directory)]:
            ends_badly(f"Topik {', '.join(missing)} tidak ada; buat dahulu: jejak migrate")
        written = refill(waiting.journals_of(at.store, at.lanes), LogAt(at.kafka), progress=progress)
        asyncio.run(waiting.put_back(at.kafka, found.directory))
        whole = asyncio.run(begins_of(at.kafka, [LOG_TOPIC]))
        ended = waiting.end_losses(at.store, at.lanes, LOG_TOPIC, whole, word)
    lanes = sorted({name for name, _ in ended})
    if as_json:
        told = {"written": _lacking_json(written), "directory": sorted(found.directory), "undecided": found.undecided, "lanes": lanes}
        print_json(told)
    else:
        typer.echo(f"{written.events} peristiwa dari {written.submissions} pengajuan ditulis kembali ke log.")
        if found.directory:
            typer.echo(f"{len(found.directory)} catatan ditulis kembali ke direktori.")
        typer.echo(f"Membaca lagi: {', '.join(lanes) or 'tidak ada lajur yang menunggu'}.")
    if found.undecided:
        typer.echo(_undecided(found), err=True)
    if written.differing:
        ends_badly(f"Di log atau di jurnal lain ada juga isi yang lain untuk {', '.join(written.differing)}; jalankan: jejak audit verify")
    if found.undecided:
        raise typer.Exit(1)


def _at(ctx: typer.Context, lanes: list[str] | None, store: str | None) -> _At:
    """Lanes that are named must be there; else all that are."""
    context = context_of(ctx)
    address = store or context.store_address
    here, away = waiting.lanes_here(address, lanes or [*context.lanes, DESK])
    if lanes and away:
        raise typer.BadParameter(f"no store of {', '.join(away)} here", param_hint="--lane")
    return _At(address, here, context.kafka)


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody can be asked here: say --yes", param_hint="--yes")
    typer.confirm(question, abort=True)


def _ended(at: _At, what: Sequence[str], word: Word) -> list[tuple[str, list[str]]]:
    """Each with the lanes in which it waited."""
    places, topics = {name for name in what if "@" in name}, [name for name in what if "@" not in name]
    lanes: dict[str, list[str]] = {name: [] for name in what}
    begins = asyncio.run(begins_of(at.kafka, topics))
    for topic in topics:
        lanes[topic] += [lane for lane, _ in waiting.end_losses(at.store, at.lanes, topic, begins, word)]
    for lane, alarm in waiting.end_alarms(at.store, at.lanes, places, word) if places else ():
        lanes[waiting.place_of(alarm)].append(lane)
    return [(name, list(dict.fromkeys(found))) for name, found in lanes.items()]


def _as_json(found: Waiting) -> dict[str, object]:
    return {
        "ok": found.is_empty,
        "losses": [_loss_json(lane, loss) for lane, loss in found.losses],
        "alarms": [
            {"lane": lane, "what": waiting.place_of(alarm), "code": alarm.code, "letter": alarm.number} for lane, alarm in found.alarms
        ],
        "lacking": _lacking_json(found.lacking) if found.lacking else None,
        "directory": sorted(found.directory),
        "undecided": found.undecided,
        "gone": list(found.gone),
        "away": list(found.away),
    }


def _loss_json(lane: str, loss: Loss) -> dict[str, object]:
    _, topic, partition, _ = place_in(loss.source)
    told = {name: getattr(loss, name) for name in ("code", "position", "begins", "ends", "found_at")}
    return {"lane": lane, "topic": topic, "partition": partition, **told}


def _lacking_json(lacking: Lacking) -> dict[str, object]:
    return {
        "events": lacking.events,
        "submissions": lacking.submissions,
        "journals": dict(lacking.journals),
        "differing": lacking.differing,
    }


def _in_words(found: Waiting) -> Iterator[str]:
    for lane, loss in found.losses:
        _, topic, partition, _ = place_in(loss.source)
        where = f"dibaca sampai {loss.position}, Kafka memegang {loss.begins} sampai {loss.ends}"
        yield f"{lane}, {topic}/{partition}: {WHY[loss.code]} ({where}, diketahui {loss.found_at}). Tidak dibaca sampai ada keputusan Anda."
    if found.lacking:
        yield from _of_the_log(found.lacking)
    for topic in found.topics():
        yield f"Melanjutkan dengan yang ada di Kafka sekarang: jejak bus accept {topic}"
    places = sorted({(waiting.place_of(alarm), alarm.code) for _, alarm in found.alarms})
    for place, code in places:
        lanes = ", ".join(lane for lane, alarm in found.alarms if waiting.place_of(alarm) == place)
        yield f"{place}: {code}, disisihkan di {lanes}. Sesudah diperiksa: jejak bus accept {place}"
    if found.directory:
        yield f"Direktori di Kafka tidak memuat {len(found.directory)} catatan yang dikenal di sini. Mengembalikannya: jejak bus refill"
    if found.undecided:
        yield _undecided(found)
    for topic in found.gone:
        yield f"Topik {topic} tidak ada lagi di Kafka: kiriman OPD itu tidak sampai. Buat lagi dengan jejak opd add, lalu: jejak bus status"
    if found.away:
        yield f"Lajur di mesin lain tidak dilihat dari sini: {', '.join(found.away)}."
    if found.is_empty:
        yield "Tidak ada yang menunggu keputusan."


def _undecided(found: Waiting) -> str:
    which = ", ".join(found.undecided)
    return f"Isi direktori berbeda antar-lajur untuk {which}: tidak ditulis. Pilih lajur yang benar: jejak bus refill --lane NAMA"


def _of_the_log(lacking: Lacking) -> Iterator[str]:
    if not lacking.events:
        yield "Log di Kafka memuat semua yang ada di jurnal-jurnal ini."
        return
    held = ", ".join(f"{name} {events}" for name, events in lacking.journals.most_common())
    yield f"Log kekurangan {lacking.events} peristiwa dari {lacking.submissions} pengajuan; dapat dikembalikan dari jurnal: {held}."
    yield "Menuliskannya kembali lalu melanjutkan: jejak bus refill"
    if lacking.differing:
        yield f"Di log atau di jurnal lain ada juga isi yang lain untuk {', '.join(lacking.differing)}; jalankan: jejak audit verify"
