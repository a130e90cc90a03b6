"""A desk's notices without the pages: log in, mail out, at a real mail server, on either store."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from desk.accounts import Accounts
from desk.notices.sending import Sending
from desk.notices.taking import Taking
from desk.notices.targets import Targets
from desk.store import open_store
from desk.tables import NOTICES
from tests.desk.mailbox import Mailbox, mail_server
from tests.events.given import story
from web.tokens import Role

ADDRESS = "https://jejak.example.id"


@dataclass
class Office:
    store: str
    box: Mailbox
    engines: list[sa.Engine] = field(default_factory=list)

    def desk(self) -> "Desk":
        engine = open_store(self.store)
        self.engines.append(engine)
        return Desk(engine, Taking(engine, Accounts(engine)), Sending(engine, ADDRESS), self)


@dataclass
class Desk:
    engine: sa.Engine
    taking: Taking
    sending: Sending
    office: Office

    def mail_to(self, role: Role, opd: str | None = None, port: int = 0) -> int:
        to = (Mailbox(port) if port else self.office.box).target(role.value.replace("_", "-"))
        return Targets(self.engine).add_for_role(to, role, opd)

    def send(self) -> None:
        for target in self.sending.claim():
            self.sending.work_off(target)

    def outcomes(self) -> list[str | None]:
        with self.engine.connect() as c:
            return list(c.execute(sa.select(NOTICES.c.outcome).order_by(NOTICES.c.id)).scalars())

    def offsets(self) -> list[int]:
        with self.engine.connect() as c:
            return list(c.execute(sa.text("SELECT next FROM positions")).scalars())


@contextmanager
def an_office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """`request`: of a fixture with the kinds of stores as its parameters."""
    new: Callable[[], str] = (lambda: f"sqlite:{tmp_path}/") if request.param == "sqlite" else request.getfixturevalue("postgres")
    with mail_server() as box:
        office = Office(new(), box)
        yield office
        for engine in office.engines:
            engine.dispose()


def today(*steps: Any, minutes_ago: int = 30) -> list[Any]:
    begin = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return story(*(step.on(begin + timedelta(seconds=n)) for n, step in enumerate(steps)))
