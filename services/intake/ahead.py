"""Files of waiting records, looked at and held against the version before, beside the others, before their turn comes.

Records in; what has begun out.

A record is judged in its turn as ever, and finds that its files were looked at; one that will be refused costs a look in vain.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache, partial

from events.admission import Record
from events.ids import submission_id_of
from events.inbound import Inbound, InboundFile
from events.metadata import File
from lane.beside import Told
from lane.checking import Checking
from lane.files import Files
from lane.look import Look, Open
from lane.versions import Version, followed_by
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
    before = names().versions_before({form.dataset.dataset_id for group in forms for form in group})
    ahead = _Ahead(checking, files, cache(files.size_for), before)
    return [checking.begin([look for form in group for look in ahead.looks(form)]) for group in forms]


@dataclass(frozen=True)
class _Ahead:
    checking: Checking
    files: Files
    size: Size
    before: Mapping[str, Version]

    def looks(self, form: Inbound) -> list[Look]:
        """What nobody has looked at yet; most files of most forms are known, and nothing more is asked of those."""
        before = self.before.get(form.dataset.dataset_id)
        follows = followed_by(form.files, before.files) if before else {}
        found = []
        for at, file in enumerate(form.files):
            old = follows.get(at)
            olds = (None, old) if old and old.sha256 != file.sha256 else (None,)
            unknown = [old for old in olds if not self.checking.is_known(Look(file, form.dataset, self._kept, old))]
            if unknown and (read := self._read(file, form)):
                step = first_step(submission_id_of(form.opd, form.event_id))
                found += [Look(file, form.dataset, read, old, step) for old in unknown]
        return found

    def _read(self, file: InboundFile, form: Inbound) -> Open | None:
        """Nothing is looked at whose bytes are not those that are said: it will be refused."""
        if file.content is None:
            return self._kept if self.size(file.sha256, form.opd) == file.bytes else None
        content = content_of(file)
        if content is None or len(content) > INLINE_LIMIT or hashlib.sha256(content).hexdigest() != file.sha256:
            return None
        return partial(_inline, content)

    def _kept(self, file: File) -> Iterable[bytes]:
        return self.files.read(file.sha256)


def _inline(content: bytes, _: object) -> tuple[bytes]:
    return (content,)
