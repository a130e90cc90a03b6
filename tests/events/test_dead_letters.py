"""What was set aside: looked at, sent again in order, discarded. On both stores."""

from datetime import UTC, datetime

import orjson
import pytest

from bus.relay import message_of_letter
from events import alarms, answered, dead_letters
from events.admission import Outcome, Record, dead_letter
from events.alarms import Word
from events.contracts import LOG_TOPIC
from events.journal import Journal
from events.recorder import LetterKind
from events.submission import Recorded, Refused
from tests.events.conftest import Place
from tests.events.given import KETUA, approved, on_kafka, rejected, revised, story, submitted, verified

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
BUDI = Word("budi", NOW, "retry", "pembaca sudah diperbarui")
OPD_TOPIC = "opd.dinkes.data-submitted.v1"


@pytest.fixture
def journal(place: Place) -> Journal:
    """Of a lane that writes."""
    journal = place.journal()
    journal.lane = "review"
    return journal


def story_with_a_hole(journal: Journal) -> list[Recorded]:
    """The first event is there, the second never came, and so the third and fourth were set aside."""
    told = story(submitted, revised, verified, approved)
    journal.replicate(on_kafka(told[0]))
    journal.replicate(on_kafka(*told[2:], offset=2))
    return told


def sent(journal: Journal) -> list[bytes]:
    return [message_of_letter(letter)["value"] for _, letter in journal.letters(0, 100, [LetterKind.AGAIN])]


def refused(journal: Journal, number: int, edited: bytes | None = None) -> str:
    with pytest.raises(Refused) as refusal:
        dead_letters.retry(journal, number, BUDI, edited=edited)
    return refusal.value.reasons[0].code


def test_an_event_goes_back_with_those_that_waited_behind_it(journal: Journal) -> None:
    told = story_with_a_hole(journal)
    journal.replicate(on_kafka(*story(submitted), offset=9))
    third, fourth = dead_letters.listed(journal.store)
    assert [third.code, fourth.code, third.place] == ["gap", "gap", f"{LOG_TOPIC}/0@2"]
    assert refused(journal, third.number) == "gap", "what is before it is still missing"
    assert sent(journal) == []

    journal.replicate(on_kafka(told[1], offset=20))
    gone = dead_letters.retry(journal, third.number, BUDI)

    assert [(each.number, each.acts[0]) for each in gone] == [
        (third.number, ("as_it_was", "budi", NOW.isoformat(), "pembaca sudah diperbarui")),
        (fourth.number, ("behind", "budi", NOW.isoformat(), "pembaca sudah diperbarui")),
    ]
    assert sent(journal) == [told[2].raw, told[3].raw]
    assert [m["key"] for _, a in journal.letters(0, 9, [LetterKind.AGAIN]) if (m := message_of_letter(a))] == [
        str(told[0].event.submission_id).encode()
    ] * 2
    assert alarms.count_alarms(journal.store) == {"gap": 2}, "nothing is well before the events are there"
    assert [o.counted for o in journal.replicate(on_kafka(*told[2:], offset=21))] == ["applied", "applied"]
    alarms.heal(journal.store, NOW)
    assert alarms.count_alarms(journal.store) == {}
    assert dead_letters.listed(journal.store) == []
    assert [[act.what for act in each.acts] for each in dead_letters.every(journal.store, done_too=True)] == [
        ["as_it_was", "healed"],
        ["behind", "healed"],
    ]


def test_a_list_reads_no_content_and_a_single_letter_does(journal: Journal) -> None:
    """Hundreds of them may hold a megabyte each."""
    told = story_with_a_hole(journal)
    third, _ = dead_letters.listed(journal.store)

    assert (third.raw, third.about["tombstone"]) == (None, False)
    assert dead_letters.one(journal.store, third.number).raw == told[2].raw
    assert [letter.raw for letter in dead_letters.every(journal.store)] == [told[2].raw, told[3].raw]


@pytest.mark.parametrize("edited", [b"no JSON at all", b"[]", b"{}"])
def test_what_was_sent_again_in_any_words_is_no_receipt_for_its_place(journal: Journal, edited: bytes) -> None:
    set_aside(journal, b"broken", b"key")
    [letter] = dead_letters.listed(journal.store)
    dead_letters.retry(journal, letter.number, BUDI, edited=edited)
    record = Record(OPD_TOPIC, 0, 0, b"key", b"broken", "c")

    assert answered.is_known(journal.store, record)
    assert not answered.is_known(journal.store, record._replace(raw=b"another"))


def test_one_that_does_not_follow_behind_it_stays(journal: Journal) -> None:
    told = story(submitted, revised, verified)
    other = story(submitted, revised, rejected(reason="lain"))
    stranger = orjson.dumps(orjson.loads(told[2].raw) | {"previous": other[1].hash})
    key = str(told[0].event.submission_id).encode()
    journal.replicate([*on_kafka(told[0]), *on_kafka(told[1], offset=5)][:1])
    journal.replicate([Record(LOG_TOPIC, 0, 1, key, told[2].raw, "c"), Record(LOG_TOPIC, 0, 2, key, stranger, "c")])
    journal.replicate(on_kafka(told[1], offset=3))
    good, bad = dead_letters.listed(journal.store)

    assert [each.number for each in dead_letters.retry(journal, good.number, BUDI)] == [good.number]
    assert [each.number for each in dead_letters.listed(journal.store)] == [bad.number]
    assert refused(journal, bad.number) == "broken_chain"


