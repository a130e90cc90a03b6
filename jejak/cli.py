"""The command line: `jejak …`. Exit codes: 0 good, 1 the thing asked about is not, 2 wrong use."""

import asyncio
import os
import signal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
import typer
from typer.core import TyperGroup
from typer.main import get_command

from bus.headers import read_any_header
from bus.kafka import KafkaError
from events.contracts import inbound_topic_of
from events.stores import StoreRefused, addresses_of, open_store
from jejak import broker
from jejak.prepare import REFUSALS, configure_logs, ensure_topics, kafka_beside, kafka_for, prepare
from jejak.private import owner_only
from jejak.say import say
from lane.settings import DESK, LANES, Settings, SettingsRefused, read_settings

if TYPE_CHECKING:
    from archive.context import AuditContext

ELSEWHERE: Final = {
    "check": "jejak.check_cli:app",
    "audit": "archive.cli:app",
    "opd": "jejak.opd_cli:app",
    "token": "jejak.token_cli:app",
    "portal": "jejak.portal_cli:app",
    "user": "jejak.user_cli:app",
    "notice": "jejak.notice_cli:app",
    "bus": "jejak.bus_cli:app",
    "dead-letters": "jejak.dead_letters_cli:app",
    "access": "jejak.access_cli:app",
    "backup": "jejak.backup_cli:backup_app",
    "restore": "jejak.backup_cli:restore_app",
}
"""Command → where it is written. A module is loaded when its command is said: no command waits for the libraries of the others."""


class Commands(TyperGroup):
    """Those of this module, and those that are written elsewhere."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 (typer keeps its click to itself)
        return [*super().list_commands(ctx), *ELSEWHERE]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        module, _, name = ELSEWHERE[cmd_name].partition(":")
        command = get_command(getattr(import_module(module), name))
        command.name = cmd_name
        return command


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Jejak carries open data from an agency to the portal and proves every step.",
)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
VAR: Final = Path("var")
LOG: Final = VAR / "jejak.log"
UNREACHABLE: Final = (KafkaError, OSError, TimeoutError)


@app.callback()
def with_settings(ctx: typer.Context) -> None:
    """Jejak carries open data from an agency to the portal and proves every step."""
    ctx.obj = _audit_context


@app.command()
def up(demo_too: Annotated[bool, typer.Option("--demo", help="Play a few agencies on real data.")] = False) -> None:
    """Everything on this machine: Kafka, all lanes, the archive, the pages for people."""
    from jejak.desk_parts import prepare_desk
    from jejak.serve import serve

    given = _settings()
    configure_logs(given.log_level, LOG)
    say(f"starting; the log is {LOG}")
    with kafka_for(given) as settings:
        prepare(settings)
        prepare_desk(settings)
        if demo_too:
            from jejak import demo

            demo.start_in_background(settings)
        serve(settings, (*LANES, DESK))


@app.command()
def lane(name: Annotated[str, typer.Argument(help=", ".join(LANES))]) -> None:
    """One lane alone."""
    if name not in LANES:
        raise typer.BadParameter(f"choose one of {', '.join(LANES)}")
    from jejak.serve import serve

    with kafka_beside(_settings()) as settings:
        prepare(settings)
        serve(settings, [name])


@app.command()
def desk() -> None:
    """Only the pages for people; the lanes run elsewhere (JEJAK_DESK_LANES)."""
    from jejak.desk_parts import prepare_desk
    from jejak.serve import serve

    settings = _settings()
    prepare_desk(settings)
    serve(settings, [DESK])


@app.command("broker")
def run_broker() -> None:
    """Only the local Kafka, until Ctrl-C."""
    settings = _settings()
    own = broker.start(Path("var/kafka"), port=settings.kafka_port, say=say)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})  # only now: a child would inherit it
    say(f"Kafka at {own.bootstrap}; Ctrl-C stops it")
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        own.stop()


@app.command()
def submit(
    files: Annotated[list[Path], typer.Argument(help="DataSubmitted as JSON; data files beside it are taken along.")],
    as_json: AsJson = False,
    wait_s: float = 60,
) -> None:
    """Send DataSubmitted to the OPD's topic and wait for the receipts."""
    from bus.client import submit as send_and_wait
    from jejak import forms
    from jejak.on_kafka import run_on_kafka

    forms_read = [forms.read(path) for path in files]
    records = [(inbound_topic_of(form["opd"]), str(form["event_id"]).encode(), orjson.dumps(form)) for form in forms_read]
    run_on_kafka(lambda kafka: forms.need_topics(kafka, {topic for topic, _, _ in records}))
    receipts = run_on_kafka(
        lambda kafka: send_and_wait(kafka, records, event_ids=[str(f["event_id"]) for f in forms_read], timeout_s=wait_s)
    )
    for receipt in receipts:
        typer.echo(orjson.dumps(receipt) if as_json else forms.in_words(receipt))
    raise typer.Exit(0 if all(r["outcome"] != "refused" for r in receipts) else 1)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where docker-compose.yml lies.")] = Path(),
    site: Annotated[str, typer.Option(help="The name under which people reach this server.")] = "localhost",
) -> None:
    """Write what docker-compose.yml needs: .env and secrets/. What is there already stays as it is."""
    from jejak.installation import KEEP, Installation

    made = list(Installation(folder, site).make())
    for line in (*(made or ["nothing to do: all is there"]), *KEEP):
        say(line)


