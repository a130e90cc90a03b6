"""All lanes in one thread over a Kafka and disks in memory, moved step by step: the journal, the bus and the commands are the real ones.

In: steps (send, deliver, take, relay, command, crash, restore …) in any order; out: what the checker wants to see.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

from aiokafka import TopicPartition

from archive.proof import check
from archive.sources import JournalSource
from events.contracts import DEAD_LETTERS_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, Actor
from events.journal import RELAYED, RELAYED_LETTERS
from events.recorder import Row
from events.submission import Refused
from lane.checking import Checking
from lane.file_stores import open_files
from lane.lane import NotReady
from tests.crash.checker import Expected, JournalSeen, Seen, violations
from tests.crash.evidence import placed, seen_in
from tests.crash.load import Said
from tests.crash.memory import Crash, Disk, Log, MemoryRuns, Producer
from tests.crash.plans import OPDS
from tests.crash.processes import COMMANDS, Process, body_of, started

ROUNDS: Final = 500
PEOPLE: Final = {
    "decision": Actor(id="atasan", name="Atasan", role="atasan_ppid"),
    "publisher": Actor(id="jejak-publisher", name="Penerbit otomatis", role="admin_opendata"),
}


@dataclass
class World:
    """`disks`: what survives. Two processes share the disk of a lane in `shared_lanes`, as on PostgreSQL."""

    directory: Path
    shared_lanes: Sequence[str] = ()
    log: Log = field(default_factory=Log)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    disks: dict[str, Disk] = field(default_factory=dict)
    copies: dict[str, Disk] = field(default_factory=dict)
    processes: dict[str, list[Process]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    crashes: int = 0
    checking: Checking = field(init=False)

    def __post_init__(self) -> None:
        self.checking = Checking(open_files(f"file:{self.directory / 'files'}"))
        for topic in (LOG_TOPIC, RECEIPTS_TOPIC, DEAD_LETTERS_TOPIC, *(f"opd.{opd}.data-submitted.v1" for opd in OPDS)):
            self.log.partitions(topic)
        for name in COMMANDS:
            self.disks[name] = Disk()
            self.boot(name)

    # a lane's life

    def boot(self, name: str) -> None:
        """Start all processes of a lane on its disk, as after a crash."""
        count = 2 if name in self.shared_lanes else 1
        self.processes[name] = [
            started(name, self.disks[name], self.log, self.checking, is_shared=name in self.shared_lanes) for _ in range(count)
        ]
        self.rebalance(name, 0)

    def rebalance(self, name: str, turn: int) -> None:
        """Deal the partitions out anew; what was delivered stays with whoever holds it, as with a process that was paused."""
        processes = self.processes[name]
        for index, consumer in enumerate(processes[0].lane.consumers):
            partitions = [
                TopicPartition(topic, p)
                for topic in sorted(self.log.topics)
                if consumer.topics.match(topic)
                for p in range(len(self.log.partitions(topic)))
            ]
            for number, process in enumerate(processes):
                mine = [tp for i, tp in enumerate(partitions) if (i + turn) % len(processes) == number]
                process.readers[index].assign(mine)
                self._run(process.lane.consumers[index].seek(cast("Any", process.readers[index]), set(mine)))

    def lose(self, name: str) -> None:
        self.disks[name] = Disk()
        self.boot(name)

    def copy(self, name: str) -> None:
        self.copies[name] = self.disks[name].copy()

    def restore(self, name: str) -> None:
        self.disks[name] = self.copies[name].copy()
        self.boot(name)

    def has_sent_everything(self, name: str) -> bool:
        journal = self.processes[name][0].lane.journal
        return not journal.read(journal.cursor(RELAYED), 1, (Row.OWN,)) and not journal.letters(journal.cursor(RELAYED_LETTERS), 1)

    # steps

    def deliver(self, name: str, process: int, limit: int) -> None:
        """Kafka hands records to a process, which looks around first, as the bus does."""
        here = self._of(name, process)
        for index, consumer in enumerate(here.lane.consumers):
            # The bus asks for more when it has taken what it has; intake's inbound topics wait until it has caught up.
            if not here.held[index] and not (index and not here.lane.ready):
                consumer._watched_at = 0.0
                self._run(consumer._watch(cast("Any", here.readers[index]), cast("Any", here.readers[index])))
                here.held[index] += here.readers[index].poll(limit)

    def take(self, name: str, process: int, crash: str | None = None) -> None:
        """What was delivered goes into the journal, or the process dies of it."""
        here = self._of(name, process)
        self.disks[name].crash = crash
        try:
            for index, consumer in enumerate(here.lane.consumers):
                if here.held[index]:
                    held, here.held[index] = here.held[index], []
                    consumer._taken(held)
        except Crash:
            self._died(name)
        except Exception as error:  # noqa: BLE001 (a loop that fails is started anew, as `forever` does it)
            self.failures.append(repr(error))
            self.boot(name)
        self.disks[name].crash = None

    def relay(self, name: str, process: int, dies_after: int | None = None) -> None:
        """Everything outgoing is sent, or the process dies after some of it, before its cursor is saved."""
        self.log.dies_after = dies_after
        try:
            self._run(self._of(name, process).relay._drain(cast("Any", Producer(self.log))))
        except Crash:
            self._died(name)
        self.log.dies_after = None

    def command(self, name: str, submission: UUID, verb: str, expected: int, *, process: int = 0, crash: str | None = None) -> str:
        """Somebody says something on what they saw; the answer they get: `said`, `refused`, `not ready` or `none`."""
        here = self._of(name, process)
        self.disks[name].crash = crash
        try:
            body = body_of(here.lane, verb, submission, expected)
            actor = PEOPLE.get(name) or Actor(id="ketua", name="Ketua", role="ketua_ppid", opd=here.lane.find(submission).opd)
            recorded = here.lane.do(verb, submission, body, actor=actor)
        except Refused:
            return "refused"
        except NotReady:
            return "not ready"
        except Crash:
            self._died(name)
            return "none"
        finally:
            self.disks[name].crash = None
        self.said.append(Said(expected, recorded.raw))
        return "said"

    # the end

    def settle(self) -> None:
        """No more faults: everything is started anew and runs until nothing moves."""
        for name in COMMANDS:
            self.boot(name)
        still = 0
        for _ in range(ROUNDS):
            before = self._moved()
            for name in COMMANDS:
                for number in range(len(self.processes[name])):
                    self.relay(name, number)
                    self.deliver(name, number, 1_000)
                    self.take(name, number)
            still = still + 1 if before == self._moved() else 0
            if still == 2:
                return
        raise AssertionError(f"it never came to rest in {ROUNDS} rounds")

    def close(self) -> None:
        self.checking.stop()
        for processes in self.processes.values():
            for process in processes:
                process.lane.inbox.engine.dispose()
        for disk in (*self.disks.values(), *self.copies.values()):
            disk.close()
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def violations(self, expected: Expected) -> list[str]:
        return violations(self.seen(), expected)

    def seen(self) -> Seen:
        sources: dict[str, Any] = {"kafka": MemoryRuns(self.log, LOG_TOPIC)}
        journals: dict[str, JournalSeen] = {}
        for name, disk in self.disks.items():
            sources[name] = JournalSource(disk)
            journals[name] = seen_in(disk, work=self._work(name))
        inbound = [((m.topic, m.partition, m.offset), m.value) for opd in OPDS for m in self.log.all(f"opd.{opd}.data-submitted.v1")]
        receipts = [(placed(dict(m.headers)), m.value) for m in self.log.all(RECEIPTS_TOPIC)]
        letters = [(*placed(dict(m.headers)), dict(m.headers)["error"].decode()) for m in self.log.all(DEAD_LETTERS_TOPIC)]
        return Seen(check(sources), journals, inbound, receipts, letters)

    def _work(self, name: str) -> dict[str, tuple[str, str | None, int]]:
        items = self._of(name, 0).lane.inbox.page(limit=10_000).items
        return {str(item.submission_id): (str(item.state), item.holder, item.sequence) for item in items}

    def _moved(self) -> tuple[int, ...]:
        sent = sum(len(partition) for topic in self.log.topics.values() for partition in topic)
        return (sent, *((disk.max_notification_id() or 0) + disk.max_letter() for disk in self.disks.values()))

    def _died(self, name: str) -> None:
        self.crashes += 1
        self.disks[name].crash = None
        self.boot(name)

    def _of(self, name: str, process: int) -> Process:
        return self.processes[name][process % len(self.processes[name])]

    def _run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)