def test_an_heir_whose_step_came_before_the_directory_goes_on_with_what_waited(journal: Journal) -> None:
    told = story(submitted, revised.by(KETUA.model_copy(update={"opd": "dinkes"})), verified)
    journal.replicate(on_kafka(*told))
    second, third = dead_letters.listed(journal.store)
    assert ([second.code, third.code], refused(journal, second.number)) == (["other_opd", "gap"], "other_opd")

    journal.heirs = lambda: {"dispermades": "dinkes"}
    assert len(dead_letters.retry(journal, second.number, BUDI)) == 2
    assert sent(journal) == [each.raw for each in told[1:]]


def test_a_letter_is_sent_again_once(journal: Journal) -> None:
    told = story_with_a_hole(journal)
    journal.replicate(on_kafka(told[1], offset=20))
    [third, fourth] = dead_letters.listed(journal.store)
    dead_letters.retry(journal, third.number, BUDI)

    assert {refused(journal, each.number) for each in (third, fourth)} == {"done_already"}
    assert len(sent(journal)) == 2


def test_an_event_of_the_log_is_not_edited_and_a_fork_never_ends_by_retry(journal: Journal) -> None:
    told = story(submitted, revised)
    journal.replicate(on_kafka(*told))
    forged = orjson.dumps(orjson.loads(told[1].raw) | {"occurred_at": "2025-01-01T00:00:00.000Z"})
    journal.replicate([Record(LOG_TOPIC, 0, 9, str(told[0].event.submission_id).encode(), forged, "c")])
    [fork] = dead_letters.listed(journal.store)

    assert refused(journal, fork.number) == "fork"
    assert refused(journal, fork.number, told[1].raw) == "written_once"
    assert alarms.count_alarms(journal.store) == {"fork": 1}
    [discarded] = dead_letters.discard(journal.store, fork.number, Word("siti", NOW, "discard", "uji coba")).acts
    assert discarded == ("discarded", "siti", NOW.isoformat(), "uji coba")
    assert alarms.count_alarms(journal.store) == {}
    with pytest.raises(Refused):
        dead_letters.discard(journal.store, fork.number, BUDI)
    assert refused(journal, fork.number) == "done_already"


def test_what_the_journal_has_meanwhile_is_not_sent(journal: Journal) -> None:
    told = story_with_a_hole(journal)
    journal.replicate(on_kafka(*told[1:], offset=20))
    [third, _] = dead_letters.listed(journal.store)

    assert refused(journal, third.number) == "there_already"


def test_an_event_under_a_wrong_key_goes_back_under_its_own(journal: Journal) -> None:
    [told] = story(submitted)
    journal.replicate([Record(LOG_TOPIC, 0, 0, b"salah", told.raw, "c")])
    [letter] = dead_letters.listed(journal.store)
    dead_letters.retry(journal, letter.number, BUDI)

    [(_, again)] = journal.letters(0, 9, [LetterKind.AGAIN])
    message = message_of_letter(again)
    assert (message["topic"], message["key"], message["value"]) == (LOG_TOPIC, str(told.event.submission_id).encode(), told.raw)
    assert dict(message["headers"])["ce_type"]


@pytest.mark.parametrize("edited", [None, b'{"baik": true}'])
def test_an_opds_record_goes_to_the_end_of_its_topic(journal: Journal, edited: bytes | None) -> None:
    set_aside(journal, b"{rusak", b"kunci")
    [letter] = dead_letters.listed(journal.store)
    [gone] = dead_letters.retry(journal, letter.number, BUDI, edited=edited)

    [(_, again)] = journal.letters(0, 9, [LetterKind.AGAIN])
    message = message_of_letter(again)
    assert (message["topic"], message["key"], message["value"]) == (OPD_TOPIC, b"kunci", edited or b"{rusak")
    assert gone.acts[0].what == ("edited" if edited else "as_it_was")


def test_a_record_without_a_value_needs_one_and_none_may_be_larger_than_the_relay_can_send(journal: Journal) -> None:
    set_aside(journal, None, None)
    [letter] = dead_letters.listed(journal.store)

    assert letter.raw is None
    assert refused(journal, letter.number) == "empty"
    assert refused(journal, letter.number, b"x" * (3 * 1024 * 1024 + 1)) == "too_large"
    assert dead_letters.retry(journal, letter.number, BUDI, edited=b"{}")


def test_a_lane_that_only_reads_sends_nothing(place: Place) -> None:
    journal = place.journal()
    journal.lane = "archive"
    journal.replicate([Record(LOG_TOPIC, 0, 0, b"salah", story(submitted)[0].raw, "c")])

    assert refused(journal, 1) == "reads_only"


@pytest.mark.parametrize("number", [0, 7, 2**63, 2**80])
def test_a_number_that_is_none_is_not_there(journal: Journal, number: int) -> None:
    assert refused(journal, number) == "not_found"


def test_pages_hold_all_and_no_receipt(journal: Journal) -> None:
    for offset in range(7):
        set_aside(journal, b"{rusak", None, offset=offset)
    first = dead_letters.listed(journal.store, limit=3)
    rest = dead_letters.listed(journal.store, after=first[-1].number)

    assert [each.position for each in [*first, *rest]] == list(range(1, 8))


def set_aside(journal: Journal, raw: bytes | None, key: bytes | None, *, offset: int = 0) -> None:
    def judge(fresh: object) -> list[Outcome]:
        return [dead_letter(record, "unreadable")]

    record = Record(OPD_TOPIC, 0, offset, key, raw, "c")
    journal.answer([record], judge)
