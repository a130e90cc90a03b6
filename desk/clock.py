"""The desk's clock and calendar: one place that asks what time it is. Days are those of Western Indonesia."""

import time
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

WIB: Final = timezone(timedelta(hours=7), "WIB")


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    return datetime.now(WIB).date()


def moment_of(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
