"""What the portal should show, as a table: editions as the log has them in, what is listed, earlier and closed out."""

import itertools
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from events.contracts import Reason
from portals.desired import Desired, Publication, Standing, Withdrawal, desired, numbered, owner_of
from tests.portals.samples import dataset

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)
WHY = Reason(code="personal_data", note="Ada NIK.")
IDS = [uuid.UUID(int=number) for number in range(10)]


def edition(number: int, *, minutes: int = 0, opd: str = "dinkes") -> Publication:
    """`minutes`: what the approver's clock said."""
    moment = NOON + timedelta(minutes=minutes)
    return Publication(IDS[number], number, 4, opd, "Dinas", dataset("data"), (), "0" * 64, moment)


def standing(text: str, *, minutes: int = 0) -> Standing:
    """`2 p`: edition 2 is published; `a`: approved; `r`: retracted after it was published, `R`: and the earlier one listed again;
    `n`: retracted before it was ever shown.
    """
    number, state = text.split()
    withdrawal = Withdrawal(WHY, relist=state == "R") if state in "rRn" else None
    return Standing(edition(int(number), minutes=minutes), published=state in "prR", withdrawal=withdrawal)


def told(state: Desired) -> str:
    """As the table says it: `listed | earlier | tombstone | withdrawn`."""
    numbers = (
        [state.listed.edition] if state.listed else [],
        [one.edition for one in state.earlier],
        [state.tombstone.publication.edition] if state.tombstone else [],
        [one.publication.edition for one in state.withdrawn],
    )
    return " | ".join(" ".join(map(str, part)) or "-" for part in numbers)


CASES = {
    "nothing was ever approved": ("", "- | - | - | -"),
    "the first edition": ("1 a", "1 | - | - | -"),
    "it is published": ("1 p", "1 | - | - | -"),
    "a later edition takes its place": ("1 p, 2 a", "2 | 1 | - | -"),
    "three editions, newest first": ("1 p, 2 p, 3 p", "3 | 2 1 | - | -"),
    "an older edition approved after a newer one": ("3 p, 2 a", "3 | 2 | - | -"),
    "the only edition is taken down": ("1 r", "- | - | 1 | 1"),
    "the only edition is taken down, to list the one before it": ("1 R", "- | - | 1 | 1"),
    "the newest is taken down: closed until somebody decides": ("1 p, 2 r", "- | 1 | 2 | 2"),
    "the newest is taken down and the one before it listed again": ("1 p, 2 R", "1 | - | - | 2"),
    "an earlier one is taken down": ("1 r, 2 p", "2 | - | - | 1"),
    "an earlier one, to list the one before it": ("1 p, 2 R, 3 p", "3 | 1 | - | 2"),
    "both are taken down": ("1 r, 2 r", "- | - | 2 | 2 1"),
    "both, the newest to list the one before it": ("1 r, 2 R", "- | - | 1 | 2 1"),
    "two steps back": ("1 p, 2 R, 3 R", "1 | - | - | 3 2"),
    "one step back to what is closed": ("1 p, 2 r, 3 R", "- | 1 | 2 | 3 2"),
    "a new edition opens what was closed": ("1 p, 2 r, 3 a", "3 | 1 | - | 2"),
    "taken down before it was ever shown": ("1 p, 2 n", "1 | - | - | -"),
    "the first, taken down before it was ever shown": ("1 n", "- | - | - | -"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_portal_should_show(case: str) -> None:
    given, expected = CASES[case]
    submissions = [standing(text) for text in given.split(", ") if text]
    for order in itertools.permutations(submissions):
        assert told(desired("data", order)) == expected


def test_a_clock_that_is_behind_changes_nothing() -> None:
    first, second = standing("1 p", minutes=2), standing("2 p", minutes=0)
    assert told(desired("data", [first, second])) == "2 | 1 | - | -"


def test_submissions_from_before_editions_were_numbered_have_their_place_by_approval_then_id() -> None:
    old = [(IDS[3], None, NOON), (IDS[1], None, NOON + timedelta(hours=1)), (IDS[2], None, NOON)]
    assert numbered([*old, (IDS[5], 4, NOON - timedelta(days=1))]) == {IDS[2]: 1, IDS[3]: 2, IDS[1]: 3, IDS[5]: 4}


def test_a_name_belongs_to_the_opd_whose_edition_was_published_first() -> None:
    theirs, ours = Standing(edition(1, opd="setda"), published=True), Standing(edition(2), published=False)
    assert owner_of([ours, theirs]) == "setda"
    assert owner_of([ours]) is None
