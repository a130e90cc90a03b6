"""`jejak config`: every setting as it is in force. In: the environment; out: name, value and where it came from, secrets masked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lane.given import PREFIX, SECRETS, given
from lane.settings import Settings, read_settings

MASK: Final = "***"
DEFAULT: Final = "default"
_PASSWORD: Final = re.compile(r"(?<=://)([^\s/@:]*):[^\s/@]*(?=@)")
"""In an address, between the user's name and the host."""
_SAID: Final = re.compile(r"\b(password|passfile|sslkey|sslpassword)=[^&\s]*")
"""Parameters of an address that are secrets themselves."""


@dataclass(frozen=True)
class Configured:
    setting: str
    value: str | None
    source: str


def configured(environ: Mapping[str, str]) -> list[Configured]:
    """In the order of the settings. Raises SettingsRefused, for one that does not exist too."""
    settings, (values, _) = read_settings(environ), given(environ)
    return [
        Configured(PREFIX + name.upper(), _shown(name, getattr(settings, name)), values[name].source if name in values else DEFAULT)
        for name in Settings.model_fields
    ]


def _shown(name: str, value: object) -> str | None:
    """An address keeps everything but its password; what is a secret as a whole is not shown at all."""
    if value is None:
        return None
    if name in SECRETS and name != "store":
        return MASK
    return _SAID.sub(rf"\1={MASK}", _PASSWORD.sub(rf"\1:{MASK}", str(value)))
