"""Rules of step 1: who may submit, and whether an inbound record says what its topic or token says."""

from typing import Final

from events.contracts import Inbound, Reason
from web.tokens import Role

MAY_SUBMIT: Final = frozenset({Role.TIM_PPID})
MAY_PUT_FILES: Final = frozenset({Role.TIM_PPID, Role.KETUA_PPID})


def comes_from(inbound: Inbound, opd: str) -> Reason | None:
    """The OPD in the body is that of the topic or the token."""
    if inbound.opd == opd:
        return None
    return Reason(code="other_opd", field="opd", note=f"opd harus {opd}: topik atau token ini milik {opd}.")
