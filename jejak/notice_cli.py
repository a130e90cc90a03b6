"""`jejak notice …`: where notices go. In the desk's own tables, no Kafka needed."""

import os
import sys
from typing import Annotated

import typer

from desk.clock import now_ms
from desk.notices.targets import TargetRefused, Targets, deliver
from desk.store import open_store
from events.stores import address_of
from jejak.desk_parts import DESK
from jejak.say import say
from lane.settings import read_settings
from web.tokens import Role

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Where notices go.")


@app.command("add")
def add(
    target: Annotated[str, typer.Argument(help="An apprise address, mailto://…; - reads it from standard input.")],
    person: Annotated[str | None, typer.Option(help="The name that is typed at login.")] = None,
    role: Annotated[Role | None, typer.Option()] = None,
    opd: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Send the notices of a person, or of a role and OPD, there."""
    url = sys.stdin.readline().strip() if target == "-" else target
    if (person is None) == (role is None):
        raise typer.BadParameter("one of --person and --role")
    try:
        number = _targets().add_for_person(url, person) if person else _targets().add_for_role(url, role or Role.AUDITOR, opd)
    except TargetRefused as refused:
        raise typer.BadParameter(str(refused)) from None
    typer.echo(number)


@app.command("list")
def list_all() -> None:
    """Targets, without their secrets."""
    for t in _targets().all():
        typer.echo(f"{t.id}  {t.account or ' '.join(filter(None, (t.role, t.opd)))}  {t.shown}  failures: {t.failures}")


@app.command("remove")
def remove(number: int) -> None:
    """Send nothing there any more."""
    if not _targets().end(number, now_ms=now_ms()):
        say(f"there is no target {number}")
        raise typer.Exit(1)


@app.command("try")
def attempt(target: Annotated[str, typer.Argument(help="An apprise address.")]) -> None:
    """Send one test message."""
    if not deliver(target, "Jejak: uji coba", "Pemberitahuan dari Jejak sampai di sini."):
        say("it was not taken; look at the address, the password and the network")
        raise typer.Exit(1)


def _targets() -> Targets:
    return Targets(open_store(address_of(read_settings(os.environ).store, DESK)))
