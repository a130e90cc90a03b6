"""The lanes, as the desk knows them: HTTP calls with a token of the person who is in. JSON in and out; files as streams.

A lane that cannot be reached, or says that it cannot answer now, is `LaneAway`; one that refuses says why (`CallRefused`).
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import structlog

from desk.who import Signer, Who
from web.tokens import Role

Json = dict[str, Any]
Params = Mapping[str, str | int | bool]
log = structlog.get_logger("jejak.desk")

OWN_LANE: Final[dict[Role, str]] = {
    Role.TIM_PPID: "intake",
    Role.KETUA_PPID: "review",
    Role.ATASAN_PPID: "decision",
    Role.ADMIN_OPENDATA: "publisher",
    Role.AUDITOR: "archive",
}
"""The lane at which each swimlane of the SOP works."""
CONNECTIONS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0)


@dataclass(frozen=True)
class Told:
    """One reason of a lane: a stable code, the field, a sentence for people."""

    code: str
    field: str | None
    message: str


class CallRefused(Exception):
    """The lane said no; `body` is its whole answer."""

    def __init__(self, status: int, body: Json) -> None:
        told = [e for e in body.get("errors", []) if isinstance(e, dict)]
        self.status, self.body = status, body
        self.errors = tuple(Told(str(e.get("code")), e.get("field"), str(e.get("message"))) for e in told)
        super().__init__("; ".join(error.message for error in self.errors) or f"HTTP {status}")

    def says(self, code: str) -> bool:
        return any(error.code == code for error in self.errors)


class LaneAway(Exception):
    """A lane does not answer, or not now. `is_late`: it was asked, and may be at it still."""

    def __init__(self, lane: str, *, is_late: bool = False) -> None:
        super().__init__(f"the lane {lane} {'has not answered in time' if is_late else 'is away'}")
        self.lane, self.is_late = lane, is_late


@dataclass(frozen=True)
class Lanes:
    """`patience_s`: how long is waited where a lane looks into files, or does many things one after the other."""

    http: httpx.AsyncClient
    addresses: Mapping[str, str]
    signer: Signer
    patience_s: float = 300.0

    async def get(self, who: Who | None, lane: str, path: str, params: Params | None = None) -> Json:
        return await self._json(who, "GET", lane, path, params=params or {})

    async def post(self, who: Who, lane: str, path: str, body: Json) -> Json:
        return await self._json(who, "POST", lane, path, json=body)

    async def get_and_wait(self, who: Who, lane: str, path: str, params: Params) -> Json:
        """As `post_and_wait`."""
        return await self._json(who, "GET", lane, path, params=params, timeout=self._patient)

    async def post_and_wait(self, who: Who, lane: str, path: str, body: Json) -> Json:
        """A call that may take minutes."""
        return await self._json(who, "POST", lane, path, json=body, timeout=self._patient)

    async def case(self, who: Who, number: str, lane: str | None = None) -> Json:
        """One submission as the own lane shows it."""
        return await self.get(who, lane or OWN_LANE[who.role], f"submissions/{number}")

    async def put_file(self, who: Who, sha256: str, content: AsyncIterator[bytes], size: int) -> None:
        try:
            answer = await self.http.put(
                f"{self.addresses['intake']}/intake/api/files/{sha256}",
                content=content,
                headers=self._headers(who) | {"Content-Length": str(size)},
                timeout=self._patient,
            )
        except httpx.HTTPError as error:
            raise _away("intake", error) from None
        _judged("intake", answer)

    @asynccontextmanager
    async def stream(self, who: Who, lane: str, path: str) -> AsyncIterator[httpx.Response]:
        """A file of a lane, chunk by chunk. Raises LaneAway, CallRefused before the first one."""
        url = f"{self.addresses[lane]}/{lane}/api/{path}"
        try:
            async with self.http.stream("GET", url, headers=self._headers(who)) as answer:
                if answer.status_code != 200:
                    await answer.aread()
                    _judged(lane, answer)
                yield answer
        except httpx.HTTPError as error:
            raise _away(lane, error) from None

    async def _json(self, who: Who | None, method: str, lane: str, path: str, **more: Any) -> Json:  # noqa: ANN401 (httpx's own)
        url = f"{self.addresses[lane]}/{lane}/api/{path}"
        try:
            answer = await self.http.request(method, url, headers=self._headers(who), **more)
        except httpx.HTTPError as error:
            raise _away(lane, error) from None
        return _judged(lane, answer)

    @property
    def _patient(self) -> httpx.Timeout:
        usual = self.http.timeout
        return httpx.Timeout(self.patience_s, connect=usual.connect, pool=usual.pool)

    def _headers(self, who: Who | None) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.signer.token(who)}"} if who else {}


def _away(lane: str, error: httpx.HTTPError) -> LaneAway:
    log.warning("lane_away", lane=lane, error=repr(error))
    return LaneAway(lane, is_late=isinstance(error, (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError)))


def _judged(lane: str, answer: httpx.Response) -> Json:
    """Raises LaneAway, CallRefused."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.status_code >= 500 or not isinstance(body, dict):
        log.warning("lane_away", lane=lane, status=answer.status_code)
        raise LaneAway(lane)
    if answer.status_code >= 400:
        raise CallRefused(answer.status_code, body)
    return body