@app.command()
def migrate(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be made or changed.")] = False) -> None:
    """Make the stores' tables and Kafka's topics, before the first start of several processes."""
    settings = _settings()
    if dry_run:
        from jejak.foreseen import foreseen

        told = list(foreseen(settings))
        typer.echo("\n".join(told) or "nothing would change")
        return
    own = addresses_of(settings.store)
    for name in (name for name in LANES if "" in own or name in own):
        open_store(settings.store, name).close()
        say(f"store of {name}: ready")
    from jejak.desk_parts import migrate_desk

    if "" in own or DESK in own:
        migrate_desk(settings)
        say("store of desk: ready")
    if settings.kafka:
        made = asyncio.run(ensure_topics(settings))
        say(f"topics made: {', '.join(made) or 'none, all there'}")


@app.command("config")
def show_config(as_json: AsJson = False) -> None:
    """Every setting as it is in force and where it came from, secrets masked; one that does not exist is an error."""
    from jejak.configured import configured

    for one in configured(os.environ):
        typer.echo(orjson.dumps(vars(one)) if as_json else f"{one.setting}={one.value or ''}  ({one.source})")


@app.command("doctor")
def run_doctor(
    as_json: AsJson = False, listed: Annotated[bool, typer.Option("--list", help="Only tell what is looked at.")] = False
) -> None:
    """Is everything this installation needs there and usable? Exit code 1 when something is not, with what to do."""
    from jejak import doctor

    if listed:
        for what, look in doctor.LOOKS.items():
            typer.echo(orjson.dumps({"what": what, "about": look.about}) if as_json else f"{what}: {look.about}")
        return
    answers = doctor.examine(_settings())
    for answer in answers:
        words = f"{'good ' if answer.good else 'WRONG'}  {answer.what}: {answer.words}" + (f"\n       → {answer.do}" if answer.do else "")
        typer.echo(orjson.dumps(vars(answer)) if as_json else words)
    raise typer.Exit(0 if all(answer.good for answer in answers) else 1)


def _audit_context() -> "AuditContext":
    from archive.context import AuditContext
    from lane.due import Calendar, due_at
    from lane.file_stores import open_files

    settings = _settings()
    return AuditContext(
        store_address=settings.store,
        kafka=settings.kafka_cluster(),
        files=lambda: open_files(settings.files, s3_endpoint=settings.s3_endpoint, s3_keys=settings.s3_keys()),
        due=lambda arrived: due_at(arrived, minutes=settings.sla_minutes, calendar=Calendar(settings.sla_calendar)),
        lanes=LANES,
    )


def _settings() -> Settings:
    settings = read_settings(os.environ)
    for place in owner_only(VAR, portal=settings.portal):
        say(f"{place} belongs to somebody else and stays readable for others")
    configure_logs(settings.log_level)
    return settings


def _refusals() -> tuple[type[Exception], ...]:
    """What a command refuses with a sentence. Asked only when one does."""
    from bus.access import AccessRefused
    from jejak.forms import FormRefused
    from portals.portal import PortalProblem

    return (StoreRefused, PortalProblem, AccessRefused, FormRefused, *REFUSALS)


def main() -> None:
    """Entry point: what cannot be done is said in a sentence, without a stack trace."""
    read_any_header()
    try:
        app()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except SettingsRefused as refused:
        say(f"Wrong settings:\n{refused}")
        raise SystemExit(2) from None
    except SystemExit:  # as every command ends
        raise
    except _refusals() as refused:
        say(f"jejak: {refused}")
        raise SystemExit(1) from None
    except UNREACHABLE as error:
        say(f"jejak: {error or type(error).__name__} (Kafka: JEJAK_KAFKA, JEJAK_KAFKA_PORT)")
        raise SystemExit(1) from None
