"""A lane put together: name, what the process has in common and commands in; journal, inbox, consumer and relay out, not started."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from bus.loops import LEISURE_S, Progress, wake_on
from bus.relay import Relay
from bus.sources import LogConsumer
from events.contracts import LOG_TOPIC
from events.journal import Journal
from events.stores import address_of, open_store
from lane.inbox import Inbox, open_engine
from lane.known import Known
from lane.lane import Command, Lane, Shared
from lane.taken import Takings


def build_lane(name: str, shared: Shared, *, commands: Mapping[str, Command[Any]]) -> Lane:
    """Journal, inbox, log consumer and relay of one lane, not yet started. Raises StoreRefused."""
    settings = shared.settings
    journal = Journal(open_store(settings.store, name), name, shared.directory.heirs)
    inbox = Inbox(name, open_engine(settings.store, name))
    inbox.prepare()
    takings = Takings(inbox.engine, settings.take_minutes)
    takings.prepare()
    known = Known(inbox.engine)
    known.prepare()
    shared.directory.keep_in(known)
    group = None if address_of(settings.store, name).startswith("sqlite:") else f"jejak.{name}"
    consumer = LogConsumer(
        kafka=shared.kafka,
        journal=journal,
        topics=re.compile(f"^{re.escape(LOG_TOPIC)}$"),
        take=journal.replicate,
        progress=Progress("log"),
        group=group,
        gather_s=0.0 if commands else LEISURE_S,
        may_start=shared.directory.until_ready,  # the law asks who acts for whom
    )
    relay = Relay(shared.kafka, journal, Progress("relay"), wake_on(journal.on_outgoing))
    if shared.traces.out:
        journal.on_written.append(partial(shared.traces.written, name))
        relay.on_sent = partial(shared.traces.sent, name)
    return Lane(
        name=name,
        shared=shared,
        journal=journal,
        inbox=inbox,
        takings=takings,
        commands=commands,
        consumers=[consumer],
        work=[(relay.progress, relay.run)],
        on_stop=[shared.checking.stop],
    )
