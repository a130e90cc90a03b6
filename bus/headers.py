"""Kafka records whose header names are no UTF-8: aiokafka raises for the whole batch, again and again; here they can be read.

Anyone who may write to a topic could otherwise stop everyone who reads it. Names that are no text are read with replacement marks.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import aiokafka.consumer.fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy

OF_VERSION_2: Final = 2


def read_any_header() -> None:
    """Make this process's consumers read such records: said once, where a process begins. May be said again."""
    aiokafka.consumer.fetcher.MemoryRecords = _Records


class _Records(_MemoryRecordsPy):  # type: ignore[misc]
    """What one fetch brought of a partition, batch by batch."""

    def next_batch(self) -> Any:  # noqa: ANN401 (aiokafka's protocols)
        raw = self._next_slice
        batch = super().next_batch()
        if raw is None or batch.magic < OF_VERSION_2 or batch.is_control_batch:  # marks of transactions are read in a way of their own
            return batch
        return _Batch(batch, raw)


class _Batch:
    """aiokafka's fast batch; where it stumbles over a name, the slow one goes on from that record."""

    def __init__(self, fast: Any, raw: memoryview) -> None:  # noqa: ANN401
        self._fast, self._raw = fast, raw

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._fast, name)

    def __iter__(self) -> Iterator[Any]:
        read = 0
        try:
            for record in self._fast:
                read += 1
                yield record
        except UnicodeDecodeError:
            yield from islice(_slow(self._raw), read, None)


def _slow(raw: memoryview) -> Iterator[Any]:
    batch = _DefaultRecordBatchPy(raw)
    iter(batch)  # unpacks what is compressed, before its bytes are replaced
    batch._buffer = _Bytes(batch._buffer)  # noqa: SLF001
    yield from batch


class _Bytes(bytearray):
    """Bytes whose slices become text whatever they are."""

    def __getitem__(self, place: Any) -> Any:  # noqa: ANN401
        got = super().__getitem__(place)
        return _Bytes(got) if isinstance(place, slice) else got

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")
