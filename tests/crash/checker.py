"""The checker: what lies in journals, on Kafka, on the portal and with the clients in; every broken promise out, in a sentence each.

Chains and bytes are judged by `archive.proof`, the function behind `jejak audit verify`; this adds what only a test can know:
what was submitted, promised to clients and forged. Pure, so the same function serves real processes, the soak and the simulation.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from archive.proof import Report
from events.contracts import DEAD_LETTERS_TOPIC, EVENT, LOG_TOPIC, RECEIPTS_TOPIC
from events.submission import BATON, STATE_AFTER
from tests.crash.load import Said

Place = tuple[str, int, int]
"""Topic, partition, offset."""
Letter = tuple[str, int, int, str]
"""Where a record stands that was set aside, and the code why."""


@dataclass(frozen=True)
class JournalSeen:
    """One journal: events by submission, receipts and dead letters by the place of their record, and its heads."""

    events: Mapping[uuid.UUID, Sequence[bytes]]
    receipts: Mapping[Place, bytes]
    letters: frozenset[Letter]
    work: Mapping[str, tuple[str, str | None, int]] | None = None


@dataclass(frozen=True)
class Seen:
    """Everything there is when all has come to rest. `portal`: dataset id → submissions shown, one for each version.

    `duplicates`: records of the log that Kafka holds once more (the relay sends again when unsure).
    """

    report: Report
    journals: Mapping[str, JournalSeen]
    inbound: Sequence[tuple[Place, bytes | None]] = ()
    receipts: Sequence[tuple[Place, bytes]] = ()
    letters: Sequence[Letter] = ()
    portal: Mapping[str, Sequence[str]] | None = None
    duplicates: int = 0


@dataclass
class Expected:
    """What must be there. `good`: inbound bytes → submission; `bad`: inbound bytes that are refused, with a dead letter when unreadable."""

    paths: Mapping[uuid.UUID, Sequence[str]]
    good: Mapping[bytes, uuid.UUID] = field(default_factory=dict)
    bad: Mapping[bytes | None, bool] = field(default_factory=dict)
    said: Sequence[Said] = ()
    received: Sequence[uuid.UUID] = ()
    datasets: Mapping[uuid.UUID, str] = field(default_factory=dict)
    forged: frozenset[Letter] = frozenset()
    astray: frozenset[Letter] = frozenset()
    """Where on the log forged records lie now, wherever they were when they were set aside: a log that was lost has moved them."""
    surprises: Sequence[str] = ()


def violations(seen: Seen, expected: Expected) -> list[str]:
    """Empty when every promise of docs/reliability.md was kept."""
    return [
        *expected.surprises,
        *_copies(seen, expected),
        *_paths(seen, expected),
        *_promises(seen, expected),
        *_receipts(seen, expected),
        *_letters(seen, expected),
        *_inboxes(seen),
        *_portal(seen, expected),
    ]


def _copies(seen: Seen, expected: Expected) -> Iterator[str]:
    """Chains whole and bytes equal everywhere; what was forged lies on Kafka for ever and is nobody's fault."""
    known = expected.forged | expected.astray
    forged = {f"kafka {partition}@{offset}" for topic, partition, offset, _ in known if topic == LOG_TOPIC}
    for found in seen.report.differences:
        path = expected.paths.get(uuid.UUID(found.submission_id), ()) if found.submission_id else ()
        beyond = known and found.where == "kafka" and found.what == "missing" and (found.sequence or 0) > len(path)
        if found.where not in forged and not beyond:
            yield f"{found.where}: {found.what} (submission {found.submission_id}, event {found.sequence})"
    if seen.report.unlisted:
        yield f"and {seen.report.unlisted} more differences"


def _paths(seen: Seen, expected: Expected) -> Iterator[str]:
    for lane, journal in seen.journals.items():
        for submission in journal.events.keys() - expected.paths.keys():
            yield f"{lane}: a submission that nobody made, {submission}"
        for submission, path in expected.paths.items():
            found = [str(orjson.loads(raw)["type"]) for raw in journal.events.get(submission, ())]
            if found != list(path):
                yield f"{lane}: {submission} went {' '.join(found) or 'nowhere'} instead of {' '.join(path)}"


