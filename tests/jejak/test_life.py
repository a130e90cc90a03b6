"""A submission's whole life on real parts: an agency's topic, four lanes, the portal; told as the SOP tells it."""

import hashlib
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from bus.client import submit
from bus.kafka import Kafka
from events.ids import submission_id_of
from tests.events.given import CHECKLIST
from tests.jejak.running import Up
from tests.services.desk import CONTENT, form

REASONS = [{"code": "incomplete", "field": "dataset.retention", "note": "Jadwal retensi belum diisi."}]
RETENTION = {"code": "000.8", "active": "2 tahun", "inactive": "3 tahun", "fate": "permanen"}


async def receipts_of(up: Up, opd: str, *values: bytes | dict[str, Any], ids: list[str]) -> list[dict[str, Any]]:
    """Send to the agency's topic and wait for the receipts of these event ids."""
    records = [(f"opd.{opd}.data-submitted.v1", None, v if isinstance(v, bytes) else json.dumps(v).encode()) for v in values]
    return await submit(Kafka(up.home.settings["JEJAK_KAFKA"]), records, event_ids=ids, timeout_s=30)


async def submitted(up: Up, opd: str, **dataset: Any) -> str:
    """A submission of this agency that has come as far as review. Returns its id."""
    sent = form(opd=opd, dataset_id=f"data-{uuid.uuid4().hex[:8]}", **dataset)
    (receipt,) = await receipts_of(up, opd, sent, ids=[sent["event_id"]])
    assert receipt["outcome"] == "accepted", receipt
    up.until(lambda: up.submission("review", receipt["submission_id"]), "review to see it")
    return str(receipt["submission_id"])


def step(up: Up, lane: str, verb: str, submission_id: str, token: str, **body: Any) -> None:
    """Say a command on the newest step and wait until every lane has its event."""
    sequence = up.submission(lane, submission_id)["sequence"]
    answer = up.says(lane, verb, submission_id, token, expected_sequence=sequence, **body)
    assert answer.status_code == 200, answer.text
    for other in ("intake", "review", "decision", "publisher"):
        up.until(partial(has_seen, up, other, submission_id, sequence + 1), f"{other} to see {verb}")


def has_seen(up: Up, lane: str, submission_id: str, sequence: int) -> bool:
    return int(up.submission(lane, submission_id).get("sequence", 0)) >= sequence


def refuses(up: Up, lane: str, token: str) -> bool:
    return up.call("GET", f"/{lane}/api/inbox", token=token).status_code == 401


