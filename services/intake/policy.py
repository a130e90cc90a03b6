"""Rules of step 1: who may submit, and whether an inbound record says what its topic, its token and the clock say."""

from datetime import datetime, timedelta
from typing import Final

from events.contracts import Finding, Reason
from events.inbound import Inbound
from lane.due import WIB
from web.tokens import Role

MAY_SUBMIT: Final = frozenset({Role.TIM_PPID})
AHEAD: Final = timedelta(days=1)
MAY_CHECK: Final = frozenset({Role.TIM_PPID, Role.KETUA_PPID})
MAY_PUT_FILES: Final = frozenset({Role.TIM_PPID, Role.KETUA_PPID})


def comes_from(inbound: Inbound, opd: str) -> Reason | None:
    """The OPD in the body is that of the topic or the token."""
    if inbound.opd == opd:
        return None
    return Reason(code="other_opd", field="opd", note=f"opd harus {opd}: topik atau token ini milik {opd}.")


def told_of_time(inbound: Inbound, now: datetime) -> tuple[Finding, ...]:
    """A finding when the OPD's clock cannot be right. Clocks differ a little, and are set to another zone; a day ahead is neither."""
    if inbound.occurred_at - now <= AHEAD:
        return ()
    said = f"{inbound.occurred_at.astimezone(WIB):%d-%m-%Y %H:%M} WIB"
    message = f"Waktu penyerahan menurut OPD, {said}, lebih dari satu hari di depan waktu diterima; periksa jam sistem OPD."
    return (Finding(word="akuntabel", severity="warning", code="time_ahead", field="occurred_at", message=message),)
