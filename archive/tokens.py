"""Tokens as the directory records them: who holds one, until when, and whether it still counts. Never the token itself. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bus.directory import Directory

TOLD: Final = ("person", "name", "role", "opd", "issued_at", "expires_at")


def tokens_of(directory: Directory, now: datetime) -> list[dict[str, Any]]:
    """`{"token_id", "state", …}` each, `state` being `good`, `expired` or `revoked`; the newest first."""
    told = [
        {"token_id": token_id, "state": _state(directory, token_id, record, now)} | {name: record.get(name) for name in TOLD}
        for token_id, record in list(directory.issued.items())
    ]
    return sorted(told, key=lambda token: str(token["issued_at"]), reverse=True)


def _state(directory: Directory, token_id: str, record: Mapping[str, Any], now: datetime) -> str:
    if directory.is_revoked(token_id):
        return "revoked"
    return "expired" if is_expired(record, now) else "good"


def is_expired(record: Mapping[str, Any], now: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(record.get("expires_at"))) <= now
    except ValueError:
        return False
