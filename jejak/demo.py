"""The demo: plays four agencies and their officials on real data, through Kafka and HTTP like anybody else.

It looks at how far each story has come and goes on from there, so it can be stopped and started at any point.
"""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import orjson

from bus.client import send, submit
from bus.directory import put_record
from bus.kafka import KafkaError
from bus.topics import ensure, inbound_topic
from events.contracts import inbound_topic_of
from events.ids import submission_id_of
from jejak import demo_accounts, demo_excel, demo_village, forms
from jejak.say import say
from lane.settings import Settings
from web.keys import load_private
from web.tokens import Role, issue

DATA: Final = Path(__file__).parent / "demo_data"
TOKENS: Final = Path("var/demo")
PATIENCE_S: Final = 120.0
REGENCY: Final = {Role.ATASAN_PPID: "Atasan PPID Kabupaten", Role.ADMIN_OPENDATA: "Admin Open Data", Role.AUDITOR: "Auditor Inspektorat"}
CHECKLIST: Final = dict.fromkeys(("terpadu", "lengkap", "aktual", "valid", "akuntabel"), True)
VERIFIED: Final = {"checklist": CHECKLIST, "note": "Temuan sudah dibaca; data tetap dapat diverifikasi."}
REASON: Final = {
    "code": "incomplete",
    "field": "dataset.retention",
    "note": "Jadwal retensi belum diisi; lengkapi sebelum data diterbitkan.",
}
RETENTION: Final = {"code": "000.8", "active": "2 tahun", "inactive": "3 tahun", "fate": "permanen"}
REVISIONS: Final = {demo_village.PERSONS: demo_village.revision, demo_excel.SAVED: demo_excel.revision}
REASONS: Final = {demo_village.PERSONS: demo_village.REASON, demo_excel.SAVED: demo_excel.REASON}
"""By the file that the checks stop: what comes in its place, and why it was returned."""


class DemoStopped(RuntimeError):
    """The story did not go on; one sentence."""


@dataclass(frozen=True)
class Story:
    """One agency's dataset, and whether it is returned once on its way."""

    opd: str
    opd_name: str
    returned_once: bool
    form: dict[str, Any]

    @property
    def submission_id(self) -> str:
        return str(submission_id_of(self.opd, uuid.UUID(self.form["event_id"])))


def start_in_background(settings: Settings) -> None:
    """Play beside the lanes of this process; says how it ended, and never takes the process down."""
    threading.Thread(target=_play_aloud, args=(settings,), name="demo", daemon=True).start()


def _play_aloud(settings: Settings) -> None:
    try:
        play(settings)
    except (DemoStopped, httpx.HTTPError, KafkaError, OSError, TimeoutError) as error:
        say(f"demo stopped: {error}. What has happened so far stays; start again and it goes on.")


def play(settings: Settings) -> None:
    base = f"http://{settings.host}:{settings.port}"
    stories = list(read_stories())
    tokens = make_tokens(settings, stories)
    password = demo_accounts.make(settings, people_of(stories))
    with httpx.Client(base_url=base, timeout=30) as http:
        _until(lambda: _is_ready(http), "the lanes are ready")
        known = http.get(f"/decision/api/submissions/{stories[-1].submission_id}", headers=_as(tokens["auditor"])).status_code == 200
        if not known:
            asyncio.run(_submit(settings, stories))
        for story in stories:
            _walk(http, story, tokens)
    _tell(settings, base, stories)
    say(demo_accounts.in_words(base, people_of(stories), password))


def read_stories() -> Iterator[Story]:
    """The stories, with their forms as first written down in `var/demo/`: what is sent again must say the same."""
    for told in orjson.loads((DATA / "stories.json").read_bytes()):
        yield Story(told["opd"], told["opd_name"], told["returned_once"], _form(told["opd"], told["form"]))


