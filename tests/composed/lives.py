"""Whole lives of submissions through the front door, as people live them: whoever gets no answer, or is told to wait, says it again."""

import hashlib
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.composed.system import PATIENCE_S, Door
from tests.events.given import CHECKLIST
from tests.services.desk import form

PAUSE_S: Final = 0.3
ONCE_MORE: Final = frozenset({409, 502, 503, 504})
"""Somebody was faster (perhaps we ourselves, and the answer was lost), or a part is away."""
STEPS: Final[dict[str, tuple[str, str, str, dict[str, Any]]]] = {
    "submitted": ("review", "revise", "ketua_ppid", {"note": "Sudah dicek."}),
    "revised": ("decision", "verify", "atasan_ppid", {"checklist": CHECKLIST, "note": "Lengkap."}),
    "verified": ("decision", "approve", "atasan_ppid", {"consideration": "Data publik, layak diunggah."}),
}
"""State → lane, verb, role, and what is said with it."""


class Stuck(AssertionError):
    """A life that got no further."""


@dataclass
class Lives:
    """One life after the other until asked to stop; `ended` are those that are published."""

    door: Door
    opd: str
    accepted: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def live(self) -> str:
        """From the form to the portal; returns the submission's id. Raises Stuck."""
        submission_id = self.submit(form(opd=self.opd))
        self.walk(submission_id)
        return submission_id

    def put_and_published(self, content: bytes) -> dict[str, Any]:
        """The same with a file that is put first; returns what DataPublished says."""
        sha256 = hashlib.sha256(content).hexdigest()
        put = self.door.call("PUT", f"/intake/api/files/{sha256}", token=self.door.system.token("tim_ppid", self.opd), content=content)
        assert put.status_code == 201, put.text
        submission_id = self.submit(form(opd=self.opd, content=None))
        self.walk(submission_id)
        said: dict[str, Any] = self.door.submission("archive", submission_id)["history"][-1]["data"]
        return said

    def submit(self, sent: dict[str, Any]) -> str:
        answer = self._until_answered("POST", "/intake/api/submissions", role="tim_ppid", json=sent)
        assert answer.status_code == 202, answer.text
        self.accepted.append(answer.json()["submission_id"])
        return self.accepted[-1]

    def walk(self, submission_id: str) -> None:
        deadline = time.monotonic() + 2 * PATIENCE_S
        while (seen := self.door.submission("archive", submission_id).get("state")) != "published":
            if time.monotonic() > deadline:
                raise Stuck(f"{submission_id} is {seen or 'not there'}: {self.door.system.told()}")
            self._step(submission_id)
            time.sleep(PAUSE_S)
        self.ended.append(submission_id)

    def until_stopped(self) -> None:
        while not self._stop.is_set():
            self.live()

    def stop(self) -> None:
        self._stop.set()

    def _step(self, submission_id: str) -> None:
        """What the holder says on the state that its own lane shows, if anything."""
        for lane in ("review", "decision"):
            shown = self.door.submission(lane, submission_id)
            at, verb, role, body = STEPS.get(shown.get("state", ""), ("", "", "", {}))
            if at == lane:
                path = f"/{lane}/api/submissions/{submission_id}/{verb}"
                answer = self._until_answered("POST", path, role=role, json={"expected_sequence": shown["sequence"], **body})
                assert answer.status_code in {200, 409}, answer.text

    def _until_answered(self, method: str, path: str, *, role: str, **more: Any) -> httpx.Response:
        token = self.door.system.token(role, self.opd if role in {"tim_ppid", "ketua_ppid"} else None)
        deadline = time.monotonic() + PATIENCE_S
        said = ""
        while time.monotonic() < deadline:
            try:
                answer = self.door.call(method, path, token=token, **more)
            except httpx.TransportError as error:
                said = repr(error)
            else:
                said = f"{answer.status_code} {answer.text}"
                if answer.status_code not in ONCE_MORE - {409}:
                    return answer
            time.sleep(PAUSE_S)
        raise Stuck(f"{path}: {said}")