async def test_from_the_agency_s_topic_to_the_portal_returned_once_on_the_way(up: Up, opd: str) -> None:
    submission_id = await submitted(up, opd)
    ketua, atasan = up.home.token("ketua_ppid", opd), up.home.token("atasan_ppid")

    step(up, "review", "revise", submission_id, ketua, note="Sudah dicek.")
    step(up, "decision", "reject", submission_id, atasan, reasons=REASONS)
    assert up.submission("review", submission_id)["holder"] == "review"
    step(up, "review", "revise", submission_id, ketua, note="Retensi diisi.", dataset={"retention": RETENTION})
    step(up, "decision", "verify", submission_id, atasan, checklist=CHECKLIST, note="Lengkap.")
    step(up, "decision", "approve", submission_id, atasan, consideration="Data publik, layak diunggah.")
    for lane in ("intake", "review", "decision", "publisher"):
        up.until(lambda lane=lane: up.submission(lane, submission_id)["state"] == "published", f"{lane} to see it on the portal")  # type: ignore[misc]

    seen = {lane: up.submission(lane, submission_id) for lane in ("intake", "review", "decision", "publisher")}
    types = ["DataSubmitted", "DataRevised", "DataRejected", "DataRevised", "DataVerified", "DataApproved", "DataPublished"]
    assert [event["type"] for event in seen["review"]["history"]] == types
    assert all(shown["history"] == seen["review"]["history"] for shown in seen.values())
    published = seen["review"]["history"][-1]["data"]
    assert published["files"][0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert up.call("GET", published["files"][0]["url"]).content == CONTENT
    assert up.status(published["url"]) == 200
    assert f"Dinas {opd}" in up.call("GET", published["url"], follow_redirects=True).text


async def test_every_inbound_record_is_answered_and_a_bad_one_stops_nobody(up: Up, opd: str) -> None:
    sent, later = form(opd=opd), form(opd=opd)
    reused = form(opd=opd, event_id=sent["event_id"], title="Lain")
    wrong = form(opd=opd) | {"opd": "dinkes"}
    bad = b'{"event_id": "' + str(uuid.uuid4()).encode() + b'", "type": '

    (first,) = await receipts_of(up, opd, bad, sent, ids=[sent["event_id"]])
    (again,) = await receipts_of(up, opd, sent, ids=[sent["event_id"]])
    (refused,) = await receipts_of(up, opd, reused, ids=[sent["event_id"]])
    answers = await receipts_of(up, opd, wrong, b"\x00", later, ids=[wrong["event_id"], later["event_id"]])

    assert [first["outcome"], again["outcome"], refused["outcome"]] == ["accepted", "duplicate", "refused"]
    assert first["submission_id"] == again["submission_id"] == str(submission_id_of(opd, uuid.UUID(sent["event_id"])))
    assert refused["reasons"][0]["code"] == "event_id_reused"
    assert {answer["event_id"]: answer["outcome"] for answer in answers} == {wrong["event_id"]: "refused", later["event_id"]: "accepted"}


async def test_an_agency_added_now_is_heard_within_fifteen_seconds(up: Up, new_opd: str) -> None:
    assert up.home.jejak("opd", "add", new_opd, "--name", "Dinas Baru").returncode == 0
    began, sent = time.monotonic(), form(opd=new_opd)

    (receipt,) = await receipts_of(up, new_opd, sent, ids=[sent["event_id"]])

    assert receipt["outcome"] == "accepted"
    assert time.monotonic() - began < 15


async def test_of_two_superiors_who_decide_at_once_the_second_hears_what_changed(up: Up, opd: str) -> None:
    submission_id = await submitted(up, opd)
    step(up, "review", "revise", submission_id, up.home.token("ketua_ppid", opd), note="")
    token, body = up.home.token("atasan_ppid"), {"expected_sequence": 2, "reasons": REASONS}

    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(lambda _: up.says("decision", "reject", submission_id, token, **body), range(6)))

    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    assert {answer.json()["sequence"] for answer in answers if answer.status_code == 409} == {3}
    assert len(up.submission("decision", submission_id)["history"]) == 3


async def test_a_revoked_token_is_worthless_within_seconds(up: Up) -> None:
    token = up.home.jejak("token", "add", "--name", "Hilang", "--role", "auditor").stdout.strip()
    assert up.call("GET", "/review/api/inbox", token=token).status_code == 200

    assert up.home.jejak("token", "revoke", token).returncode == 0

    for lane in ("review", "decision", "publisher", "intake"):
        up.until(partial(refuses, up, lane, token), f"{lane} to refuse it")


async def test_a_file_put_first_is_used_by_its_hash(up: Up, opd: str) -> None:
    content = b"kode,jumlah\n" + "".join(f"{n:06},{uuid.uuid4().int % 1000}\n" for n in range(100_000)).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    sent = form(opd=opd, content=None)
    sent["files"][0] |= {"sha256": sha256, "bytes": len(content)}
    token = up.home.token("tim_ppid", opd)
    assert up.call("PUT", f"/intake/api/files/{sha256}", token=token, content=content).status_code == 201

    answer = up.call("POST", "/intake/api/submissions", token=token, json=sent)

    assert (answer.status_code, answer.json()["outcome"]) == (202, "accepted")
    up.until(lambda: up.submission("review", answer.json()["submission_id"]), "review to see it")


def test_a_body_past_its_limit_is_stopped_before_anyone_is_asked_who_they_are(up: Up) -> None:
    paths = {f"/review/api/submissions/{uuid.uuid4()}/revise": 5, "/intake/api/submissions": 17}
    for path, mib in paths.items():
        answer = up.call("POST", path, content=bytes(mib * 1024 * 1024))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "too_large")
