"""Is this CKAN one that Jejak can publish to? In: a conversation with it; out: what is wrong, a sentence each."""

from __future__ import annotations

import re
from typing import Any, Final

from portals.ckan.client import Ckan
from portals.ckan.size import problems_of_size
from portals.portal import Code, PortalProblem

OLDEST: Final = (2, 10)


def problems_of(ckan: Ckan, *, largest_file: int) -> list[str]:
    """Address, version, token, rights, and whether a file of `largest_file` bytes is taken. [] is good."""
    try:
        return _of_version(ckan.call("status_show")) or _of_token(ckan) or problems_of_size(ckan, largest_file=largest_file)
    except PortalProblem as problem:
        return [problem.message]


def _of_version(status: dict[str, Any]) -> list[str]:
    """CKAN may be told to hide its version; then nothing is said."""
    numbers = re.match(r"(\d+)\.(\d+)", status.get("ckan_version", ""))
    if numbers is None or (int(numbers[1]), int(numbers[2])) >= OLDEST:
        return []
    return [
        f"CKAN {status['ckan_version']} terlalu lama; Jejak memerlukan CKAN 2.10 atau lebih baru. Minta pengelola portal memperbaruinya."
    ]


def _of_token(ckan: Ckan) -> list[str]:
    """CKAN takes a wrong token for no token at all, so ask it who we are."""
    try:
        user = ckan.find("user_show")
    except PortalProblem as problem:
        if problem.code is not Code.NOT_AUTHORIZED:
            raise
        user = None
    if user is None:
        return ["Portal tidak mengenali JEJAK_PORTAL_TOKEN (salah, kedaluwarsa, atau dicabut). Buat token baru di halaman pengguna CKAN."]
    if user.get("sysadmin") or ckan.call("organization_list_for_user", permission="create_dataset") or _may_create_organizations(ckan):
        return []
    refusal = f"Pengguna portal “{user['name']}” bukan sysadmin dan bukan editor organisasi mana pun, sehingga tidak dapat menerbitkan."
    return [f"{refusal} Beri hak itu, atau pakai token pengguna lain."]


def _may_create_organizations(ckan: Ckan) -> bool:
    """Ask for one with a name that CKAN never accepts: rights come first, so the reason of the refusal is the answer."""
    try:
        ckan.call("organization_create", name="?")
    except PortalProblem as problem:
        return problem.code in (Code.INVALID, Code.NAME_TAKEN)
    return True
