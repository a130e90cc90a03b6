"""Every setting, read once from the environment and checked all at once. In: variables; out: frozen `Settings`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bus.kafka import Kafka
from checks.content import ALLOWED
from events.stores import addresses_of
from lane.file_stores import S3Keys
from lane.given import PREFIX as PREFIX  # noqa: PLC0414 (settings are asked how they are written)
from lane.given import given

LANES: Final = ("intake", "review", "decision", "publisher", "archive")
"""The lanes by name; the archive is one that only follows."""
DESK: Final = "desk"
"""Has a store of its own too."""


class SettingsRefused(RuntimeError):
    """Wrong settings, one line each."""


class Settings(BaseModel):
    """Field `x_y` is the variable JEJAK_X_Y. Defaults run everything on one machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kafka: str | None = None
    kafka_port: Annotated[int, Field(ge=0, le=65535)] = 9092
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_user: str | None = None
    kafka_password: str | None = None
    kafka_ca: Path | None = None
    kafka_partitions: Annotated[int, Field(ge=1, le=1000)] = 12
    kafka_replication: Annotated[int, Field(ge=1, le=9)] = 1
    kafka_in_sync: Annotated[int, Field(ge=1, le=9)] = 1
    store: str = "sqlite:var/"
    files: str = "file:var/files"
    files_limit_mb: Annotated[int, Field(ge=1, le=10_000)] = 100
    s3_endpoint: str | None = None
    s3_key_id: str | None = None
    s3_secret: str | None = None
    check_types: str = "csv,tsv,xlsx,xls,ods,json,geojson,pdf,zip"
    check_timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 60.0
    check_memory_mb: Annotated[int, Field(ge=256, le=100_000)] = 1_024
    clamd: str | None = None
    portal: str = "folder:var/portal"
    portal_token: str | None = None
    portal_public_url: str | None = None
    portal_limit_mb: Annotated[int, Field(ge=1, le=10_000)] | None = None
    portal_timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    portal_check_hours: Annotated[float, Field(ge=0)] = 0
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    keys: Path = Path("var/keys")
    sla_minutes: Annotated[int, Field(ge=1, le=100_000)] = 60
    sla_calendar: Literal["wall", "office"] = "wall"
    take_minutes: Annotated[int, Field(ge=1, le=1_440)] = 30
    login: Literal["local", "oidc"] = "local"
    oidc_issuer: str | None = None
    oidc_client: str | None = None
    oidc_secret: str | None = None
    oidc_name: str = "akun kabupaten"
    oidc_claim: str = "groups"
    oidc_groups: str | None = None
    desk_lanes: str | None = None
    desk_url: str | None = None
    desk_idle_minutes: Annotated[int, Field(ge=5, le=720)] = 30
    desk_session_hours: Annotated[int, Field(ge=1, le=72)] = 12
    desk_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    desk_check_timeout_s: Annotated[float, Field(gt=0, le=3_600)] = 300.0
    traces: str | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("store")
    @classmethod
    def _store(cls, value: str) -> str:
        addresses = addresses_of(value)
        if not all(address.startswith(("sqlite:", "postgresql://", "postgres://")) for address in addresses.values()):
            raise ValueError("must be sqlite:DIR/ or postgresql://…, or one of these for each lane: lane=postgresql://… lane=…")
        if unknown := sorted(addresses.keys() - {"", *LANES, DESK}):
            raise ValueError(f"knows {', '.join((*LANES, DESK))}, not {', '.join(unknown)}")
        return value

    @field_validator("files")
    @classmethod
    def _files(cls, value: str) -> str:
        if not value.startswith(("file:", "s3://")):
            raise ValueError("must be file:DIR or s3://bucket/prefix")
        return value

    @field_validator("check_types")
    @classmethod
    def _check_types(cls, value: str) -> str:
        if wrong := sorted(set(value.split(",")) - ALLOWED):
            raise ValueError(f"knows {', '.join(sorted(ALLOWED))}, not {', '.join(wrong)}")
        return value

    @field_validator("clamd")
    @classmethod
    def _clamd(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^\s:/]+:\d{1,5}", value):
            raise ValueError("must be host:port")
        return value

    @field_validator("portal")
    @classmethod
    def _portal(cls, value: str) -> str:
        if not value.startswith(("folder:", "http://", "https://")):
            raise ValueError("must be folder:DIR or the address of a CKAN, http(s)://…")
        return value

    @field_validator("portal_public_url", "traces")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("must be an address, http(s)://host, with a path or without")
        return value

    @field_validator("desk_url")
    @classmethod
    def _desk_url(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^\s/]+/?", value):
            raise ValueError("must be the address that people type, http(s)://host, without a path")
        return value and _address(value)

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if wrong := _wrong_together(self.model_dump()):
            raise ValueError("\n".join(wrong))
        return self

    def largest_published(self) -> int:
        """Bytes of the largest file that comes to the portal: what is taken at the door, or less where the portal takes less."""
        return min(self.files_limit_mb, self.portal_limit_mb or self.files_limit_mb) * 1024 * 1024

    def kafka_cluster(self) -> Kafka:
        return Kafka(
            self.kafka or f"127.0.0.1:{self.kafka_port}",
            self.kafka_security,
            self.kafka_user,
            self.kafka_password,
            str(self.kafka_ca) if self.kafka_ca else None,
        )

    def s3_keys(self) -> S3Keys | None:
        return S3Keys(self.s3_key_id, self.s3_secret) if self.s3_key_id and self.s3_secret else None


