"""`jejak opd …`: agencies made known, renamed, merged and closed, and names of datasets handed over. Written on the directory."""

import os
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from bus import quotas
from bus.access import Access
from bus.directory import Directory, put_record
from bus.kafka import Kafka
from bus.rights import rights_of, user_of
from bus.topics import ensure, inbound_topic
from jejak import forms, opd_list
from jejak.directory_now import directory_now
from jejak.on_kafka import run_on_kafka
from jejak.prepare import ensure_topics
from lane.settings import Settings, read_settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Agencies (OPD).")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FullName = Annotated[str, typer.Option(help="Full name.")]
PasswordFile = Annotated[Path | None, typer.Option(help="Write the password of its user here instead of showing it.")]
Change = Callable[[Settings, Kafka, Directory], Awaitable[None]]


@app.command("add")
def add(
    kode: Annotated[str | None, typer.Argument()] = None,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    contact: Annotated[list[str] | None, typer.Option(help="Role mailbox; may be given again.")] = None,
    listed: Annotated[
        Path | None, typer.Option("--from", help="CSV with the columns kode, name, contact (several with ; between).")
    ] = None,
    password_file: PasswordFile = None,
    rate: Annotated[int | None, typer.Option(min=1024, help="Bytes a second that its user may send.")] = None,
) -> None:
    """Make an agency known to every lane and make its topic; on a Kafka with users, its user too, once. Or many, with --from."""
    if rate is not None:
        _need_users()
    if listed:
        if kode or name or contact:
            raise typer.BadParameter("name either one agency or --from")
        wanted = opd_list.read(listed)
    elif kode and name:
        _need_kode(kode)
        wanted = [opd_list.Wanted(kode, name, tuple(contact or ()))]
    else:
        raise typer.BadParameter("name an agency: KODE --name NAME, or --from FILE")
    refused = _add_all(wanted)
    users = _access().users() if _has_users() else None
    for one in wanted:
        if one.kode in refused:
            typer.echo(f"{one.kode}: {refused[one.kode]}", err=True)
            continue
        typer.echo(f"{one.kode}: {one.name}; topic {inbound_topic(one.kode).name}")
        if users is not None and user_of(one.kode) not in users:
            _new_password(one.kode, password_file / one.kode if listed and password_file else password_file)
        if users is not None:
            typer.echo(f"user {user_of(one.kode)} may send {_limited(one.kode, rate)} bytes a second")
    if refused:
        raise typer.Exit(1)


def _add_all(wanted: Sequence[opd_list.Wanted]) -> dict[str, str]:
    """Kode → why it was not made known; the others are."""
    refused = dict[str, str]()

    async def change(settings: Settings, kafka: Kafka, directory: Directory) -> None:
        for one in wanted:
            if not forms.is_kode(one.kode):
                refused[one.kode] = "small letters, digits and hyphens, at most 63"
            elif one.kode in directory.opds and not directory.is_open(one.kode):
                refused[one.kode] = f"was closed or became {directory.heir_of(one.kode)}: take another code"
            else:
                await _open(settings, kafka, one.kode, {"name": one.name, "contacts": list(one.contacts)})

    _change(change)
    return refused


@app.command("rotate")
def rotate(kode: str, password_file: PasswordFile = None) -> None:
    """A new password for the agency's user on Kafka; the old one is worthless at once. Its rights are given anew."""
    _need_users()
    _known(kode)
    _new_password(kode, password_file)


@app.command("remove")
def remove(kode: str) -> None:
    """Take away the agency's user on Kafka, with its rights. What it has sent stays, and the agency stays known (jejak opd close)."""
    _need_users()
    _access().take_user(user_of(kode))
    run_on_kafka(lambda kafka: quotas.limit(kafka, user_of(kode), None))
    typer.echo(f"{user_of(kode)} is no user of Kafka any more")


@app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """Every agency that was ever made known, and what became of it."""

    async def change(_: Settings, __: Kafka, directory: Directory) -> None:
        for kode, record in sorted(directory.opds.items()):
            heir = directory.heir_of(kode)
            if as_json:
                typer.echo(orjson.dumps({"kode": kode, "open": directory.is_open(kode), "heir": heir, **record}))
            else:
                became = "" if directory.is_open(kode) else f"  closed{f', now {heir}' if heir != kode else ''}"
                typer.echo(f"{kode}  {record.get('name', '')}{became}")

    _change(change)


@app.command("rename")
def rename(old: str, new: str, name: FullName) -> None:
    """An agency goes on under another code: open work and names of datasets go with it."""
    _need_kode(new)

    async def change(settings: Settings, kafka: Kafka, directory: Directory) -> None:
        _need_open(directory, old)
        if new in directory.opds:
            raise forms.FormRefused(f"{new} is known already: jejak opd merge {old} {new}")
        await _open(settings, kafka, new, {"name": name, "contacts": directory.opds[old].get("contacts", [])})
        await _move(kafka, directory, old, to=new)

    _change(change)
    typer.echo(f"{old} is now {new}: {name}; topic {inbound_topic(new).name}. Its people need tokens for {new}.")


