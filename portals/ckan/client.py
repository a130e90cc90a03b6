"""CKAN's API, call by call: the only module that knows ckanapi. Each call has a timeout, and whatever fails is a PortalProblem.

Nothing is tried twice here: after a lost answer only looking tells what happened, and that is the business of `portal.py`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, NoReturn, Self
from urllib.parse import quote

import requests
from ckanapi.common import prepare_action, reverse_apicontroller_action
from ckanapi.errors import CKANAPIError, NotAuthorized, NotFound, SearchIndexError, ServerIncompatibleError, ValidationError
from urllib3.exceptions import HTTPError, ReadTimeoutError

from portals.ckan.multipart import Multipart
from portals.portal import Code, PortalProblem

CONNECT_S: Final = 5.0
CHUNK: Final = 1 << 16
SLOWEST: Final = 20_000  # bytes a second; a download below that is given up even if it never falls silent
USER_AGENT: Final = "jejak"

ASK_ADMIN: Final = "Akan dicoba lagi; bila berulang, hubungi pengelola portal."
SOLR_DOWN: Final = (
    "Mesin pencari portal (Solr) tidak dapat dipakai, sehingga portal menolak menyimpan. Hubungi pengelola portal; akan dicoba lagi."
)
TOO_LARGE_WORDS: Final = ("too large", "max allowed size", "exceeds expected size")  # of CKAN's file store, old and new; never translated
NOT_CKAN: Final = "Alamat JEJAK_PORTAL tidak menjawab seperti CKAN. Periksa alamatnya."
TOO_LARGE: Final = (
    "Berkas lebih besar dari batas portal. Minta pengelola portal menaikkan ckan.max_resource_size (dan batas unggah di server web), "
    "atau kembalikan data ini agar berkasnya dipecah."
)


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = USER_AGENT
    session.auth = lambda request: request  # else requests would let a password in ~/.netrc take the place of our token
    return session


class Ckan:
    """A short conversation with one CKAN; not for several threads. Use it in a `with`."""

    def __init__(self, address: str, *, token: str | None, timeout: float) -> None:
        self._address, self._token = address.rstrip("/"), token
        self._timeout = (min(CONNECT_S, timeout), timeout)
        self._session = _session()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.close()

    def call(self, action: str, **arguments: object) -> Any:  # noqa: ANN401
        """One action; its result. Raises PortalProblem."""
        return self._act(action, arguments, body=None)

    def find(self, action: str, **arguments: object) -> dict[str, Any] | None:
        """A `…_show` action; None when CKAN knows no such thing. Raises PortalProblem."""
        try:
            found: dict[str, Any] = self._answer(action, arguments, body=None)
        except NotFound:
            return None
        except CKANAPIError as refusal:
            _raise_for(refusal, action)
        return found

    def upload(self, action: str, fields: Mapping[str, str], *, field: str, name: str, content: Iterable[bytes], size: int) -> Any:  # noqa: ANN401
        """One action with a file of `size` bytes, streamed from `content`. Raises PortalProblem and what `content` raises."""
        return self._act(action, fields, body=Multipart(fields, field=field, name=name, content=content, size=size))

    def sha256_of(self, path: str) -> str | None:
        """Download what is at this path of the portal and hash it; None when it is not there. Raises PortalProblem."""
        return self._download(self._session, path, {"Authorization": self._token} if self._token else {})

    def public_sha256_of(self, path: str) -> str | None:
        """As `sha256_of`, as anybody would: without a token, and without what an answer to it left behind. Raises PortalProblem."""
        with _session() as session:
            return self._download(session, path, {})

    def _download(self, session: requests.Session, path: str, headers: dict[str, str]) -> str | None:
        # As it lies there: a .csv.gz comes with a Content-Encoding, and requests would unpack it.
        headers |= {"Accept-Encoding": "identity"}
        digest, began, count = hashlib.sha256(), time.monotonic(), 0
        try:
            with session.get(f"{self._address}{quote(path)}", headers=headers, timeout=self._timeout, stream=True) as answer:
                if answer.status_code == HTTPStatus.NOT_FOUND:
                    return None
                _raise_for_status(answer, path)
                for chunk in answer.raw.stream(CHUNK, decode_content=False):
                    digest.update(chunk)
                    count += len(chunk)
                    if time.monotonic() - began > self._timeout[1] + count / SLOWEST:
                        raise PortalProblem(Code.UNREACHABLE, "Portal mengirim berkas terlalu lambat. Periksa jaringan; akan dicoba lagi.")
        except (requests.RequestException, HTTPError) as error:
            raise _unreachable(error) from error
        return digest.hexdigest()

    def _act(self, action: str, arguments: Mapping[str, object], *, body: Multipart | None) -> Any:  # noqa: ANN401
        try:
            return self._answer(action, arguments, body=body)
        except CKANAPIError as refusal:
            _raise_for(refusal, action)

    def _answer(self, action: str, arguments: Mapping[str, object], *, body: Multipart | None) -> Any:  # noqa: ANN401
        path, data, headers = prepare_action(action, dict(arguments) if body is None else None, self._token, base_url="api/3/action/")
        if body is not None:
            headers["Content-Type"] = body.content_type
        try:
            answer = self._session.post(
                f"{self._address}/{path}",
                data=data if body is None else body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
            )
            text = answer.text
        except requests.RequestException as error:
            raise _unreachable(error) from error
        if not text.lstrip().startswith("{"):
            _raise_for_status(answer, action)
        if answer.status_code in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
            raise _busy(answer)
        try:
            return reverse_apicontroller_action(path, answer.status_code, text)
        except ServerIncompatibleError as error:
            raise PortalProblem(Code.MISCONFIGURED, NOT_CKAN) from error


def _raise_for(refusal: CKANAPIError, action: str) -> NoReturn:
    """CKAN understood and said no."""
    match refusal:
        case NotAuthorized():
            raise PortalProblem(
                Code.NOT_AUTHORIZED,
                f"Portal menolak token Jejak untuk “{action}”. Periksa JEJAK_PORTAL_TOKEN: penggunanya harus sysadmin, "
                "atau editor pada organisasi OPD ini.",
            ) from refusal
        case ValidationError():
            raise _invalid(refusal.error_dict or {}) from refusal
        case NotFound():
            raise PortalProblem(
                Code.CHANGED_MEANWHILE, "Data di portal dihapus saat sedang ditulis. Akan dilihat kembali dan dicoba lagi."
            ) from refusal
        case SearchIndexError():
            raise PortalProblem(Code.SERVER_ERROR, SOLR_DOWN) from refusal
        case _:
            words = str(refusal)
            down = "Search Connection Error" in words or "Search Index Error" in words
            raise PortalProblem(Code.SERVER_ERROR, SOLR_DOWN if down else f"Portal gagal menjalankan “{action}”. {ASK_ADMIN}") from refusal


def _invalid(errors: Mapping[str, Any]) -> PortalProblem:
    """A validation error: what CKAN found wrong, by field."""
    told = {field: _words(value) for field, value in errors.items() if field not in ("__type", "message")}
    everything = "; ".join(f"{field}: {words}" for field, words in told.items()) or str(errors.get("message", ""))
    if "match" in told:
        return PortalProblem(Code.CHANGED_MEANWHILE, "Data di portal berubah saat sedang ditulis. Akan dilihat kembali dan dicoba lagi.")
    if any(words in everything.lower() for words in TOO_LARGE_WORDS):
        return PortalProblem(Code.TOO_LARGE, TOO_LARGE)
    if "name" in told:
        # In CKAN's own language, so its words cannot tell "in use" from "not allowed"; the next look will.
        return PortalProblem(
            Code.NAME_TAKEN,
            f"Portal tidak menerima nama ini: {told['name']}. Bebaskan nama itu di portal lalu coba lagi, "
            "atau kembalikan data ini agar dataset_id diganti.",
        )
    return PortalProblem(
        Code.INVALID, f"Portal tidak menerima keterangan data: {everything}. Kembalikan data ini agar diperbaiki, atau ubah aturan portal."
    )


def _words(value: object) -> str:
    """CKAN's messages, however deep they lie."""
    match value:
        case str():
            return value
        case dict():
            return "; ".join(f"{key}: {words}" for key, part in value.items() if (words := _words(part)))
        case list():
            return "; ".join(words for part in value if (words := _words(part)))
        case _:
            return ""


