"""`jejak token …`: signed tokens of people and systems, made, listed and revoked. Each is recorded on the directory by its id."""

import os
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer

from archive.tokens import tokens_of
from bus.directory import Directory, put_record
from bus.kafka import Kafka
from jejak import forms
from jejak.directory_now import directory_now
from jejak.on_kafka import run_on_kafka
from jejak.prepare import ensure_topics
from jejak.say import say
from lane.settings import read_settings
from web.keys import load_private, make_keys
from web.tokens import Role, check_person_id, issue, person_id

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Signed tokens of people and systems.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Option()],
    role: Annotated[Role, typer.Option()],
    opd_kode: Annotated[str | None, typer.Option("--opd")] = None,
    days: Annotated[int, typer.Option(min=1)] = 365,
    person: Annotated[
        str | None,
        typer.Option(
            "--id",
            help="Id of the person or system: the same one in every role and OPD (budi, not budi@setda). Made from the name without.",
        ),
    ] = None,
    *,
    unrecorded: Annotated[bool, typer.Option("--unrecorded", help="Without Kafka: it can be revoked only by its own id.")] = False,
) -> None:
    """Print a signed token, nothing else."""
    settings = read_settings(os.environ)
    if not (settings.keys / "private.pem").exists():
        say(f"new keys are made in {settings.keys.resolve()}; lanes that use other keys will not accept this token")
    make_keys(settings.keys)
    token_id, now = str(uuid.uuid4()), datetime.now(UTC)
    try:
        who = check_person_id(person) if person else person_id(name)
        private = load_private(settings.keys / "private.pem")
        made = issue(private, id=who, name=name, role=role, opd=opd_kode, issued_at=now, days=days, token_id=token_id)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    told = {"person": who, "name": name, "role": role.value, "opd": opd_kode, "issued_at": now, "expires_at": now + timedelta(days=days)}

    async def record(kafka: Kafka) -> None:
        await ensure_topics(settings)
        await put_record(kafka, f"issued/{token_id}", told)

    if not unrecorded:
        run_on_kafka(record)  # before it is printed: nobody holds a token that is in no list
    typer.echo(made)


@app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """Every token that was recorded, the newest last. Tokens of before that, and those made with --unrecorded, are not among them."""
    directory = run_on_kafka(_read)
    now = datetime.now(UTC)
    for token in reversed(tokens_of(directory, now)):
        if as_json:
            typer.echo(orjson.dumps(token))
        else:
            place = f"@{token['opd']}" if token["opd"] else ""
            typer.echo(f"{token['token_id']}  {token['state']}  {token['person']}  {token['role']}{place}  until {token['expires_at']}")


@app.command("revoke")
def revoke(
    token_or_id: Annotated[str | None, typer.Argument()] = None,
    person: Annotated[str | None, typer.Option(help="All recorded tokens of this person, in every role and OPD.")] = None,
) -> None:
    """Make a token worthless everywhere within seconds."""
    if (token_or_id is None) == (person is None):
        raise typer.BadParameter("name either a token (or its id) or --person")
    for token_id in run_on_kafka(lambda kafka: _revoke(kafka, forms.token_id(token_or_id) if token_or_id else None, person)):
        typer.echo(f"revoked: {token_id}")


async def _revoke(kafka: Kafka, token_id: str | None, person: str | None) -> list[str]:
    """Raises FormRefused when the person has no token to revoke."""
    told = {"revoked_at": datetime.now(UTC).isoformat()}
    if token_id:
        found = [token_id]
    else:
        directory = await _read(kafka)
        found = [i for i, record in directory.issued.items() if record.get("person") == person and not directory.is_revoked(i)]
    if not found:
        raise forms.FormRefused(f"no recorded token of {person} is good: see jejak token list")
    for one in found:
        await put_record(kafka, f"token/{one}", told)
    return found


async def _read(kafka: Kafka) -> Directory:
    return await directory_now(kafka, read_settings(os.environ).store)
