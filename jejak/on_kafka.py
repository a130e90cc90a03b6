"""One piece of an operator's work on the Kafka of the settings, which must be running."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import TypeVar

from bus.kafka import Kafka
from jejak.prepare import configure_logs
from lane.settings import read_settings

T = TypeVar("T")


def run_on_kafka(work: Callable[[Kafka], Coroutine[None, None, T]]) -> T:
    """Its result. Raises KafkaError, OSError, TimeoutError."""
    settings = read_settings(os.environ)
    configure_logs(settings.log_level)
    return asyncio.run(work(settings.kafka_cluster()))
