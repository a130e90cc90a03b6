"""`jejak user …`: accounts of people who work on the pages, and what they are. In the desk's own tables, no Kafka needed."""

import os
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

import orjson
import typer

from desk import passwords
from desk.accounts import Account, AccountRefused, Accounts, Post
from desk.clock import now_ms, today
from desk.store import open_store
from events.stores import address_of
from lane.settings import DESK, read_settings
from web.tokens import Role

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Accounts of people who work on the pages.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Person = Annotated[str, typer.Argument(help="The name that is typed at login; it is the person's id on the log.")]
Opd = Annotated[str | None, typer.Option("--opd")]
DATES = ["%Y-%m-%d"]


@app.command("add")
def add(
    person: Person,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Annotated[Role, typer.Option()],
    opd: Opd = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Make an account and print its first password, which is changed at the first login."""
    password = passwords.first()

    def change(accounts: Accounts) -> None:
        accounts.add_with(Post(0, person, role, opd), name=name, password=password, must_change=True, now_ms=now_ms())

    _change(change)
    _tell_password(person, password, as_json=as_json)


@app.command("list")
def show(*, as_json: AsJson = False) -> None:
    """Every account, and what its person is or will be."""
    for account, posts in _accounts().all():
        typer.echo(orjson.dumps(_told(account, posts)) if as_json else _in_words(account, posts))


@app.command("password")
def password(person: Person, *, as_json: AsJson = False) -> None:
    """A new first password for somebody who forgot theirs; everybody who is in with the account is out."""
    made = passwords.first()

    def change(accounts: Accounts) -> None:
        _need(accounts, person)
        accounts.set_password(person, made, must_change=True)

    _change(change)
    _tell_password(person, made, as_json=as_json)


@app.command("close")
def close(person: Person) -> None:
    """Nobody comes in with this account any more; who is in is out. What was done stays on the log."""

    def change(accounts: Accounts) -> None:
        _need(accounts, person)
        accounts.close(person, now_ms=now_ms())

    _change(change)
    typer.echo(f"{person}: closed")


@app.command("open")
def reopen(person: Person) -> None:
    """A closed account may be used again."""

    def change(accounts: Accounts) -> None:
        _need(accounts, person)
        accounts.open(person)

    _change(change)
    typer.echo(f"{person}: open")


@app.command("appoint")
def appoint(
    person: Person,
    role: Annotated[Role, typer.Option()],
    opd: Opd = None,
    kind: Annotated[str | None, typer.Option(help="Plh. or Plt., for an absent official.")] = None,
    letter: Annotated[str | None, typer.Option(help="Number of the letter of mandate.")] = None,
    from_day: Annotated[datetime | None, typer.Option("--from", formats=DATES)] = None,
    to_day: Annotated[datetime | None, typer.Option("--to", formats=DATES)] = None,
) -> None:
    """One more role for a person: for good, or acting (Plh., Plt.) from a day to a day by a letter of mandate."""
    post = Post(0, person, role, opd, kind, letter, _day(from_day), _day(to_day))

    def change(accounts: Accounts) -> None:
        _need(accounts, person)
        accounts.appoint(post, now_ms=now_ms())

    _change(change)
    typer.echo(_post_in_words(post))


@app.command("end")
def end(post: Annotated[int, typer.Argument(help="Number of the role, as `jejak user list` shows it.")]) -> None:
    """A role that a person holds ends now."""
    _change(lambda accounts: accounts.end(post, now_ms=now_ms()))
    typer.echo(f"{post}: ended")


def _accounts() -> Accounts:
    return Accounts(open_store(address_of(read_settings(os.environ).store, DESK)))


def _change(change: Callable[[Accounts], None]) -> None:
    try:
        change(_accounts())
    except AccountRefused as refused:
        raise typer.BadParameter(str(refused)) from None


def _need(accounts: Accounts, person: str) -> None:
    if accounts.find(person) is None:
        raise AccountRefused(f"Nama pengguna {person} tidak ada.")


def _tell_password(person: str, password: str, *, as_json: bool) -> None:
    told = {"person": person, "first_password": password}
    typer.echo(orjson.dumps(told) if as_json else f"{person}  first password: {password}  (changed at the first login)")


def _told(account: Account, posts: list[Post]) -> dict[str, object]:
    held = [
        {"number": p.id, "role": p.role, "opd": p.opd, "kind": p.kind, "letter": p.letter, "from": p.from_day, "to": p.to_day}
        for p in posts
    ]
    return {"person": account.id, "name": account.name, "closed": account.closed, "must_change": account.must_change, "posts": held}


def _in_words(account: Account, posts: list[Post]) -> str:
    state = "closed" if account.closed else "first password" if account.must_change else "open"
    held = "; ".join(f"{post.id}: {_post_in_words(post)}{'' if post.holds(today()) else ' (not today)'}" for post in posts)
    return f"{account.id}  {state}  {account.name}  {held or 'no role'}"


def _post_in_words(post: Post) -> str:
    acting = f" {post.kind} {post.from_day} to {post.to_day}, {post.letter}" if post.letter else ""
    return f"{post.role.value}{f'@{post.opd}' if post.opd else ''}{acting}"


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
