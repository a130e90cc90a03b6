"""A real mail server that keeps what it is sent; its door can be shut, so that whoever wants to send stands before it."""

import email
import email.policy
import threading
from asyncio import to_thread
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from jejak import ports


@dataclass
class Mailbox:
    """`refuses`: mail is not taken now. `knocks`: how many stood before the shut door."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False
    knocks: int = 0
    door: threading.Event = field(default_factory=threading.Event)

    async def handle_EHLO(self, server: Any, session: Any, envelope: object, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        session.host_name = hostname
        if not self.door.is_set():
            self.knocks += 1
            await to_thread(self.door.wait)
        return responses

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's names)
        if self.refuses:
            return "451 not now"
        self.mails.append(email.message_from_bytes(envelope.content, EmailMessage, policy=email.policy.default))
        return "250 OK"

    @property
    def subjects(self) -> list[str]:
        return [_subject(mail) for mail in self.mails]

    def told(self, number: str) -> list[tuple[str, str]]:
        """(to whom, what) of each mail about that submission, sorted."""
        return sorted((str(mail["to"]).partition("@")[0], _subject(mail)) for mail in self.mails if f"/pengajuan/{number}" in text_of(mail))

    def target(self, name: str) -> str:
        """The apprise address at which somebody of that name gets mail."""
        return f"mailto://127.0.0.1:{self.port}/?from=jejak@example.id&to={name}@example.id"


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    assert part
    return str(part.get_content())


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox(ports.free())
    box.door.set()
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        box.door.set()
        server.stop()


def _subject(mail: EmailMessage) -> str:
    return str(mail["subject"]).removeprefix("Jejak: ").partition(" – ")[0]
