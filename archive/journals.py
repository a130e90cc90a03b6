"""Which lanes' journals are here, and who acts for whom as they know it: a command's settings in; journals by address, and OPDs, out."""

import asyncio
from collections.abc import Sequence

from archive.context import AuditContext
from archive.proof import JournalAt
from bus.directory import Directory
from bus.kafka import Kafka, KafkaError
from bus.loops import Progress
from bus.reader import LogUnreachable, spans_if_there
from events.contracts import DIRECTORY_TOPIC
from events.stores import StoreRefused, open_reader
from lane.inbox import open_reading_engine
from lane.known import Known


def journals_here(context: AuditContext, lanes: list[str] | None, store: str | None) -> tuple[list[JournalAt], list[str]]:
    """The journals asked for, which must be there; or all of which one must be there, and the lanes whose journal is not."""
    address = store or context.store_address
    found, away, refused = [], [], None
    for lane in lanes or context.lanes:
        try:
            open_reader(address, lane).close()
        except StoreRefused as error:
            refused = error
            away.append(lane)
            if lanes:
                raise
        else:
            found.append(JournalAt(f"journal {lane}", address, lane))
    if not found and refused:
        raise refused
    return found, away


def known_heirs(context: AuditContext, store: str | None) -> dict[str, str]:
    """As the journals know them that are there; without any, as the directory on Kafka says."""
    try:
        return heirs_in(journals_here(context, None, store)[0])
    except StoreRefused:
        return asyncio.run(_heirs_on_kafka(context.kafka))


async def _heirs_on_kafka(kafka: Kafka) -> dict[str, str]:
    """Nobody moved where there is no directory. Raises LogUnreachable."""
    if not await spans_if_there(kafka, DIRECTORY_TOPIC):
        return {}
    directory = Directory(kafka, Progress("directory"))
    try:
        await directory.read_once()
    except (KafkaError, TimeoutError) as error:
        raise LogUnreachable(f"Topik {DIRECTORY_TOPIC} tidak dapat dibaca ({type(error).__name__}).") from error
    return directory.heirs()


def heirs_in(journals: Sequence[JournalAt]) -> dict[str, str]:
    """OPDs that act for others now, as the journals' stores know them: the law asks for it."""
    heirs: dict[str, str] = {}
    for journal in journals:
        engine = open_reading_engine(journal.address, journal.lane)
        try:
            heirs |= Known(engine).heirs()
        finally:
            engine.dispose()
    return heirs