def _form(opd: str, said: dict[str, Any]) -> dict[str, Any]:
    path = TOKENS / f"{opd}.json"
    if not path.exists():
        event_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"jejak:demo:{opd}"))
        handed_in = datetime.now(UTC) - timedelta(minutes=20)
        form = {"type": "DataSubmitted", "event_id": event_id, "occurred_at": handed_in.isoformat(), "opd": opd} | said
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, make in {demo_village.PERSONS: demo_village.persons, demo_excel.SAVED: demo_excel.saved}.items():
            (TOKENS / name).write_bytes(make())  # made here: no such list of persons lies in a repository
        path.write_bytes(orjson.dumps(forms.completed(forms.completed(form, DATA), TOKENS), option=orjson.OPT_INDENT_2))
    form = orjson.loads(path.read_bytes())
    return dict(form)


def make_tokens(settings: Settings, stories: list[Story]) -> dict[str, str]:
    """One token a role, and one head an agency, also left in `var/demo/` for trying things out."""
    private = load_private(settings.keys / "private.pem")
    TOKENS.mkdir(parents=True, exist_ok=True, mode=0o700)
    tokens = {}
    for file, name, role, opd in people_of(stories):
        tokens[file] = issue(
            private,
            id=file.replace("_", "-"),
            name=name,
            role=role,
            opd=opd,
            issued_at=datetime.now(UTC),
            days=7,
            token_id=str(uuid.uuid4()),
        )
        path = TOKENS / f"{file}.token"
        path.touch(mode=0o600)
        path.write_text(tokens[file], encoding="ascii")
    return tokens


def people_of(stories: list[Story]) -> list[tuple[str, str, Role, str | None]]:
    """File of the token, name, role, OPD of everybody who plays a part."""
    people: list[tuple[str, str, Role, str | None]] = [(role.value, name, role, None) for role, name in REGENCY.items()]
    people += [(f"ketua-{s.opd}", f"Ketua PPID {s.opd_name}", Role.KETUA_PPID, s.opd) for s in stories]
    return people + [(f"tim-{s.opd}", f"Tim PPID {s.opd_name}", Role.TIM_PPID, s.opd) for s in stories]


async def _submit(settings: Settings, stories: list[Story]) -> None:
    """All agencies publish; one sends its record twice, and one sends something that is no JSON."""
    kafka = settings.kafka_cluster()
    for story in stories:
        await put_record(kafka, f"opd/{story.opd}", {"name": story.opd_name, "contacts": [story.form["dataset"]["responsible"]["email"]]})
    async with kafka.admin() as admin:
        topics = [inbound_topic(story.opd) for story in stories]
        await ensure(admin, topics, replication=settings.kafka_replication, in_sync=settings.kafka_in_sync)
    records: list[tuple[str, bytes | None, bytes]] = [
        (inbound_topic_of(s.opd), s.form["event_id"].encode(), orjson.dumps(s.form)) for s in stories
    ]
    await send(kafka, [(records[0][0], b"rusak", b'{"type": "DataSubmitted", "opd": ')])
    for receipt in await submit(kafka, records, event_ids=[s.form["event_id"] for s in stories], timeout_s=PATIENCE_S):
        say(f"receipt for {receipt['opd']}: {receipt['outcome']}")
    for receipt in await submit(kafka, records[:1], event_ids=[stories[0].form["event_id"]], timeout_s=PATIENCE_S):
        say(f"sent again by {receipt['opd']}: {receipt['outcome']}")


def _walk(http: httpx.Client, story: Story, tokens: dict[str, str]) -> None:
    """From wherever the submission is to the portal, each step said by the official whose turn it is."""

    def seen_by(lane: str) -> dict[str, Any]:
        return _look(http, lane, story, tokens["auditor"]) or {}

    _until(lambda: bool(seen_by("review") and seen_by("decision")), f"{story.opd}'s submission is on the log")
    while (seen := seen_by("decision"))["state"] not in {"published", "retracted"}:
        match seen["state"]:
            case "submitted" | "rejected":
                changes: dict[str, Any] = {}
                if seen["state"] == "rejected":
                    changes = _mended(http, story, tokens)
                else:
                    demo_village.tell_findings(story.opd, seen)
                _say(http, "review", "revise", story, tokens[f"ketua-{story.opd}"], {"note": "Sudah dicek.", **changes})
            case "revised" if demo_village.has_errors(seen) or (story.returned_once and not _was_returned(seen)):
                _say(
                    http,
                    "decision",
                    "reject",
                    story,
                    tokens["atasan_ppid"],
                    {"reasons": [REASONS[_file(story)] if demo_village.has_errors(seen) else REASON]},
                )
            case "revised":
                _say(http, "decision", "verify", story, tokens["atasan_ppid"], VERIFIED)
            case "verified":
                _say(http, "decision", "approve", story, tokens["atasan_ppid"], {"consideration": "Data publik, layak diunggah."})
            case _:
                _until(lambda: seen_by("decision").get("state") == "published", f"{story.opd}'s data is published")


