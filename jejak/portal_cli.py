"""`jejak portal …`: is the portal still as the log says, put it back, take over what was there before. Exit codes: 0 good, 1 it differs."""

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import orjson
import typer

from bus.directory import put_record
from bus.kafka import Kafka
from events.journal import Journal
from events.stores import open_reader
from jejak.adopting import Choice, Known, choices
from jejak.directory_now import directory_now
from jejak.prepare import configure_logs
from lane.file_stores import open_files
from lane.inbox import open_engine
from lane.settings import read_settings
from portals.kinds import portal_of
from portals.portal import Difference, printable
from services.publisher.following import Following
from services.publisher.standings import Standings
from services.publisher.turns import Turns
from services.publisher.upkeep import Upkeep

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Is the portal still as the log says?")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NAME = re.compile(r"[a-z0-9_-]{1,100}")


def _named(dataset: str | None) -> str | None:
    """A dataset's name and no path: what is named is taken away when the log does not know it."""
    if dataset is not None and not NAME.fullmatch(dataset):
        raise typer.BadParameter("a dataset_id has small letters, digits, - and _ only")
    return dataset


Dataset = Annotated[str | None, typer.Argument(metavar="[DATASET]", help="One dataset_id; all without.", callback=_named)]


@app.command("diff")
def portal_diff(dataset: Dataset = None, *, as_json: AsJson = False) -> None:
    """Compare what the portal shows now with what the log says: field by field, found → expected."""
    found = 0
    with _upkeep() as upkeep:
        for difference in upkeep.check(dataset):
            found += 1
            typer.echo(orjson.dumps(_told(difference)) if as_json else str(difference))
        _must_be_known(upkeep, dataset if not found else None)
    raise typer.Exit(1 if found else 0)


@app.command("repair")
def portal_repair(dataset: Dataset = None, *, as_json: AsJson = False) -> None:
    """Put right what differs, and say of each difference what became of it; exit code 1 when something is left."""
    found = left = 0
    with _upkeep() as upkeep:
        for repair in upkeep.repair(dataset):
            found += 1
            left += repair.why is not None
            if as_json:
                typer.echo(orjson.dumps(_told(repair.difference) | {"repaired": repair.why is None, "why": repair.why}))
            else:
                typer.echo(f"{'TETAP   ' if repair.why else 'diperbaiki'} {repair.difference}{f' – {repair.why}' if repair.why else ''}")
        _must_be_known(upkeep, dataset if not found else None)
    raise typer.Exit(1 if left else 0)


@app.command("adopt")
def portal_adopt(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One dataset of the portal, to be adopted; without: list them.")
    ] = None,
    *,
    dataset_id: Annotated[str | None, typer.Option(help="Under which dataset_id; as proposed without.")] = None,
    opd: Annotated[str | None, typer.Option(help="For which OPD; its organization's without.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Adopt all that have a proposal.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what the portal had before Jejak, or choose what the first submission of that dataset_id takes over."""
    if name and everything:
        raise typer.BadParameter("NAME dan --all tidak dapat bersama-sama: sebut satu data, atau ambil semua usulan")
    if not name and (dataset_id or opd):
        raise typer.BadParameter("--dataset-id dan --opd berlaku untuk satu data; sebut namanya")
    with _upkeep() as upkeep:
        standings, strangers = upkeep.standings, list(upkeep.portal.strangers(name))
        directory, own = standings.directory, standings.on_portal({one.id for one in strangers})
        known = Known(
            {code for code in directory.opds if directory.is_open(code)},
            directory.adopted,
            directory.adopted_for,
            set(standings.dataset_ids()),
        )
        found = choices([one for one in strangers if one.id not in own], known, dataset_id=dataset_id, opd=opd)
    if name and not found:
        raise typer.BadParameter(f"{name}: tidak ada di portal, atau milik Jejak sendiri")
    # What was chosen is passed over by --all, whatever its proposal is worth.
    acting = [choice for choice in found if name or (everything and not choice.chosen)]
    for choice in found:
        taken = choice.dataset_id if choice in acting and choice.why is None else None
        if taken:
            asyncio.run(_adopt(read_settings(os.environ).kafka_cluster(), choice, taken))
        told = vars(choice.one) | {"opd": choice.opd, "dataset_id": choice.dataset_id, "adopted_as": taken, "why": choice.why}
        typer.echo(orjson.dumps(told | {"chosen_before": choice.chosen}) if as_json else _line(choice, taken))
    raise typer.Exit(1 if any(choice.why for choice in acting) else 0)


async def _adopt(kafka: Kafka, choice: Choice, taken: str) -> None:
    """The new choice first: where the second record is not written, the command may be said again."""
    await put_record(kafka, f"adopted/{taken}", {"id": choice.one.id, "name": choice.one.name, "opd": choice.opd})
    if choice.chosen not in (None, taken):
        await put_record(kafka, f"adopted/{choice.chosen}", None)


def _line(choice: Choice, taken: str | None) -> str:
    one = choice.one
    become = f"diambil alih: {taken}" if taken else f"{choice.opd or '?'}/{choice.dataset_id or '?'}"
    become += f" (dipilih sebelumnya: {choice.chosen})" if choice.chosen else ""
    why = f"  – {choice.why}" if choice.why else ""
    return printable(f"{one.name}  ({one.state}, {one.files} berkas)  {one.title}  → {become}{why}")


def _must_be_known(upkeep: Upkeep, dataset: str | None) -> None:
    """A name that is mistyped has no differences either."""
    if dataset is not None and dataset not in upkeep.standings.dataset_ids():
        raise typer.BadParameter(f"{dataset}: menurut log tidak pernah terbit, dan tidak ada di portal")


@contextmanager
def _upkeep() -> Iterator[Upkeep]:
    """The publisher's journal and views, read beside the running lane, and the portal."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    journal, engine = Journal(open_reader(settings.store, "publisher"), "publisher"), open_engine(settings.store, "publisher")
    Following(engine, journal).prepare()
    directory = asyncio.run(directory_now(settings.kafka_cluster(), settings.store))
    try:
        files = open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys())
        yield Upkeep(portal_of(settings), Standings(journal, engine, directory), Turns(engine), files)
    finally:
        engine.dispose()
        journal.store.close()


def _told(difference: Difference) -> dict[str, object]:
    return vars(difference) | {"submission_id": str(difference.submission_id) if difference.submission_id else None}
