"""An archive that has read what came, with its views, on a store of its own."""

import asyncio
import uuid
from datetime import timedelta

from archive.views import Views
from bus.loops import Progress
from events.journal import Journal
from events.stores import open_store
from events.submission import Recorded
from lane.inbox import Inbox, open_engine
from tests.events.given import on_kafka


class Room:
    def __init__(self, address: str) -> None:
        self.journal = Journal(open_store(address, "archive"), "archive")
        self.inbox = Inbox("archive", open_engine(address, "archive"))
        self.inbox.prepare()
        self.engine, self.offset = self.inbox.engine, 0
        self.views = Views(self.journal, self.engine, lambda at: at + timedelta(minutes=60), Progress("views"), asyncio.Event())
        self.views.prepare()

    def came(self, *told: Recorded) -> uuid.UUID:
        """These events came from Kafka, and the views followed. Returns the submission's id."""
        self.journal.replicate(on_kafka(*told, offset=self.offset))
        self.offset += len(told)
        while self.views.follow():
            pass
        return told[0].event.submission_id

    def close(self) -> None:
        self.engine.dispose()
        self.journal.store.close()