@app.command("merge")
def merge(old: str, into: str) -> None:
    """An agency becomes part of another one, which takes over open work and names of datasets; also one that was closed without an heir."""
    _close(old, into)
    typer.echo(f"{old} is now part of {into}. Its people need tokens for {into}.")


@app.command("close")
def close(old: str, to: Annotated[str | None, typer.Option(help="The agency that takes over open work and names.")] = None) -> None:
    """An agency is dissolved: nothing more is taken from it."""
    _close(old, to)
    typer.echo(
        f"{old} is closed" + (f"; {to} acts for it now." if to else f"; nobody acts for it: its open work waits (jejak opd merge {old} …).")
    )


@app.command("name")
def name_of_dataset(dataset_id: str, opd: str) -> None:
    """Hand the name of one dataset over to an agency."""

    async def change(_: Settings, kafka: Kafka, directory: Directory) -> None:
        _need_open(directory, opd)
        await put_record(kafka, f"name/{dataset_id}", {"opd": opd, "handed_at": _now()})

    _change(change)
    typer.echo(f"{dataset_id} belongs to {opd}")


def _new_password(kode: str, file: Path | None) -> None:
    """Shown once, or written to a file for its owner only; kept nowhere. The old one stays good where the file cannot be written."""
    if file is not None:
        try:
            file.touch(mode=0o600)
            file.chmod(0o600)  # also one that was there before
        except OSError as error:
            raise forms.FormRefused(f"{file}: {error.strerror}") from error
    password = secrets.token_urlsafe(32)
    _access().put_user(user_of(kode), password, rights_of(kode))
    if file is None:
        typer.echo(f"user {user_of(kode)}, password (shown this once): {password}")
        return
    file.write_text(f"{password}\n", "utf-8")
    typer.echo(f"user {user_of(kode)}, password in {file}")


def _limited(kode: str, rate: int | None) -> int:
    """Its limit now: what is asked for, else what it had, else the usual one."""

    async def limited(kafka: Kafka) -> int:
        had = await quotas.limit_of(kafka, user_of(kode))
        wanted = rate or had or quotas.USUAL
        if wanted != had:
            await quotas.limit(kafka, user_of(kode), wanted)
        return wanted

    return run_on_kafka(limited)


def _has_users() -> bool:
    return "SASL" in read_settings(os.environ).kafka_security


def _need_users() -> None:
    if not _has_users():
        raise forms.FormRefused("this Kafka has no users: JEJAK_KAFKA_SECURITY is neither SASL_SSL nor SASL_PLAINTEXT")


def _access() -> Access:
    return Access(read_settings(os.environ).kafka_cluster())


def _known(kode: str) -> None:
    async def change(_: Settings, __: Kafka, directory: Directory) -> None:
        _need_open(directory, kode)

    _change(change)


def _close(old: str, to: str | None) -> None:
    async def change(_: Settings, kafka: Kafka, directory: Directory) -> None:
        if to is None or not directory.waits_for_heir(old):
            _need_open(directory, old)
        if to == old:
            raise forms.FormRefused(f"{old} cannot take over from itself")
        if to is not None:
            _need_open(directory, to)  # so moves never lead round in a circle
        await _move(kafka, directory, old, to=to)

    _change(change)


async def _open(settings: Settings, kafka: Kafka, kode: str, record: Mapping[str, Any]) -> None:
    await put_record(kafka, f"opd/{kode}", record)
    async with kafka.admin() as admin:
        await ensure(admin, [inbound_topic(kode)], replication=settings.kafka_replication, in_sync=settings.kafka_in_sync)


async def _move(kafka: Kafka, directory: Directory, old: str, *, to: str | None) -> None:
    moved = {"moved_to": to} if to else {}
    await put_record(kafka, f"opd/{old}", {"closed_at": _now(), **directory.opds[old], **moved})


def _change(change: Change) -> None:
    """Read the directory as it stands, then change it. Raises FormRefused; KafkaError, OSError and TimeoutError without Kafka."""
    settings = read_settings(os.environ)

    async def run(kafka: Kafka) -> None:
        await ensure_topics(settings)
        await change(settings, kafka, await directory_now(kafka, settings.store))

    run_on_kafka(run)


def _need_kode(kode: str) -> None:
    if not forms.is_kode(kode):
        raise typer.BadParameter("small letters, digits and hyphens, at most 63", param_hint="kode")


def _need_open(directory: Directory, opd: str) -> None:
    if not directory.is_open(opd):
        became = f"; it is {heir} now" if (heir := directory.heir_of(opd)) != opd else ""
        raise forms.FormRefused(f"there is no agency {opd}, or it was closed{became}: see jejak opd list")


def _now() -> str:
    return datetime.now(UTC).isoformat()
