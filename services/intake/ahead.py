"""Files of waiting records, looked at beside the others before their turn comes. Records in; what has begun out.

A record is judged in its turn as ever, and finds that its files were looked at; one that will be refused costs a look in vain.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

from events.admission import Record
from events.contracts import Inbound, InboundFile
from lane.checking import Checking, Look
from lane.files import Files
from services.intake.commands import read_form
from services.intake.contents import INLINE_LIMIT, content_of
from services.intake.inbound import opd_of


def begin(records: Sequence[Record], *, checking: Checking, files: Files) -> Sequence[Future[dict[str, Any]]]:
    """The looks at the files of these records, one topic's, that are not known yet. Raises FilesUnavailable."""
    looks: list[Look] = []
    for record in records:
        inbound = read_form(record.raw) if record.raw is not None else None
        if isinstance(inbound, Inbound) and inbound.opd == opd_of(record.topic):
            looks += [look for file in inbound.files if (look := _look(file, inbound, files))]
    return checking.begin(looks)


def _look(file: InboundFile, inbound: Inbound, files: Files) -> Look | None:
    """Nothing is looked at whose bytes are not those that are said: it will be refused."""
    if file.content is None:
        there = files.size_for(file.sha256, inbound.opd) == file.bytes
        return Look(file, inbound.dataset, lambda wanted: files.read(wanted.sha256)) if there else None
    content = content_of(file)
    if content is None or len(content) > INLINE_LIMIT or hashlib.sha256(content).hexdigest() != file.sha256:
        return None
    return Look(file, inbound.dataset, partial(_inline, content))


def _inline(content: bytes, _: object) -> tuple[bytes]:
    return (content,)
