"""The desk's settings and its key, made from those of the program."""

from typing import Final

from desk.provider import Provider, groups_of
from desk.settings import DeskSettings, lanes_of
from desk.store import open_store
from events.stores import address_of
from jejak.prepare import StartRefused
from lane.settings import DESK as DESK  # noqa: PLC0414 (the name under which the program runs it)
from lane.settings import Settings
from web.keys import make_desk_key
from web.tokens import Role

ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 (only compared)


def desk_settings(settings: Settings) -> DeskSettings:
    """Raises StartRefused when JEJAK_DESK_LANES cannot be read."""
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    try:
        lanes = lanes_of(settings.desk_lanes, f"http://{f'[{host}]' if ':' in host else host}:{settings.port}")
    except ValueError as error:
        raise StartRefused(f"JEJAK_DESK_LANES: {error}") from None
    return DeskSettings(
        lanes=lanes,
        store=address_of(settings.store, DESK),
        keys=settings.keys,
        public_url=settings.desk_url,
        idle_minutes=settings.desk_idle_minutes,
        session_hours=settings.desk_session_hours,
        own_url=f"http://{f'[{host}]' if ':' in host else host}:{settings.port}",
        timeout_s=settings.desk_timeout_s,
        patience_s=settings.desk_check_timeout_s,
        upload_mb=settings.files_limit_mb,
        provider=_provider(settings),
    )


def _provider(settings: Settings) -> Provider | None:
    """Raises StartRefused when JEJAK_OIDC_GROUPS cannot be read."""
    if settings.login != "oidc":
        return None
    try:
        groups = groups_of(settings.oidc_groups or "")
    except ValueError as error:
        raise StartRefused(f"JEJAK_OIDC_GROUPS: {error}") from None
    issuer, client, secret = settings.oidc_issuer or "", settings.oidc_client or "", settings.oidc_secret or ""
    return Provider(issuer, client, secret, settings.oidc_name, settings.oidc_claim, groups)


def prepare_desk(settings: Settings) -> None:
    """The desk's own key, and its tables. Raises OSError, ValueError, SQLAlchemyError."""
    make_desk_key(settings.keys, [role.value for role in Role])
    migrate_desk(settings)


def migrate_desk(settings: Settings) -> None:
    open_store(address_of(settings.store, DESK)).dispose()
