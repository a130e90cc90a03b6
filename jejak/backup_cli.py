"""`jejak backup` and `jejak restore`: a folder named by the operator, progress on stderr, the proof at the end."""

import os
from pathlib import Path
from typing import Annotated, Final

import typer
from sqlalchemy.exc import DBAPIError

from archive.context import REFUSALS as AUDIT_REFUSALS
from archive.context import ends_badly, progress_bar
from bus.topics import TopicRefused
from jejak.backup import BackupRefused, backup
from jejak.configured import configured
from jejak.prepare import configure_logs
from jejak.restore import restore
from jejak.say import say
from lane.settings import DESK, read_settings

REFUSALS: Final = (BackupRefused, TopicRefused, *AUDIT_REFUSALS)
backup_app, restore_app = typer.Typer(add_completion=False), typer.Typer(add_completion=False)
Folder = Annotated[Path, typer.Argument(metavar="DIR")]


@backup_app.command("backup")
def run_backup(folder: Folder, *, keys: Annotated[bool, typer.Option("--keys", help="The keys that sign tokens too.")] = False) -> None:
    """Everything that cannot be made again, into an empty folder: journals, files, settings without secrets. While all runs."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    try:
        with progress_bar("Menyalin") as told:
            written = backup(folder, settings, configured(os.environ), with_keys=settings.keys if keys else None, told=told)
    except REFUSALS as refused:
        ends_badly(f"jejak: {refused}")
    except DBAPIError as error:
        ends_badly(f"jejak: the database does not answer: {error.orig}")
    events = {lane: told["events"] for lane, told in written.journals.items() if lane != DESK}
    say(f"{folder}: {', '.join(f'{lane} {count}' for lane, count in events.items())} events; {len(written.datasets)} files")
    if not keys:
        say("without the keys that sign tokens (--keys): keep those elsewhere")


@restore_app.command("restore")
def run_restore(ctx: typer.Context, folder: Folder) -> None:
    """A back-up into an empty installation, with its lanes stopped; then audit verify, whose exit code is ours."""
    from archive.cli import From, verify

    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    try:
        with progress_bar("Memulihkan") as told:
            done = restore(folder, settings, told=told)
    except REFUSALS as refused:
        ends_badly(f"jejak: {refused}")
    except DBAPIError as error:
        ends_badly(f"jejak: the database does not answer: {error.orig}")
    log = "its log was on Kafka" if done.log is None else f"{done.log} events written to Kafka anew"
    say(f"{done.events} events in the journals, {done.datasets} files; {log}. A folder portal is written anew by: jejak portal repair")
    verify(ctx, submission_id=None, source=From.BOTH, lane=None, store=None, contracts=False, as_json=False)
