"""The checker's processes: each begins as the program does."""

from aiokafka.consumer import fetcher

from archive.workers import sharing


def reader_of_records(_: int) -> str:
    return str(fetcher.MemoryRecords.__module__)


def test_every_process_reads_records_whose_headers_are_no_text() -> None:
    with sharing(2) as share:
        assert share(reader_of_records, [1, 2]) == ["bus.headers"] * 2