def _address(url: str) -> str:
    """As browsers say it in `Origin`: without the usual port; one that a compose file binds to an address is that port."""
    url = re.sub(r":\d+(?:\.\d+){3}:(\d+)$", r":\1", url.rstrip("/"))
    return url.removesuffix(":443" if url.startswith("https") else ":80")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Raises `SettingsRefused` naming every wrong variable, unknown ones included. An empty value counts as unset."""
    values, lines = given(environ)
    texts = {name: value.text for name, value in values.items()}
    try:
        settings = Settings.model_validate(texts)
    except ValidationError as refused:
        lines += [_line(error["loc"], error["type"], error["msg"]) for error in refused.errors()]
        if all(error["loc"] for error in refused.errors()):  # pydantic looks at them together only when each is good by itself
            lines += _wrong_together(texts)
    else:
        if not lines:
            return settings
    raise SettingsRefused("\n".join(lines))


def _wrong_together(given: Mapping[str, object]) -> list[str]:
    """What is wrong with these settings beside each other; those that are wrong by themselves are passed over."""
    security, portal = str(given.get("kafka_security", "")), str(given.get("portal", ""))
    in_sync, replication = (str(given.get(name, 1)) for name in ("kafka_in_sync", "kafka_replication"))
    wrong = []
    if "SASL" in security and not (given.get("kafka_user") and given.get("kafka_password")):
        wrong.append(f"JEJAK_KAFKA_USER and JEJAK_KAFKA_PASSWORD are needed with JEJAK_KAFKA_SECURITY={security}")
    if in_sync.isdecimal() and replication.isdecimal() and int(in_sync) > int(replication):
        wrong.append("JEJAK_KAFKA_IN_SYNC cannot be more than JEJAK_KAFKA_REPLICATION")
    if bool(given.get("s3_key_id")) != bool(given.get("s3_secret")):
        wrong.append("JEJAK_S3_KEY_ID and JEJAK_S3_SECRET are needed together")
    if given.get("login") == "oidc" and not all(given.get(f"oidc_{name}") for name in ("issuer", "client", "secret", "groups")):
        wrong.append("JEJAK_OIDC_ISSUER, _CLIENT, _SECRET and _GROUPS are needed with JEJAK_LOGIN=oidc")
    if portal.startswith("http") and not given.get("portal_token"):
        wrong.append("JEJAK_PORTAL_TOKEN is needed when JEJAK_PORTAL is a CKAN")
    return wrong


def _line(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    if not loc:
        return message.removeprefix("Value error, ")
    name = PREFIX + str(loc[0]).upper()
    return f"{name}: there is no such setting" if kind == "extra_forbidden" else f"{name}: {message.removeprefix('Value error, ')}"
