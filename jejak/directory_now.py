"""The directory as an operator's command sees it: what Kafka says, and behind it what the lanes' stores here know, also when Kafka lost it.

The settings' store and a cluster in, a `Directory` out that is read and not followed.
"""

from collections.abc import Mapping

from eventsourcing.persistence import PersistenceError

from bus.directory import Directory
from bus.kafka import Kafka
from bus.loops import Progress
from events.stores import StoreRefused
from jejak.say import say
from jejak.waiting import known_here, lanes_here
from lane.settings import LANES


async def directory_now(kafka: Kafka, store: str) -> Directory:
    """Raises KafkaError, TimeoutError. Says on stderr what Kafka lacks, and where the stores cannot be read."""
    directory = Directory(kafka, Progress("directory"))
    directory.know(_known(store))
    await directory.read_once()
    if directory.lost:
        say(f"Kafka lacks {len(directory.lost)} entries of the directory; they stand as the stores know them: jejak bus refill")
    return directory


def _known(store: str) -> Mapping[str, bytes]:
    """Of an entry of which stores say different things, what says more: what was closed is no more open by it."""
    try:
        here, _ = lanes_here(store, LANES)
        return {key: max(values, key=len) for key, values in known_here(store, here).items()}
    except StoreRefused:
        return {}
    except (PersistenceError, OSError) as error:
        say(f"the stores cannot be read ({error}); only Kafka's directory is looked at")
        return {}
