"""A record that was set aside is sent again: a letter's number and a person's word in; what will be sent out, or a refusal.

The rule is `events/dead_letters.py`; here is only what has to be asked of Kafka first.
"""

import asyncio

from bus.kafka import Kafka
from bus.reader import spans_if_there
from events import dead_letters
from events.alarms import Word
from events.contracts import LOG_TOPIC, Reason
from events.dead_letters import DeadLetter
from events.journal import Journal
from events.submission import Kind, Refused


async def send_again(kafka: Kafka, journal: Journal, number: int, word: Word, edited: bytes | None = None) -> list[DeadLetter]:
    """Written down on return; the lane's relay sends it. Raises `Refused`, LogUnreachable.

    To a topic that is not there the relay would try to send for ever, and everything behind it would wait.
    """
    letter = await asyncio.to_thread(dead_letters.one, journal.store, number)
    if letter.topic != LOG_TOPIC and not await spans_if_there(kafka, letter.topic):
        raise Refused(Kind.CONFLICT, Reason(code="no_topic", field="number", note=f"Topik {letter.topic} tidak ada lagi di Kafka."))
    return await asyncio.to_thread(dead_letters.retry, journal, number, word, edited=edited)
