"""What the log lacks is put back from the journals, each submission's events in order, so that whoever reads it anew has them all."""

from pathlib import Path

from archive.proof import verify
from archive.rebuild import rebuild
from archive.refill import lacking, refill
from benchmarks.load import lives
from tests.archive.copies import forged, id_of, journal, messages_of, rows_of, topic

LIVES = list(lives(7))


def test_a_log_that_was_made_anew_is_whole_again(store: str, kafka: str, tmp_path: Path) -> None:
    here, log = journal(store, rows_of(*LIVES)), topic(kafka, messages_of(LIVES[0]))

    found = lacking([here], log)
    assert (found.events, found.submissions, found.journals) == (30, 6, {"journal archive": 30})
    assert refill([here], log).events == 30
    assert lacking([here], log).events == 0
    assert verify([here], log, processes=1, settle_s=0).ok
    assert rebuild(f"sqlite:{tmp_path / 'anew'}", "review", log) == {"applied": 35}


def test_each_event_is_put_back_from_a_journal_that_has_it(kafka: str, tmp_path: Path) -> None:
    some = journal(f"sqlite:{tmp_path / 'some'}", rows_of(*LIVES[:3]), lane="review")
    others = journal(f"sqlite:{tmp_path / 'others'}", [*rows_of(*LIVES[3:]), *rows_of(LIVES[0])[:2]], lane="intake")
    log = topic(kafka, messages_of(LIVES[1]))

    found = refill([some, others], log)
    assert found.journals == {"journal review": 10, "journal intake": 20}
    assert rebuild(f"sqlite:{tmp_path / 'anew'}", "archive", log) == {"applied": 35}


def test_what_stands_on_the_log_without_what_comes_before_is_written_again_behind_it(kafka: str, tmp_path: Path) -> None:
    here, log = journal(f"sqlite:{tmp_path / 'here'}", rows_of(LIVES[0])), topic(kafka, messages_of(LIVES[0])[3:])

    assert refill([here], log).events == 5
    assert rebuild(f"sqlite:{tmp_path / 'anew'}", "archive", log) == {"gap": 2, "applied": 5}
    assert refill([here], log).events == 0
    assert verify([here], log, processes=1, settle_s=0).ok


def test_a_submission_of_which_something_else_stands_on_the_log_is_named(kafka: str, tmp_path: Path) -> None:
    here = journal(f"sqlite:{tmp_path / 'here'}", rows_of(*LIVES[:2]))
    other = forged(LIVES[0][0], occurred_at="2026-01-01T00:00:00.000Z")
    log = topic(kafka, [(id_of(LIVES[0]).encode(), other)])

    written = refill([here], log)
    assert (written.events, written.differing) == (10, [id_of(LIVES[0])])
    assert lacking([here], log).events == 0