def _promises(seen: Seen, expected: Expected) -> Iterator[str]:
    """Success was told after the commit: that very event is there, and it follows the one its caller had seen."""
    for said in expected.said:
        event = EVENT.validate_json(said.raw)
        if event.sequence != said.expected_sequence + 1:
            yield f"{event.submission_id}: decided on step {said.expected_sequence}, written as step {event.sequence}"
        for lane, journal in seen.journals.items():
            there = journal.events.get(event.submission_id, ())
            if len(there) < event.sequence or there[event.sequence - 1] != said.raw:
                yield f"{lane}: the {event.type} that was promised to a client is not there ({event.submission_id})"
    for submission in expected.received:
        for lane, journal in seen.journals.items():
            if submission not in journal.events:
                yield f"{lane}: the submission that was received by HTTP is not there ({submission})"


def _receipts(seen: Seen, expected: Expected) -> Iterator[str]:
    """One outcome for every inbound record, the right one, told on Kafka; what intake's journal still holds was told like that."""
    told: dict[Place, list[bytes]] = {}
    for place, answer in seen.receipts:
        told.setdefault(place, []).append(answer)
    accepted: set[uuid.UUID] = set()
    for place, raw in sorted(seen.inbound, key=lambda record: record[0]):
        submission = expected.good.get(raw) if raw is not None else None
        wanted = "refused" if submission is None else "duplicate" if submission in accepted else "accepted"
        if submission:
            accepted.add(submission)
        outcomes = {_outcome(answer) for answer in told.get(place, ())}
        if outcomes != {wanted}:
            yield f"{RECEIPTS_TOPIC}: the record at {place} was answered {', '.join(sorted(outcomes)) or 'nothing'}, not {wanted}"
        if submission is None and raw not in expected.bad:
            yield f"{place}: an inbound record that nobody sent"
    for place, receipt in sorted(seen.journals["intake"].receipts.items()):
        if receipt not in told.get(place, ()):
            yield f"{RECEIPTS_TOPIC}: intake's receipt for the record at {place} is not there"
    for place in sorted(told.keys() - {place for place, _ in seen.inbound}):
        yield f"a receipt for nothing, {place}"


def _outcome(raw: bytes) -> str:
    return str(orjson.loads(raw)["outcome"])


def _letters(seen: Seen, expected: Expected) -> Iterator[str]:
    """Exactly the forged and the unreadable records were set aside: by every lane, or by intake for its own topics.

    An intake that lost its store knows from the receipts that a record was dealt with, and does not set it aside again.
    """
    unreadable = {(*place, "unreadable") for place, raw in seen.inbound if expected.bad.get(raw)}
    for lane, journal in seen.journals.items():
        for letter in sorted(journal.letters - expected.forged - (unreadable if lane == "intake" else set())):
            yield f"{lane}: a good record was set aside, {letter}"
        for letter in sorted(expected.forged - journal.letters):
            yield f"{lane}: a bad record was not set aside, {letter}"
    for letter in sorted((expected.forged | unreadable) - set(seen.letters)):
        yield f"{DEAD_LETTERS_TOPIC}: {letter} is not there"
    for letter in sorted(set(seen.letters) - expected.forged - unreadable):
        yield f"{DEAD_LETTERS_TOPIC}: {letter} should not be there"


def _inboxes(seen: Seen) -> Iterator[str]:
    """Every submission stands in its inbox as its last event put it."""
    for lane, journal in seen.journals.items():
        if journal.work is None:
            continue
        wanted = {}
        for submission, raws in journal.events.items():
            last = orjson.loads(raws[-1])
            state = STATE_AFTER[last["type"]]
            wanted[str(submission)] = (str(state), BATON[state].holder, last["sequence"])
        found = journal.work
        for submission_id in sorted(wanted.keys() | found.keys()):
            if wanted.get(submission_id) != found.get(submission_id):
                says, is_so = found.get(submission_id), wanted.get(submission_id)
                yield f"{lane}: the inbox says {says} of {submission_id}, its journal {is_so}"


def _portal(seen: Seen, expected: Expected) -> Iterator[str]:
    """Each published submission once, under its own dataset, and nothing else."""
    if seen.portal is None:
        return
    wanted: dict[str, list[str]] = {}
    for submission, path in expected.paths.items():
        if path[-1] == "DataPublished":
            wanted.setdefault(expected.datasets[submission], []).append(str(submission))
    for dataset in sorted(wanted.keys() | seen.portal.keys()):
        if sorted(wanted.get(dataset, ())) != sorted(seen.portal.get(dataset, ())):
            yield f"portal: {dataset} shows {sorted(seen.portal.get(dataset, ()))}, not {sorted(wanted.get(dataset, ()))}"
