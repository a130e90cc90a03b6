"""What `jejak doctor` finds out about others: what we may do on Kafka, and which services answer, of which version, by which clock."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final

import httpx

from bus.access import Access, lacking
from bus.rights import OPERATOR, RIGHTS, SHARED
from desk.settings import lanes_of
from jejak.desk_parts import ANYWHERE
from lane.settings import Settings

ASK_S: Final = 5.0
CLOCK_S: Final = 5.0
ALL: Final = tuple(right for rights in RIGHTS.values() for right in rights)


def rights(settings: Settings) -> str:
    """Raises AccessRefused, KafkaError, OSError, TimeoutError; ValueError names what our user lacks."""
    user = settings.kafka_user
    if "SASL" not in settings.kafka_security or not user:
        return "this Kafka asks nobody for a name"
    wanted = ALL if user == OPERATOR else RIGHTS.get(user)
    if wanted is None:
        return f"{user} has no row in the table of rights"
    kafka = settings.kafka_cluster()

    async def topics() -> list[str]:
        async with kafka.admin() as admin:
            return sorted({*SHARED, *(name for name in await admin.list_topics() if name.startswith("opd."))})

    missing = lacking(wanted, Access(kafka).may(asyncio.run(topics())))
    if missing:
        raise ValueError(f"{user} lacks {', '.join(missing)}")
    return f"{user} has the rights of its row"


def services(settings: Settings) -> str:
    """Every lane that can be asked. Raises ValueError: one that should be there is not, is of another version, or has another clock."""
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    lanes = lanes_of(settings.desk_lanes, f"http://{host}:{settings.port}")
    own, told, wrong = version("jejak"), list[str](), list[str]()
    for lane, address in lanes.items():
        try:
            answer = httpx.get(f"{address}/{lane}/healthz", timeout=ASK_S)
            said = answer.json()
        except (httpx.HTTPError, ValueError):
            if settings.desk_lanes:
                wrong.append(f"{lane} at {address} does not answer")
            continue
        other, behind = str(said.get("version", "before 0.1.0")), _behind(answer.headers)
        told.append(f"{lane} {other}{'' if said.get('ok') else ' (not healthy)'}")
        if other != own:
            wrong.append(f"{lane} is {other}, this program {own}")
        if abs(behind) > CLOCK_S:
            wrong.append(f"the clock of {lane} differs by {behind:.0f} s")
    if wrong:
        raise ValueError(", ".join(wrong))
    return ", ".join(told) or f"none answers at {', '.join(sorted(set(lanes.values())))}"


def _behind(headers: Mapping[str, str]) -> float:
    """Seconds by which the other clock is behind ours; 0 where it tells no date. HTTP tells whole seconds."""
    if "date" not in headers:
        return 0.0
    return (datetime.now(UTC) - parsedate_to_datetime(headers["date"])).total_seconds()
