"""The directory as a lane keeps it in its own store: records in as they arrive, the same out at the next start.

It outlives the topic: a directory that was lost or made anew makes no revoked token good again and forgets no OPD.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from lane.inbox import migrating

KNOWN: Final = sa.Table(
    "directory",
    sa.MetaData(),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)


@dataclass(frozen=True)
class Known:
    """`bus.directory.Kept` over the lane's database."""

    engine: sa.Engine

    def prepare(self) -> None:
        with migrating(self.engine) as c:
            KNOWN.create(c, checkfirst=True)

    def read(self) -> Sequence[tuple[str, bytes]]:
        """Raises OSError when the store cannot be used."""
        try:
            with self.engine.connect() as c:
                return [(row[0], bytes(row[1])) for row in c.execute(sa.select(KNOWN.c.key, KNOWN.c.value))]
        except DBAPIError as error:
            raise OSError(f"the directory cannot be read from the store: {error.orig!r}") from error

    def heirs(self) -> dict[str, str]:
        """OPD → the OPD that acts for it now, as this store knows it; none when the store is older than that. Raises OSError."""
        try:
            if not sa.inspect(self.engine).has_table(KNOWN.name):
                return {}
        except DBAPIError as error:
            raise OSError(f"the directory cannot be read from the store: {error.orig!r}") from error
        directory = Directory(Kafka(""), Progress("directory"))
        directory.keep_in(self)
        return directory.heirs()

    def write(self, entries: Iterable[tuple[str, bytes | None]], /) -> None:
        """One transaction; the last of a key stands, None takes it away. Raises OSError: nothing was written."""
        last = dict(entries)
        rows = [{"key": key, "value": value} for key, value in sorted(last.items()) if value]
        try:
            with self.engine.begin() as c:
                if self.engine.dialect.name == "postgresql":  # lanes of one name may run twice: one of them writes at a time
                    c.execute(sa.text("LOCK TABLE directory IN SHARE ROW EXCLUSIVE MODE"))
                for key in sorted(last):
                    c.execute(sa.delete(KNOWN).where(KNOWN.c.key == key))
                if rows:
                    c.execute(sa.insert(KNOWN), rows)
        except DBAPIError as error:
            raise OSError(f"the directory cannot be written to the store: {error.orig!r}") from error