def _raise_for_status(answer: requests.Response, what: str) -> None:
    """Not CKAN's own JSON: something before it answered, or this is no CKAN. Returns only for a file that was asked for and came."""
    status = answer.status_code
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        raise _busy(answer)
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        raise PortalProblem(Code.TOO_LARGE, TOO_LARGE)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise PortalProblem(
            Code.NOT_AUTHORIZED, f"Portal menolak “{what}” (HTTP {status}). Periksa JEJAK_PORTAL_TOKEN dan hak penggunanya."
        )
    if answer.is_redirect:
        raise PortalProblem(
            Code.MISCONFIGURED, f"Alamat portal dialihkan ke {answer.headers.get('Location')}. Ubah JEJAK_PORTAL ke alamat itu."
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PortalProblem(Code.SERVER_ERROR, f"Portal sedang bermasalah (HTTP {status}). {ASK_ADMIN}", retry_after=_retry_after(answer))
    if not answer.ok or answer.request.method == "POST":
        raise PortalProblem(Code.MISCONFIGURED, NOT_CKAN)


def _busy(answer: requests.Response) -> PortalProblem:
    return PortalProblem(
        Code.BUSY,
        f"Portal sedang sibuk atau dalam pemeliharaan (HTTP {answer.status_code}). Akan dicoba lagi.",
        retry_after=_retry_after(answer),
    )


def _retry_after(answer: requests.Response) -> float | None:
    """Seconds to wait (RFC 9110, 10.2.3: a number of seconds or a date)."""
    value = answer.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds()) if moment.tzinfo else None


def _unreachable(error: requests.RequestException | HTTPError) -> PortalProblem:
    match error:
        case requests.exceptions.SSLError():
            words = "Sertifikat TLS portal tidak dapat dipercaya. Periksa sertifikat dan alamatnya."
        case requests.Timeout() | ReadTimeoutError():
            words = "Portal tidak menjawab dalam batas waktu. Periksa jaringan dan portal; akan dilihat kembali dan dicoba lagi."
        case requests.exceptions.InvalidURL() | requests.exceptions.MissingSchema():
            words = "Alamat JEJAK_PORTAL tidak dapat dibaca. Perbaiki alamatnya."
        case _:
            words = (
                "Portal tidak dapat dihubungi atau memutus sambungan. Periksa jaringan dan portal; akan dilihat kembali dan dicoba lagi."
            )
    return PortalProblem(Code.UNREACHABLE, words)
