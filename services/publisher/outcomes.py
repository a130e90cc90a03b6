"""What became of an attempt at the portal: an error in, code, words and pause out; a submission and its attempt in, a state out. Pure."""

from datetime import timedelta
from typing import Final

from eventsourcing.persistence import PersistenceError
from sqlalchemy.exc import DBAPIError

from events.submission import Head, State
from lane.files import FileProblem
from portals.portal import PortalProblem
from services.publisher.attempts import Attempt

LONGEST_PAUSE: Final = timedelta(minutes=5)


def portal_state(head: Head, attempt: Attempt | None) -> str:
    """`refused`: for good, so it is mended at the portal and tried again, or handed back."""
    match head.state:
        case State.APPROVED:
            return attempt.state if attempt else "waiting"
        case State.RETRACTED:
            return "down" if attempt and attempt.state == "done" else "not_down"
        case _:
            return str(head.state)


def was_tried_in_vain(head: Head, attempt: Attempt | None) -> bool:
    """The portal has still to follow, and an attempt at it failed: trying again now is worth while."""
    return attempt is not None and portal_state(head, attempt) in ("retrying", "refused", "not_down")


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
        return min(timedelta(seconds=error.retry_after), LONGEST_PAUSE)
    return min(timedelta(seconds=2 ** min(attempts - 1, 10)), LONGEST_PAUSE)
