"""What the portal has still to follow, as people see it: a submission's head and what waits of it in, states, pages and lists out."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from events.contracts import Lane as Holder
from events.submission import Head, State
from lane.lane import Lane
from portals.portal import STEPS
from services.publisher.attempts import Attempts, Waiting
from services.publisher.standings import Standings


@dataclass(frozen=True)
class Queue:
    """`working_at`: submission → the step at which a worker is now."""

    lane: Lane
    attempts: Attempts
    standings: Standings
    working_at: Mapping[uuid.UUID, str]

    def page(self, *, after: str | None, limit: int) -> dict[str, object]:
        """`{"items", "next"}`, in the order of their turns. Raises ValueError when `after` is not the `next` of a page."""
        found, more = self.attempts.page(after=after, limit=limit)
        heads = self.lane.journal.heads([one.submission_id for one in found])
        return {"items": [self._line(heads[one.submission_id], one) for one in found], "next": more}

    def for_a_person(self) -> list[dict[str, object]]:
        """What the portal refuses for good, and what must come down and is not yet down."""
        return [
            {"submission_id": str(one.submission_id), "dataset_id": one.dataset_id, "publication": self.state_of(one.submission_id)}
            for one in self.attempts.for_a_person()
        ]

    def state_of(self, submission_id: uuid.UUID) -> dict[str, object]:
        """For the admin: how far the portal is, which step, how many attempts, what went wrong, when next.

        `still_shown`: of one that was taken down, other editions that the public still gets; the same mistake may be in them. `same_file`:
        those of them with a file that is byte for byte one of its own.
        """
        head, waiting = self.lane.find(submission_id), self.attempts.of(submission_id)
        attempt, told = waiting and waiting.attempt, self._told(head, waiting)
        state = told["state"]
        shown = self.standings.desired(head.dataset_id).shown if state in ("down", "not_down") else ()
        submission = self.lane.journal.submission(submission_id) if shown else None
        own = {file.sha256 for file in submission.files} if submission else set()
        return told | {
            "error": _error(waiting),
            "next_at": attempt.next_at.isoformat() if attempt and state in ("retrying", "not_down") else None,
            "still_shown": [str(one.submission_id) for one in shown],
            "same_file": [str(one.submission_id) for one in shown if own & {file.sha256 for file in one.files}],
        }

    def _line(self, head: Head, waiting: Waiting) -> dict[str, object]:
        attempt = waiting.attempt
        pauses = attempt and attempt.state == "retrying" and attempt.next_at > datetime.now(UTC)
        return {
            "submission_id": head.submission_id,
            "dataset_id": waiting.dataset_id,
            "title": head.title,
            "opd": head.opd,
            "sequence": waiting.sequence,
            **self._told(head, waiting),
            "last_error": _error(waiting),
            "next_attempt_at": attempt.next_at if attempt and pauses else None,
            "since": head.arrived_at,
        }

    def _told(self, head: Head, waiting: Waiting | None) -> dict[str, object]:
        attempt, running = waiting and waiting.attempt, self.working_at.get(head.submission_id)
        step = running or (attempt.step if attempt else None)
        return {
            "state": self._portal_state(head, waiting),
            "running": running is not None,
            "step": step,
            "step_name": STEPS.get(step) if step else None,
            "attempts": attempt.attempts if attempt else 0,
        }

    def _portal_state(self, head: Head, waiting: Waiting | None) -> str:
        """`refused`: for good, so it is mended at the portal and tried again, or handed back. `not_down`: the portal may still show it.

        `down`: what had been approved, and was taken down by this lane.
        """
        if waiting is None:
            return "down" if head.state is State.RETRACTED and self._was_taken_down(head) else str(head.state)
        if waiting.down and head.state is not State.PUBLISHED:  # what is published is only looked at once more
            return "not_down"
        return waiting.attempt.state if waiting.attempt else "waiting"

    def _was_taken_down(self, head: Head) -> bool:
        return self.lane.journal.history(head.submission_id)[-1].event.lane == Holder.PUBLISHER


def _error(waiting: Waiting | None) -> dict[str, object] | None:
    attempt = waiting and waiting.attempt
    return {"code": attempt.code, "message": attempt.message} if attempt and attempt.code else None
