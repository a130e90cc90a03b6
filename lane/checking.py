"""Checking files for a lane: metadata and files by hash in, findings out; a hostile file costs one finding, never the lane.

Each file is looked at in a process of its own that is killed when its time is over; what was found is kept beside the file, by its
SHA-256 and what it was checked against, so that the same file is not read twice, and a lane that is killed in between asks again.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final
from weakref import WeakValueDictionary

import structlog

from checks.catalogue import CHECKS, Report, report, summary
from checks.content import ALLOWED
from checks.findings import Found
from checks.metadata import findings as metadata_findings
from events.contracts import Finding, Reason
from events.metadata import Dataset, File
from lane.beside import Beside, Told
from lane.files import FileProblem, Files
from lane.look import Look, Open, about, keys, name_of, one
from lane.malware import NotScanned, scan
from lane.tracing import Step, Traces
from lane.turns import Turns
from lane.versions import Version, followed_by, period_told
from lane.workers import CORES, Workers, copied

BYTES_A_SECOND: Final = 500_000
"""How fast a file is looked at even on a busy machine; measured: docs/checks.md."""
CALLS: Final = 8
"""Threads for calls that may have to wait for a worker: the loops of the lanes never wait behind them; nor does one OPD behind another."""
REFUSED: Final = frozenset({"file_type", "malware"})
"""What a person cannot judge: refused at intake, and at a revision."""
LOOK_AGAIN: Final = frozenset({"not_checked", "file_lost"})
"""What says nothing of the file, but of the moment at which it was looked at."""
NOT_KEPT: Final = REFUSED | LOOK_AGAIN
"""Looked at again next time: a scanner learns, and a machine is not always as busy."""
log = structlog.get_logger("jejak.checks")


@dataclass
class Checking:
    """The checks of one process of a lane. Callers block; several may ask at once, each has a worker of its own meanwhile."""

    files: Files
    allowed: frozenset[str] = ALLOWED
    seconds: float = 60.0
    memory_mb: int = 1_024
    clamd: str | None = None
    traces: Traces = field(default_factory=Traces)
    turns: Turns = field(default_factory=lambda: Turns(CALLS, CALLS // 2))
    """At the threads for calls."""
    _workers: Workers = field(default_factory=Workers)
    _begun: WeakValueDictionary[tuple[str, str], Future[Told]] = field(default_factory=WeakValueDictionary)
    """Looks that run or have run, for as long as somebody keeps hold of them."""

    def findings(
        self,
        dataset: Dataset,
        files: Sequence[File],
        *,
        today: date,
        read: Open,
        before: Version | None = None,
        step: Step | None = None,
    ) -> Report:
        """Of metadata and files together, and against the version that was published before; for an event to be, or to tell only.

        Raises FilesUnavailable.
        """
        found = list(metadata_findings(dataset, files, today=today))
        more: dict[str, int] = {}
        for index, file in enumerate(files):
            told = self.of_file(file, dataset, read, step)
            found += [Finding.model_validate({**f, "field": f"files.{index}"}, strict=False) for f in told["findings"]]
            for code, count in told["more"].items():
                more[code] = more.get(code, 0) + count
        if dataset.personal_data.contains and not any(f.code.startswith("personal_data_") for f in found):
            note = Found(field="dataset.personal_data")
            note("personal_declared")
            found += report(note).findings
        if before:
            found += [period_told(dataset, files, before), *self._against_before(dataset, files, before, read, step)]
        kept = summary(found)
        for code, count in kept.more.items():
            more[code] = more.get(code, 0) + count
        return Report(kept.findings, more, kept.scores)

    def _against_before(self, dataset: Dataset, files: Sequence[File], before: Version, read: Open, step: Step | None) -> Iterator[Finding]:
        for place, old in followed_by(files, before.files).items():
            for told in self.changes(files[place], old, dataset, read, step)["findings"]:
                yield Finding.model_validate({**told, "field": f"files.{place}"}, strict=False)

    def changes(self, file: File, old: File, dataset: Dataset, read: Open, step: Step | None = None) -> Told:
        """`{"changes", "findings"}` of a file against the one of the version before, from beside the file when both were compared before.

        `changes` is None when they could not be compared. Raises FilesUnavailable.
        """
        if file.sha256 == old.sha256 or not (file.bytes and old.bytes):
            return {"changes": [], "findings": []}
        return self._told(Look(file, dataset, read, old, step))

    def of_file(self, file: File, dataset: Dataset, read: Open, step: Step | None = None) -> Told:
        """`{"findings", "more", "profiles"}`, from beside the file when it was looked at before; from memory without the profiles."""
        if file.bytes == 0:
            return {"findings": [], "more": {}, "profiles": []}  # told by the checks of metadata
        return self._told(Look(file, dataset, read, step=step))

    def profiles(self, file: File, dataset: Dataset, read: Open) -> list[dict[str, object]] | None:
        """What stands in the file's tables, as checked against these metadata and no other's; None when it cannot be looked at."""
        if file.bytes == 0:
            return None
        look = Look(file, dataset, read)
        name = name_of(look, self.allowed)
        told = self.beside.whole(file.sha256, name) or self._look(look, name)
        return None if any(f["code"] in NOT_KEPT for f in told["findings"]) else list(told["profiles"])

    def _told(self, look: Look) -> Told:
        sha256, name = look.file.sha256, name_of(look, self.allowed)
        if (known := self.beside.told(sha256, name)) is not None:
            return known
        begun = self._begun.get((sha256, name))
        if begun is not None and begun.exception() is None:
            return begun.result()
        return self._look(look, name)

    def is_known(self, look: Look) -> bool:
        """Nothing is left to look at: it was looked at before, or is empty. Raises FilesUnavailable."""
        if not look.file.bytes or (look.before and not look.before.bytes):
            return True
        return self.beside.told(look.file.sha256, name_of(look, self.allowed)) is not None

    def begin(self, looks: Sequence[Look]) -> list[Future[Told]]:
        """Looks at files that are not known yet, as many at once as there are cores; who asks for one of them meanwhile waits for it.

        Their results last for as long as the futures are kept hold of. Raises FilesUnavailable.
        """
        unknown = [(look, name_of(look, self.allowed)) for look in looks if not self.is_known(look)]  # all, before one is promised
        waiting: deque[tuple[Look, str, Future[Told]]] = deque()
        begun = []
        for look, name in unknown:
            key = (look.file.sha256, name)
            future = self._begun.get(key)
            if future is None:
                future = self._begun[key] = Future()
                waiting.append((look, name, future))
            begun.append(future)
        for _ in range(min(len(waiting), CORES)):
            self._lookers.submit(self._look_through, waiting)
        return begun

    @cached_property
    def beside(self) -> Beside:
        """What was found before."""
        return Beside(self.files)

    @cached_property
    def calls(self) -> ThreadPoolExecutor:
        """Where calls run that look at files."""
        return ThreadPoolExecutor(max_workers=CALLS, thread_name_prefix="check")

    @cached_property
    def _lookers(self) -> ThreadPoolExecutor:
        """Twice as many as one caller may take: one with hostile files does not hold up the others."""
        return ThreadPoolExecutor(max_workers=2 * CORES, thread_name_prefix="look")

    def _look_through(self, waiting: "deque[tuple[Look, str, Future[Told]]]") -> None:
        while True:
            try:
                look, name, future = waiting.popleft()
            except IndexError:
                return
            try:
                future.set_result(self._look(look, name))
            except Exception as error:  # noqa: BLE001 (whoever asks for the file meets it again)
                future.set_exception(error)

    def _look(self, look: Look, name: str) -> Told:
        with self.traces.work("compare" if look.before else "check", look.step, sha256=look.file.sha256, bytes=look.file.bytes):
            return self._compared(look, look.before, name) if look.before else self._looked_at(look, name)

    def _looked_at(self, look: Look, name: str) -> Told:
        file = look.file
        try:
            told = self._looked(file, look.dataset, look.read)
        except FileProblem as problem:  # gone from the store, or no longer what it was
            log.warning("file_lost", sha256=file.sha256, code=problem.code)
            return one(file, "file_lost")
        except NotScanned:
            log.warning("not_scanned", sha256=file.sha256, bytes=file.bytes)
            return one(file, "not_checked", "lebih besar daripada batas pemindai malware", "it is larger than the malware scanner takes")
        if not any(f["code"] in NOT_KEPT for f in told["findings"]):
            self.beside.keep(file.sha256, name, told)
        return told

    def _compared(self, look: Look, old: File, name: str) -> Told:
        file = look.file
        try:
            with copied(look.read(file)) as path, copied(self.files.read(old.sha256)) as before:
                job = {"path": path, "name": file.name, "before": before, "keys": keys(look.dataset)}
                told = self._asked(job, file.sha256, file.bytes + old.bytes)
        except FileProblem as problem:
            log.warning("file_lost", sha256=file.sha256, before=old.sha256, code=problem.code)
            return {"changes": None, "findings": []}
        if told is None:  # remembered: it costs all its time again, and tells nothing of the file
            told = {"changes": None, "findings": one(file, "not_compared")["findings"]}
            self.beside.remember(file.sha256, name, told)
            return told
        self.beside.keep(file.sha256, name, told)
        return told

    def _looked(self, file: File, dataset: Dataset, read: Open) -> Told:
        with copied(read(file)) as path:
            if self.clamd and (name := scan(path, self.clamd)):
                log.warning("malware", sha256=file.sha256, name=name)
                return one(file, "malware")
            columns = [column.model_dump(mode="json", exclude_none=True) for column in dataset.columns]
            job = {"path": path, "name": file.name, "media_type": file.media_type, "columns": columns, "about": about(dataset)}
            return self._asked({**job, "allowed": sorted(self.allowed)}, file.sha256, file.bytes) or one(file, "not_checked")

    def _asked(self, job: Told, sha256: str, size: int) -> Told | None:
        """A worker's answer; None when it had to be killed. A file of many bytes is given more time."""
        seconds = self.seconds + size / BYTES_A_SECOND
        told = self._workers.ask(job, seconds=seconds, memory_mb=self.memory_mb)
        if told is None:
            log.warning("check_ended", sha256=sha256, seconds=seconds)
        return told

    def stop(self) -> None:
        """Ends the processes."""
        self._workers.stop()
        for pool in ("_lookers", "calls"):
            if pool in self.__dict__:
                self.__dict__[pool].shutdown(wait=False, cancel_futures=True)


def reasons_in(told: Report) -> list[Reason]:
    """What is refused outright, of what was found, without the file's own name: the answer may stay for ever where many read."""
    return [
        Reason(code=f.code, field=f.field, note=CHECKS[f.code].message.format(file=f.field)) for f in told.findings if f.code in REFUSED
    ]
