"""Rules of step 3: who may verify, approve and reject, and what must hold before."""

from typing import Final

from events.contracts import Checklist, Reason
from events.submission import Rule, Submission, another_pair_of_eyes
from web.tokens import Role

MAY_DECIDE: Final = frozenset({Role.ATASAN_PPID})
RULES: Final[tuple[Rule, ...]] = (another_pair_of_eyes,)
"""Four eyes: whoever submitted or revised may not verify, approve or reject."""


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


def dataset_is_its_own(submission: Submission, holder: str | None) -> list[Reason]:
    """`holder`: another OPD under whose name this dataset_id is approved or published already, if any."""
    if holder is None:
        return []
    note = f"Nama data {submission.dataset.dataset_id} sudah dipakai OPD {holder}; kembalikan agar diserahkan dengan nama lain."
    return [Reason(code="name_taken", field="dataset.dataset_id", note=note)]


def warnings_are_acknowledged(submission: Submission, note: str) -> list[Reason]:
    """Whoever verifies data with warnings says in a note why they may stand."""
    warnings = sum(finding.severity == "warning" for finding in submission.findings)
    if not warnings or note.strip():
        return []
    told = f"Ada {warnings} temuan yang perlu perhatian: tulis dalam catatan mengapa data tetap dapat diverifikasi, atau kembalikan."
    return [Reason(code="not_acknowledged", field="note", note=told)]


def has_no_error_findings(submission: Submission) -> list[Reason]:
    return [
        Reason(code="has_errors", field=finding.field, note=f"Pemeriksaan menemukan kesalahan: {finding.message}")
        for finding in submission.findings
        if finding.severity == "error"
    ]
