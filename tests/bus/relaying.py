"""One process of a lane that writes events and relays, for tests of several: `python -m tests.bus.relaying STORE LANE KAFKA EVENTS [FATE]`.

Says a JSON line when it begins to send and one when Kafka has acknowledged (`at`: seconds of the machine's clock since its start), and
`{"written": n}` when it has written its share, 40 in a second or so. It ends when its stdin does. Its fate, at the tenth time that it
sends: `killed` once Kafka has acknowledged and nobody knows it yet, or `stopped` just before.
"""

import asyncio
import os
import signal
import sys
import time
from typing import Any, Final

import orjson

from bus.kafka import Kafka
from bus.loops import Progress, wake_on
from bus.relay import Relay
from events.journal import Journal
from events.stores import open_store
from jejak.prepare import configure_logs
from tests.events.given import story, submitted

PAUSE_S: Final = 0.025
FATED: Final = 10


def say(**what: object) -> None:
    sys.stdout.write(orjson.dumps({**what, "at": time.monotonic()}).decode() + "\n")
    sys.stdout.flush()


class Told(Relay):
    """Says what it sends, when."""

    fate = ""
    sends = 0

    async def _send(self, producer: Any, messages: Any) -> None:
        self.sends += 1
        say(begins=len(messages))
        if (self.sends, self.fate) == (FATED, "stopped"):
            os.kill(os.getpid(), signal.SIGSTOP)
        await super()._send(producer, messages)
        if (self.sends, self.fate) == (FATED, "killed"):
            os.kill(os.getpid(), signal.SIGKILL)
        say(ended=len(messages))


async def write(journal: Journal, events: int) -> None:
    for _ in range(events):
        await asyncio.to_thread(journal.append, [story(submitted)[0].event])
        await asyncio.sleep(PAUSE_S)
    say(written=events)


async def run(store: str, lane: str, kafka: str, events: str, fate: str = "") -> None:
    journal = Journal(open_store(store, lane), lane)
    relay = Told(Kafka(kafka), journal, Progress("relay"), wake_on(journal.on_outgoing))
    relay.fate = fate
    relaying, writing = asyncio.create_task(relay.run()), asyncio.create_task(write(journal, int(events)))
    await asyncio.to_thread(sys.stdin.read)
    for task in (relaying, writing):
        task.cancel()
    await asyncio.gather(relaying, writing, return_exceptions=True)
    journal.store.close()


if __name__ == "__main__":
    configure_logs("ERROR")
    asyncio.run(run(*sys.argv[1:]))