def _mended(http: httpx.Client, story: Story, tokens: dict[str, str]) -> dict[str, Any]:
    """What the head changes after a return: what was missing, the table of counts in the place of persons, or codes as they were."""
    if _file(story) not in REVISIONS:
        return {"dataset": {"retention": RETENTION}}
    sha256, content, changes = REVISIONS[_file(story)]()
    http.put(f"/intake/api/files/{sha256}", content=content, headers=_as(tokens[f"ketua-{story.opd}"])).raise_for_status()
    return changes


def _file(story: Story) -> str:
    return str(story.form["files"][0]["name"])


def _was_returned(seen: dict[str, Any]) -> bool:
    return any(event["type"] == "DataRejected" for event in seen["history"])


def _say(http: httpx.Client, lane: str, verb: str, story: Story, token: str, body: dict[str, Any]) -> None:
    """Say a command on what the lane shows now, and wait until every lane has seen its event."""
    seen = _look(http, lane, story, token) or {}
    path = f"/{lane}/api/submissions/{story.submission_id}/{verb}"
    answer = http.post(path, json={"expected_sequence": seen["sequence"], **body}, headers=_as(token))
    if answer.status_code not in {200, 409}:
        raise DemoStopped(f"{verb} was answered {answer.status_code}: {answer.text}")
    say(f"{story.opd}: {verb}")
    auditor = (TOKENS / "auditor.token").read_text(encoding="ascii")

    def all_have_seen() -> bool:
        shown = [_look(http, other, story, auditor) or {} for other in ("review", "decision")]
        return all(each.get("sequence", 0) > seen["sequence"] for each in shown)

    _until(all_have_seen, f"every lane has seen {verb}")


def _look(http: httpx.Client, lane: str, story: Story, token: str) -> dict[str, Any] | None:
    answer = http.get(f"/{lane}/api/submissions/{story.submission_id}", headers=_as(token))
    return answer.json() if answer.status_code == 200 else None


def _is_ready(http: httpx.Client) -> bool:
    try:
        return http.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise DemoStopped(f"waited {PATIENCE_S:.0f} s in vain until {what}")
        time.sleep(0.1)


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _tell(settings: Settings, base: str, stories: list[Story]) -> None:
    portal = f"{base}/portal/" if settings.portal.startswith("folder:") else settings.portal
    if settings.portal.startswith("http"):
        portal = "\n                       ".join(f"{settings.portal}/dataset/{story.form['dataset']['dataset_id']}" for story in stories)
    returned = next(story for story in stories if story.returned_once)
    say(
        f"""
Jejak is running. Four agencies have submitted, three submissions were returned once: one was not complete, one had lost
the zeros of its region codes in a spreadsheet, one held 300 persons with NIK and KK and came back as a table of counts.
All are published.

  the portal           {portal}
  API of the lanes     {base}/docs      contracts: {base}/asyncapi
  health, metrics      {base}/healthz   {base}/metrics
  the returned one     .venv/bin/jejak audit show {returned.submission_id}
  every submission     .venv/bin/jejak audit list
  the proof            .venv/bin/jejak audit verify
  tokens of the demo   {TOKENS}/*.token, for example
                       curl -H "Authorization: Bearer $(cat {TOKENS}/atasan_ppid.token)" {base}/decision/api/inbox

Ctrl-C stops everything; make run goes on from here."""
    )
