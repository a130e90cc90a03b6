"""The story of a submission that was returned once, told as an auditor reads it."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import orjson
import pytest

from archive import words
from archive.trail import Due, Trail, Until, read_until, story
from events.contracts import EVENT
from events.submission import Recorded, State
from lane.due import WIB, Calendar, due_at
from tests.archive.stories import NINE, minutes, returned_once
from tests.events import given
from tests.events.given import Step

RECORDED = returned_once(4, 30, 50, 95, 160, 170, 175, 176)


def told(as_of: datetime | None = None, upto: int | None = None) -> Trail:
    trail = story(RECORDED, lambda at: due_at(at, minutes=60, calendar=Calendar.WALL), Until(as_of, upto))
    assert trail is not None
    return trail


def test_every_event_has_its_step_of_the_sop_and_the_words_people_see() -> None:
    assert [(e.step, e.name) for e in told().events] == [
        (1, "Diserahkan"), (2, "Dicek dan direvisi"), (3, "Diverifikasi"), (3, "Dikembalikan"),
        (2, "Dicek dan direvisi"), (3, "Diverifikasi"), (3, "Disetujui"), (4, "Terbit"),
    ]  # fmt: skip


def test_a_step_takes_from_the_event_before_it_and_the_first_from_when_the_opd_sent_it() -> None:
    assert [e.took_s for e in told().events] == [60 * n for n in (4, 26, 20, 45, 65, 10, 5, 1)]


def test_a_step_of_more_than_sixty_minutes_was_late() -> None:
    assert [e.on_time for e in told().events] == [True, True, True, True, False, True, True, True]
    assert told().events[4].due_at == minutes(155)


def test_the_sentence_says_who_what_when_how_long_and_against_which_due_time() -> None:
    assert told().events[0].sentence == (
        "Senin, 23 November 2026 09.04 WIB: Tim PPID (dispermades) menyerahkan “Daftar Desa dan Kelurahan Kabupaten Karanganyar” "
        "dengan 1 berkas; memakan waktu 4 menit, batas Senin, 23 November 2026 10.00 WIB, tepat waktu."
    )
    assert told().events[4].sentence.endswith("memakan waktu 1 jam 5 menit, batas Senin, 23 November 2026 11.35 WIB, terlambat 5 menit.")


def test_a_return_is_told_with_its_reasons() -> None:
    assert "karena: Jadwal retensi belum diisi (incomplete, dataset.retention);" in told().events[3].sentence


def test_the_trail_as_of_a_moment_knows_nothing_later() -> None:
    trail = told(as_of=minutes(100))
    assert (trail.submission.state, len(trail.events)) == (State.REJECTED, 4)
    assert trail.waiting == "Menunggu Ketua PPID Pelaksana, batas Senin, 23 November 2026 11.35 WIB."


def test_the_trail_as_of_a_sequence() -> None:
    assert told(upto=2).submission.state is State.REVISED


def test_before_it_began_there_is_no_trail() -> None:
    assert story(RECORDED, lambda at: at, Until(as_of=NINE)) is None


def test_a_published_submission_waits_for_nobody() -> None:
    assert (told().due_at, told().waiting) == (None, "Selesai: tidak menunggu siapa pun.")


def test_clocks_that_differ_make_no_negative_times_and_no_holes() -> None:
    recorded = returned_once(30, 20, 40, sent_at=45)
    trail = story(recorded, lambda at: at + timedelta(hours=1), Until(as_of=minutes(25)))
    assert trail is None
    whole = story(recorded, lambda at: at + timedelta(hours=1))
    assert whole is not None
    assert [e.took_s for e in whole.events] == [0, 0, 20 * 60]


def test_the_json_has_the_events_with_step_took_due_and_on_time() -> None:
    trail = told(as_of=minutes(60)).as_json()
    assert {"submission_id", "state", "as_of", "events"} <= trail.keys()
    first = trail["events"][0]  # type: ignore[index]  # JSON
    assert {
        "type": "DataSubmitted",
        "sequence": 1,
        "step": 1,
        "took_s": 240,
        "due_at": minutes(60),
        "on_time": True,
    }.items() <= first.items()


@pytest.mark.parametrize(
    ("seconds", "words_"),
    [(0, "kurang dari satu menit"), (60, "1 menit"), (3_900, "1 jam 5 menit"), (90_000, "1 hari 1 jam"), (86_460, "1 hari 1 menit")],
)
def test_spans_in_words(seconds: int, words_: str) -> None:
    assert words.span(seconds) == words_


def test_moments_are_told_in_western_indonesian_time() -> None:
    assert words.moment(NINE.astimezone(timezone(timedelta(hours=-5)))) == "Senin, 23 November 2026 09.00 WIB"
    assert words.clock(NINE.astimezone(WIB)) == "09.00 WIB"


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("3", Until(upto=3)),
        ("2026-11-23T09:00", Until(as_of=NINE)),
        ("2026-11-23 09:00", Until(as_of=NINE)),
        ("2026-11-23T02:00:00Z", Until(as_of=NINE)),
        ("2026-11-23T09:00:00 07:00", Until(as_of=NINE)),
    ],
)
def test_a_moment_is_in_western_indonesian_time_unless_it_names_its_zone(text: str, until: Until) -> None:
    assert read_until(text) == until


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="kemarin"):
        read_until("kemarin")


def test_a_first_step_sent_from_the_future_is_measured_from_when_it_came() -> None:
    recorded = returned_once(4, sent_at=60 * 24 * 366)
    trail = story(recorded, lambda at: due_at(at, minutes=60, calendar=Calendar.WALL))
    assert trail is not None
    assert (trail.events[0].took_s, trail.events[0].due_at) == (0, minutes(64))


def wall(minutes_: int) -> Due:
    return lambda at: due_at(at, minutes=minutes_, calendar=Calendar.WALL)


def sentence(*steps: Step) -> str:
    trail = story(given.story(*steps), wall(60))
    assert trail is not None
    return trail.events[-1].sentence


def test_what_was_in_time_stays_so_under_another_setting() -> None:
    """The event says by when; a setting of tomorrow counts only for what is older than due times on events."""
    until = {"at": "2026-11-23T02:30:00Z", "minutes": 28, "calendar": "wall"}
    submitted, revised = given.story(given.submitted, given.revised.on(given.START + timedelta(minutes=20)))
    said = submitted.said | {"due": until}
    first = Recorded(EVENT.validate_json(orjson.dumps(said)), orjson.dumps(said))

    for setting in (1, 60):
        told, unsaid = (story([one, revised], wall(setting)) for one in (first, submitted))
        assert told is not None
        assert unsaid is not None
        assert (told.events[1].due_at, told.events[1].on_time) == (datetime.fromisoformat("2026-11-23T02:30:00+00:00"), True)
        assert unsaid.events[1].on_time is (setting == 60)


def test_a_system_that_names_somebody_is_told_as_a_system() -> None:
    system = given.TIM.model_copy(update={"id": "opd:dispermades", "name": "budi"})

    assert "sistem OPD (dispermades), yang menyebut budi, menyerahkan" in sentence(given.submitted.by(system))


def test_ways_out_are_told_in_their_own_words() -> None:
    assert "menarik pengajuan ini sebelum disetujui karena: Uji coba" in sentence(given.submitted, given.withdrawn)
    way = (given.submitted, given.revised, given.verified, given.approved, given.recalled)
    assert "mengembalikan data sebelum terbit kepada Ketua PPID Pelaksana karena: Portal menolak" in sentence(*way)
    trail = story(given.story(*way), wall(60))
    assert trail is not None
    assert (trail.events[-1].step, trail.events[-1].name, trail.submission.holder) == (4, "Dikembalikan", "review")


def test_what_was_taken_down_before_anybody_saw_it_is_told_so() -> None:
    def never_shown(step: Step) -> Step:
        return replace(step, data=lambda s: {**step.data(s), "url": ""})

    way = (given.submitted, given.revised, given.verified, given.approved)
    assert "Admin Open Data menarik data sebelum terbit karena: Ada NIK" in sentence(*way, never_shown(given.retracted))
    assert "menarik data dari /portal/daftar-desa/ karena: Ada NIK" in sentence(*way, given.published, given.retracted)


def test_whoever_acts_for_an_absent_official_is_told_with_the_letter() -> None:
    acting = given.ATASAN.model_copy(update={"acting": "800/12/2026"})

    told = sentence(given.submitted, given.revised, given.verified.by(acting))
    assert "Atasan PPID Kabupaten, dengan surat perintah 800/12/2026, memverifikasi data" in told


def test_a_clock_that_goes_back_is_shown() -> None:
    assert "jam penulisnya lebih awal daripada langkah sebelumnya" in sentence(given.submitted, given.revised.on(given.START))
    assert "jam penulisnya" not in sentence(given.submitted, given.revised)
