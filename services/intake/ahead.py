"""Files of waiting records, looked at and held against the version before, beside the others, before their turn comes.

Records in; what has begun out.

A record is judged in its turn as ever, and finds that its files were looked at; one that will be refused costs a look in vain.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cache, partial

from events.admission import Record
from events.inbound import Inbound, InboundFile
from lane.beside import Told
from lane.checking import Checking
from lane.files import Files
from lane.look import Look
from lane.versions import followed_by
from services.intake.commands import Size, first_step, read_form
from services.intake.contents import INLINE_LIMIT, content_of
from services.intake.inbound import opd_of
from services.intake.names import Names


def begin(records: Sequence[Record], *, checking: Checking, files: Files, names: Callable[[], Names]) -> Sequence[Future[Told]]:
    """The looks at the files of these records, one topic's, that are not known yet. Raises FilesUnavailable.

    `names`: what is known of datasets now.
    """
    looks: list[Look] = []
    read = [(read_form(record.raw), opd_of(record.topic)) for record in records if record.raw is not None]
    forms = [form for form, opd in read if isinstance(form, Inbound) and form.opd == opd]
    known, size = names(), cache(files.size_for)
    known.look_up({form.dataset.dataset_id for form in forms})
    for form in forms:
        found = {at: look for at, file in enumerate(form.files) if (look := _look(file, form, files, size))}
        looks += [*found.values(), *_comparisons(found, form, known)]
    return checking.begin(looks)


def _comparisons(found: Mapping[int, Look], inbound: Inbound, names: Names) -> list[Look]:
    before = names.version_before(inbound.dataset)
    follows = followed_by(inbound.files, before.files) if before else {}
    return [replace(look, before=follows[at]) for at, look in found.items() if at in follows and follows[at].sha256 != look.file.sha256]


def _look(file: InboundFile, inbound: Inbound, files: Files, size: Size) -> Look | None:
    """Nothing is looked at whose bytes are not those that are said: it will be refused."""
    if file.content is None:
        there = size(file.sha256, inbound.opd) == file.bytes
        return Look(file, inbound.dataset, lambda wanted: files.read(wanted.sha256), step=first_step(inbound)) if there else None
    content = content_of(file)
    if content is None or len(content) > INLINE_LIMIT or hashlib.sha256(content).hexdigest() != file.sha256:
        return None
    return Look(file, inbound.dataset, partial(_inline, content), step=first_step(inbound))


def _inline(content: bytes, _: object) -> tuple[bytes]:
    return (content,)
