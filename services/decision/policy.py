"""Rules of step 3: who may verify, approve and reject, and what must hold before."""

from typing import Final

from events.contracts import Checklist, Reason
from events.rules import Rule, another_pair_of_eyes
from events.submission import Head, State, Submission
from lane.inbox import Standing
from web.tokens import Role

MAY_DECIDE: Final = frozenset({Role.ATASAN_PPID})
RULES: Final[tuple[Rule, ...]] = (another_pair_of_eyes,)
"""Four eyes: whoever submitted or revised may not verify or approve. To return something needs no other pair of eyes."""


def all_five_hold(checklist: Checklist) -> list[Reason]:
    """The SOP's five words; each one that was not ticked is a reason."""
    return [
        Reason(
            code="not_confirmed",
            field=f"checklist.{word}",
            note=f"Data belum dinyatakan {word}; kembalikan dengan alasan bila memang tidak.",
        )
        for word, holds in checklist
        if not holds
    ]


def place_is_free(head: Head, standing: Standing) -> list[Reason]:
    """The name is the OPD's own, and no other submission for the same period came earlier, or is approved and about to be published."""
    if standing.owner not in (None, head.opd):
        note = f"Nama data {head.dataset_id} milik OPD {standing.owner}; kembalikan agar diserahkan dengan nama lain."
        return [Reason(code="name_taken", field="dataset.dataset_id", note=note)]
    came_later = False
    for one in standing.open:
        if one.submission_id == str(head.submission_id):
            came_later = True
        elif one.period == (head.period_start, head.period_end) and (one.state is State.APPROVED or not came_later):
            earlier = one.submission_id
            note = f"Data ini untuk periode yang sama masih diproses dengan nomor {earlier}; selesaikan yang itu dahulu."
            return [Reason(code="already_open", field="dataset.period_start", note=note)]
    return []


def warnings_are_acknowledged(head: Head, note: str) -> list[Reason]:
    """Whoever verifies data with warnings says in a note why they may stand."""
    if not head.warnings or note.strip():
        return []
    told = f"Ada {head.warnings} temuan yang perlu perhatian: tulis dalam catatan mengapa data tetap dapat diverifikasi, atau kembalikan."
    return [Reason(code="not_acknowledged", field="note", note=told)]


def has_no_error_findings(submission: Submission) -> list[Reason]:
    return [
        Reason(code="has_errors", field=finding.field, note=f"Pemeriksaan menemukan kesalahan: {finding.message}")
        for finding in submission.findings
        if finding.severity == "error"
    ]
