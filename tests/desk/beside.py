"""The pages beside real lanes: one running `jejak up`, agencies and people of its own, and browsers for them."""

import base64
import csv
import hashlib
import io
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from desk.accounts import Accounts, Post
from desk.clock import now_ms
from desk.store import open_store
from tests.events.given import CHECKLIST
from tests.jejak.running import Up
from tests.services.desk import form
from web.tokens import Role

PASSWORD = "tujuh-gunung-biru"
ROWS = [["kode", "nama"], ["33.13.01", "Jatipuro"], ["33.13.02", "Jatiyoso"]]


@dataclass
class Office:
    """A running Jejak with two agencies: `own`, whose submissions the tests look at, and `other`."""

    up: Up
    own: str
    other: str
    people: dict[str, str] = field(default_factory=dict)

    @property
    def accounts(self) -> Accounts:
        return Accounts(open_store(f"sqlite:{self.up.home.directory}/var/"))

    def person(self, role: Role, opd: str | None = None, name: str = "") -> str:
        """The name to log in with; made when it is asked for first."""
        key = f"{role}@{opd}{name}"
        if key not in self.people:
            self.people[key] = f"{role.value.replace('_', '-')}-{uuid.uuid4().hex[:6]}"
            post = Post(0, self.people[key], role, opd)
            label = name or f"{role.value} {opd or ''}".strip()
            self.accounts.add_with(post, name=label, password=PASSWORD, must_change=False, now_ms=now_ms())
        return self.people[key]

    def client(self, name: str | None) -> httpx.Client:
        """A browser without a screen; in already when a name is given."""
        client = httpx.Client(base_url=self.up.url, headers={"Origin": self.up.url}, timeout=30)
        if name:
            answer = client.post("/masuk", data={"nama_pengguna": name, "kata_sandi": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client

    def handed_in(self, opd: str | None = None, *, name: str = "daftar.csv", content: bytes | None = None, **dataset: Any) -> str:
        """A submission that every lane has seen: its number."""
        sent = form(opd=opd or self.own, **dataset)
        sent["files"][0]["name"] = name
        if content:
            told = {"bytes": len(content), "sha256": sha256(content), "content": base64.b64encode(content).decode()}
            sent["files"][0] |= told
        answer = self.up.call("POST", "/intake/api/submissions", token=self.up.home.token("tim_ppid", opd or self.own), json=sent)
        assert answer.status_code == 202, answer.text
        number = str(answer.json()["submission_id"])
        self.seen(number, 1)
        return number

    def says(self, lane: str, verb: str, number: str, role: str, **body: Any) -> int:
        """Said by a system; the number of its event, which every lane has seen."""
        opd = self.own if role in {"tim_ppid", "ketua_ppid"} else None
        answer = self.up.says(lane, verb, number, self.up.home.token(role, opd), **body)
        assert answer.status_code == 200, answer.text
        step = int(answer.json()["sequence"])
        self.seen(number, step)
        return step

    def seen(self, number: str, step: int) -> None:
        lanes = ("intake", "review", "decision", "publisher", "archive")
        self.up.until(
            lambda: all(self.up.submission(lane, number).get("sequence", 0) >= step for lane in lanes), f"step {step} of {number}"
        )

    def checked(self) -> str:
        """One that waits for the superior."""
        number = self.handed_in()
        self.says("review", "revise", number, "ketua_ppid", expected_sequence=1)
        return number


def verified(office: Office) -> str:
    number = office.checked()
    office.says("decision", "verify", number, "atasan_ppid", expected_sequence=2, checklist=CHECKLIST, note="Sudah dibaca.")
    return number


def published(office: Office) -> str:
    number = verified(office)
    office.says("decision", "approve", number, "atasan_ppid", expected_sequence=3, consideration="Layak.")
    office.seen(number, 5)
    return number


def table(rows: list[list[str]] = ROWS) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
