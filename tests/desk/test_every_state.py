"""The case, its trail and its sheet in every state that a submission can be in, read by every role: no page fails, whatever is not said."""

from collections.abc import Callable
from contextlib import closing

import pytest

from tests.desk.beside import Office, published, verified
from web.tokens import Role

REASON = {"code": "lain", "note": "Isi sumber datanya dahulu."}
"""Without a field: a reason need not name one."""


def submitted(office: Office) -> str:
    return office.handed_in()


def withdrawn(office: Office) -> str:
    number = office.handed_in()
    office.says("review", "withdraw", number, "tim_ppid", expected_sequence=1, reason=REASON)
    return number


def returned(office: Office) -> str:
    number = office.checked()
    office.says("decision", "reject", number, "atasan_ppid", expected_sequence=2, reasons=[REASON])
    return number


def taken_down(office: Office) -> str:
    number = published(office)
    office.says("publisher", "retract", number, "admin_opendata", expected_sequence=5, reason=REASON)
    return number


@pytest.mark.parametrize("state", [submitted, Office.checked, withdrawn, returned, verified, published, taken_down])
def test_no_page_of_a_case_fails(office: Office, state: Callable[[Office], str]) -> None:
    number = state(office)
    for role in Role:
        opd = office.own if role in {Role.TIM_PPID, Role.KETUA_PPID} else None
        with closing(office.client(office.person(role, opd))) as browser:
            for page in ("", "/jejak", "/jejak?tampilan=lengkap", "/jejak?tampilan=json", "/jejak.json", "/lembar", "/keutuhan"):
                answer = browser.get(f"/pengajuan/{number}{page}")
                assert answer.status_code == 200, (role, page)
                assert "None" not in answer.text, (role, page)
