"""Forms as OPDs keep them on disk: a DataSubmitted as JSON, with its data files beside it, read and judged without a network."""

import base64
import hashlib
import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import orjson
from pydantic import ValidationError

from bus.kafka import Kafka
from events.inbound import Inbound
from lane.publishable import reasons_against
from lane.reasons import reasons_of
from services.intake.contents import INLINE_LIMIT


class FormRefused(RuntimeError):
    """The file cannot be read as a form; one clear sentence."""


def read(path: Path) -> dict[str, Any]:
    """The form, with what can be filled in: event_id, occurred_at, and size, hash and content of files that lie beside it."""
    try:
        form = orjson.loads(path.read_bytes())
    except OSError as error:
        raise FormRefused(f"{path}: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise FormRefused(f"{path} is not JSON: {error}") from error
    if not isinstance(form, dict):
        raise FormRefused(f"{path} must hold one JSON object")
    if not is_kode(str(form.get("opd", ""))):
        raise FormRefused(f"{path}: opd is missing or no code of an agency (small letters, digits and hyphens)")
    form.setdefault("type", "DataSubmitted")
    form.setdefault("event_id", str(uuid.uuid4()))
    form.setdefault("occurred_at", datetime.now(UTC).isoformat())
    return completed(form, path.parent)


def completed(form: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The form with size, hash and (up to 512 KiB) content of those of its files that lie in a folder."""
    files = form.get("files")
    return form | {"files": [_completed(file, folder) for file in files]} if isinstance(files, list) else form


def _completed(file: object, folder: Path) -> object:
    if not isinstance(file, dict) or not isinstance(file.get("name"), str):
        return file
    beside = folder / Path(file["name"]).name
    if "sha256" in file or not beside.is_file():
        return file
    content = beside.read_bytes()
    known = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    return file | known | ({"content": base64.b64encode(content).decode()} if len(content) <= INLINE_LIMIT else {})


def judge(form: dict[str, Any]) -> dict[str, Any]:
    """What intake would refuse, apart from files it has or has not: `{"reasons": [...], "names": the files' names}`."""
    try:
        inbound = Inbound.model_validate_json(orjson.dumps(form))
    except ValidationError as error:
        return {"reasons": [r.model_dump() for r in reasons_of(error)], "names": []}
    reasons = [r.model_dump() for r in reasons_against(inbound.dataset, inbound.files)]
    return {"reasons": reasons, "names": [file.name for file in inbound.files]}


def judged_in_words(name: str, told: dict[str, Any]) -> str:
    lines = [f"{name}: {'dapat diserahkan' if not told['reasons'] else 'belum dapat diserahkan'}"]
    return "\n".join([*lines, *(f"  ditolak  {reason['note']}" for reason in told["reasons"])])


def in_words(receipt: dict[str, Any]) -> str:
    words = {"accepted": "diterima", "duplicate": "sudah pernah diterima", "refused": "ditolak"}[receipt["outcome"]]
    reasons = "".join(f"\n  {reason['message']}" for reason in receipt["reasons"])
    return f"{receipt['event_id']}: {words}" + (f", nomor {receipt['submission_id']}" if receipt["submission_id"] else "") + reasons


async def need_topics(kafka: Kafka, topics: set[str]) -> None:
    """Raises FormRefused for an agency that has no topic yet: sending would wait for it in vain."""
    async with kafka.admin() as admin:
        if missing := topics - set(await admin.list_topics()):
            raise FormRefused(f"there is no topic {min(missing)}: make the agency known first with jejak opd add")


def is_kode(text: str) -> bool:
    return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", text) is not None


def token_id(token_or_id: str) -> str:
    """The id inside a token (its signature does not matter to revoke it), or the id itself."""
    if token_or_id.count(".") != 2:
        return token_or_id
    try:
        claims = jwt.decode(token_or_id, options={"verify_signature": False})
    except jwt.InvalidTokenError as error:
        raise FormRefused("that is neither a token nor a token's id") from error
    if not claims.get("jti"):
        raise FormRefused("that token has no id; it is none of ours")
    return str(claims["jti"])
