"""What became of an attempt at the portal that failed: an error in, code, words and pause out. Pure."""

from datetime import timedelta
from typing import Final

from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import DBAPIError

from lane.files import FileProblem
from portals.portal import PortalProblem

LONGEST_PAUSE: Final = timedelta(minutes=5)


def words_of(error: BaseException) -> tuple[str, str]:
    """A stable code and Indonesian words for what went wrong, also for what nobody expected."""
    match error:
        case PortalProblem():
            return str(error.code), error.message
        case FileProblem():
            return f"file_{error.code}", error.message
        case OSError() | PersistenceError() | DBAPIError():
            return "unavailable", "Penyimpanan sedang tidak dapat dipakai; dicoba lagi secara otomatis."
        case _:
            return "internal", "Kesalahan yang tidak terduga; lihat catatan (log) penerbit. Dicoba lagi secara otomatis."


def delay_after(error: BaseException, attempts: int) -> timedelta:
    """As the portal asked, else 1, 2, 4 … seconds, at most five minutes."""
    if isinstance(error, PortalProblem) and error.retry_after is not None:
        return timedelta(seconds=min(error.retry_after, LONGEST_PAUSE.total_seconds()))
    return min(timedelta(seconds=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)
