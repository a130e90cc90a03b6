"""Who may do what on Kafka: one table, from which rights are given on the cluster and the operators' page is printed. Pure."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from events.contracts import DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC, LOG_TOPIC, RECEIPTS_TOPIC, inbound_topic_of

SHARED: Final = (LOG_TOPIC, RECEIPTS_TOPIC, DEAD_LETTERS_TOPIC, DIRECTORY_TOPIC)
OPERATOR: Final = "jejak-operator"
"""Makes users, rights and topics, so it is one of the cluster's super users and has no row."""


class Right(NamedTuple):
    """`resource`: "topic" or "group"; `prefixed`: every name that begins so."""

    resource: str
    name: str
    operations: tuple[str, ...]
    prefixed: bool = False


def _lane(name: str, *more: Right) -> tuple[Right, ...]:
    return (
        *(Right("topic", topic, ("Describe", "DescribeConfigs")) for topic in SHARED),
        Right("topic", LOG_TOPIC, ("Read",)),
        Right("topic", DIRECTORY_TOPIC, ("Read",)),
        Right("topic", DEAD_LETTERS_TOPIC, ("Write",)),
        Right("group", f"jejak.{name}", ("Read",), prefixed=True),
        *more,
    )


_WRITES: Final = Right("topic", LOG_TOPIC, ("Write",))
RIGHTS: Final[Mapping[str, tuple[Right, ...]]] = {
    "jejak-intake": _lane(
        "intake",
        _WRITES,
        Right("topic", "opd.", ("Read", "Describe", "Write"), prefixed=True),
        Right("topic", RECEIPTS_TOPIC, ("Read", "Write")),
    ),
    "jejak-review": _lane("review", _WRITES),
    "jejak-decision": _lane("decision", _WRITES),
    "jejak-publisher": _lane("publisher", _WRITES),
    "jejak-archive": _lane("archive"),
    "jejak-desk": tuple(Right("topic", topic, ("Read", "Describe")) for topic in (LOG_TOPIC, DIRECTORY_TOPIC)),
}
"""User → rights. Kafka cannot keep one lane from writing another's event to the log; the law of the log does."""


def user_of(opd: str) -> str:
    return f"opd-{opd}"


def rights_of(opd: str) -> tuple[Right, ...]:
    """An OPD: its own topic and the receipts."""
    return (
        Right("topic", inbound_topic_of(opd), ("Write", "Describe")),
        Right("topic", RECEIPTS_TOPIC, ("Read", "Describe")),
        Right("group", f"opd.{opd}.", ("Read",), prefixed=True),
    )


def as_table() -> str:
    """Markdown, as the operators' page has it."""
    may = dict[tuple[str, str], list[str]]()
    for user, rights in (*RIGHTS.items(), (user_of("<kode>"), rights_of("<kode>"))):
        for right in rights:
            may.setdefault((user, f"{right.resource} `{right.name}{'*' if right.prefixed else ''}`"), []).extend(right.operations)
    lines = [f"| `{user}` | {on} | {', '.join(dict.fromkeys(operations))} |" for (user, on), operations in may.items()]
    return "\n".join(["| user | on | may |", "|---|---|---|", *lines])
