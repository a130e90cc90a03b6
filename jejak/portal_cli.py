"""`jejak portal …`: is the portal still as the log says, and put it back. Exit codes: 0 good, 1 it differs."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from jejak.prepare import configure_logs
from lane.settings import read_settings

if TYPE_CHECKING:
    from portals.upkeep import Difference
    from services.publisher.standings import Upkeep

app = typer.Typer(no_args_is_help=True, help="Is the portal still as the log says?")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Dataset = Annotated[str | None, typer.Argument(metavar="[DATASET]", help="One dataset_id; all without.")]


@app.command("diff")
def portal_diff(dataset: Dataset = None, *, as_json: AsJson = False) -> None:
    """Compare every published submission with what the portal shows now."""
    with _upkeep() as upkeep:
        found = [_difference(d, as_json=as_json) for d in upkeep.check(dataset)]
    raise typer.Exit(1 if found else 0)


@app.command("repair")
def portal_repair(dataset: Dataset = None, *, as_json: AsJson = False) -> None:
    """Put back what differs; each repair is written down."""
    with _upkeep() as upkeep:
        for difference in upkeep.mend(dataset):
            _difference(difference, as_json=as_json)


@contextmanager
def _upkeep() -> "Iterator[Upkeep]":
    """The publisher's journal and views, read beside the running lane, and the portal."""
    # Here and not above: a second of loading that the other commands do without.
    from bus.directory import Directory
    from bus.loops import Progress
    from events.journal import Journal
    from events.stores import open_reader
    from lane.files import open_files
    from lane.inbox import open_engine
    from portals.kinds import open_portal
    from services.publisher.attempts import Attempts
    from services.publisher.standings import Upkeep

    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    store = open_reader(settings.store, "publisher")
    attempts = Attempts(open_engine(settings.store, "publisher"))
    attempts.prepare()
    kafka = settings.kafka_cluster()
    directory = Directory(kafka, Progress("directory"))
    asyncio.run(directory.read_once())
    shown = open_portal(settings.portal, token=settings.portal_token, timeout=settings.portal_timeout_s)
    try:
        yield Upkeep(shown, Journal(store, "publisher"), attempts, directory, open_files(settings.files, s3_endpoint=settings.s3_endpoint))
    finally:
        shown.close()
        attempts.engine.dispose()
        store.close()


def _difference(difference: "Difference", *, as_json: bool) -> "Difference":
    publication = difference.standing.publication
    told = {
        "dataset_id": publication.dataset.dataset_id,
        "submission_id": str(publication.submission_id),
        "what": difference.what,
        "field": difference.field,
        "expected": difference.expected,
        "found": difference.found,
    }
    typer.echo(orjson.dumps(told) if as_json else str(difference))
    return difference
