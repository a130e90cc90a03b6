"""The demo's accounts on the pages: one for each role and agency, all with one password of this installation's own."""

import secrets
from pathlib import Path
from typing import Final

from desk.accounts import Accounts, Post
from desk.clock import now_ms
from desk.store import open_store
from events.stores import address_of
from lane.settings import DESK, Settings
from web.tokens import Role

PASSWORD: Final = Path("var/demo/password.txt")
Person = tuple[str, str, Role, str | None]


def make(settings: Settings, people: list[Person]) -> str:
    """Make those that are missing; returns the password, made once and kept in `var/demo/`."""
    PASSWORD.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not PASSWORD.exists():
        PASSWORD.touch(mode=0o600)
        PASSWORD.write_text(f"jejak-demo-{secrets.token_hex(4)}", encoding="ascii")
    password = PASSWORD.read_text(encoding="ascii").strip()
    accounts = Accounts(open_store(address_of(settings.store, DESK)))
    for file, name, role, opd in people:
        post = Post(0, account_of(file), role, opd)
        if accounts.find(post.account) is None:
            accounts.add_with(post, name=name, password=password, must_change=False, now_ms=now_ms())
    accounts.engine.dispose()
    return password


def in_words(base: str, people: list[Person], password: str) -> str:
    names = "\n".join(f"    {account_of(file):<20} {name}" for file, name, _, _ in people)
    return f"\n  pages for people     {base}/\n  password of all      {password}\n  names to log in with\n{names}"


def account_of(file: str) -> str:
    return file.replace("_", "-")
