"""What the desk is told when it starts; the program makes it from its own settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from desk.provider import Provider

LANES: Final = ("intake", "review", "decision", "publisher", "archive")


@dataclass(frozen=True)
class DeskSettings:
    """`lanes`: lane → address without a slash at its end. `store`: `sqlite:DIR/` or `postgresql://…`. `keys`: the folder of the desk's key.

    `public_url`: the address that people type; None when it is whatever they typed.
    """

    lanes: Mapping[str, str]
    store: str
    keys: Path
    public_url: str | None = None
    idle_minutes: int = 30
    session_hours: int = 12
    timeout_s: float = 10.0
    patience_s: float = 300.0
    upload_mb: int = 100
    provider: Provider | None = None
    own_url: str = ""

    @property
    def address(self) -> str:
        """Where links in notices lead."""
        return self.public_url or self.own_url

    @property
    def secure(self) -> bool:
        return bool(self.public_url and self.public_url.startswith("https://"))


def lanes_of(text: str | None, own: str) -> dict[str, str]:
    """`http://one-address` for all lanes, or `intake=http://…,review=http://…` for each; the own address for those not named.

    Raises ValueError with a sentence.
    """
    if not text:
        return dict.fromkeys(LANES, own)
    if "=" not in text.partition("://")[0]:
        return dict.fromkeys(LANES, _address(text))
    named = {name.strip(): _address(address) for name, _, address in (part.partition("=") for part in text.split(","))}
    if unknown := sorted(named.keys() - set(LANES)):
        raise ValueError(f"knows {', '.join(LANES)}, not {', '.join(unknown)}")
    return {lane: named.get(lane, own) for lane in LANES}


def _address(text: str) -> str:
    text = text.strip()
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"must be http://… or https://…, not {text!r}")
    return text.rstrip("/")
