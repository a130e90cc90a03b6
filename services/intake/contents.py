"""The files of a form: named or inline in, their bytes or what is wrong with them out."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

from events.contracts import Reason
from events.inbound import InboundFile

INLINE_LIMIT: Final = 512 * 1024


def content_of(file: InboundFile) -> bytes | None:
    """The inline content; None when there is none, or it is no base64 (`_file_problem` tells the two apart)."""
    try:
        return base64.b64decode(file.content, validate=True) if file.content is not None else None
    except (binascii.Error, ValueError):
        return None


def file_problem(file: InboundFile, content: bytes | None, field: str, size_of: Callable[[str], int | None]) -> Reason | None:
    """Why this file cannot be taken. `size_of`: bytes of a file that the OPD brought before."""
    if file.content is None:
        size = size_of(file.sha256)
        if size is None:
            note = f"Berkas {field} belum ada: kirim dahulu dengan PUT /intake/api/files/{{sha256}}."
            return Reason(code="file_missing", field=f"{field}.sha256", note=note)
        return None if size == file.bytes else _wrong_size(field, size)
    if content is None:
        return Reason(code="wrong_format", field=f"{field}.content", note=f"{field}.content harus base64.")
    if len(content) > INLINE_LIMIT:
        note = f"{field}.content paling banyak 512 KiB; kirim dengan PUT /intake/api/files/{{sha256}}."
        return Reason(code="too_large", field=f"{field}.content", note=note)
    if len(content) != file.bytes:
        return _wrong_size(field, len(content))
    if hashlib.sha256(content).hexdigest() != file.sha256:
        return Reason(code="wrong_hash", field=f"{field}.sha256", note="Isi berkas tidak sesuai dengan SHA-256 yang disebutkan.")
    return None


def _wrong_size(field: str, size: int) -> Reason:
    return Reason(code="wrong_size", field=f"{field}.bytes", note=f"{field}.bytes tidak sama dengan besar berkasnya: {size} bita.")
