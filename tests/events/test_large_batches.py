"""A lane that catches up takes large batches; on PostgreSQL they once waited for ever (psycopg's pipeline mode)."""

from itertools import count

from benchmarks.load import as_logged
from events.admission import Record
from events.contracts import LOG_TOPIC
from events.journal import Journal


def test_a_batch_larger_than_a_sockets_buffer_is_taken(journal: Journal) -> None:
    """Some 5 MB: Unix sockets hold 0.2 MB, TCP on one machine 2.5 MB."""
    offsets = count()
    records = [Record(LOG_TOPIC, 0, next(offsets), key, raw) for key, raw in as_logged(1_000, wide=1_000)]
    assert {outcome.counted for outcome in journal.replicate(records)} == {"applied"}
    assert journal.position(records[0].source) == len(records)
