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


def begin(
    groups: Sequence[Sequence[Record]], *, checking: Checking, files: Files, names: Callable[[], Names]
) -> Sequence[Sequence[Future[Told]]]:
    """The looks at the files of these records, for each topic's those that are not known yet. Raises FilesUnavailable.

    `names`: what is known of datasets now.
    """
    read = [[(read_form(record.raw), opd_of(record.topic)) for record in records if record.raw is not None] for records in groups]
    forms = [[form for form, opd in told if isinstance(form, Inbound) and form.opd == opd] for told in read]
    known, size = names(), cache(files.size_for)
    known.look_up({form.dataset.dataset_id for group in forms for form in group})
    return [checking.begin([look for form in group for look in _looks(form, files, size, known)]) for group in forms]


def _looks(form: Inbound, files: Files, size: Size, names: Names) -> list[Look]:
    found = {at: look for at, file in enumerate(form.files) if (look := _look(file, form, files, size))}
    return [*found.values(), *_comparisons(found, form, names)]


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
