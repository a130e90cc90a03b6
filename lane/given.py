"""What was given: variables, and files that they name. In: the environment; out: each setting's value and where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PREFIX: Final = "JEJAK_"
FROM_FILE: Final = "_FILE"
NOT_OURS: Final = ("JEJAK_TEST_", "JEJAK_BENCH_")
SECRETS: Final = ("kafka_password", "oidc_secret", "portal_token", "s3_secret", "store")
"""Settings that hold a secret, or may: of each, JEJAK_X_FILE names a file that holds it, which `ps` and `docker inspect` do not show."""


@dataclass(frozen=True)
class Value:
    """`source`: "JEJAK_X", or "JEJAK_X_FILE (the path)"."""

    text: str
    source: str


def given(environ: Mapping[str, str]) -> tuple[dict[str, Value], list[str]]:
    """Setting (`x_y` for JEJAK_X_Y) → value; and a line for each file that cannot be used. An empty value counts as not given."""
    ours = {name: text for name, text in environ.items() if name.startswith(PREFIX) and not name.startswith(NOT_OURS) and text}
    values = {name.removeprefix(PREFIX).lower(): Value(text, name) for name, text in ours.items()}
    wrong = []
    for setting in SECRETS:
        if (named := values.pop(f"{setting}{FROM_FILE.lower()}", None)) is None:
            continue
        if setting in values:
            wrong.append(f"{PREFIX}{setting.upper()} and {named.source} are both set: only one may be")
            continue
        try:
            text = Path(named.text).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            wrong.append(f"{named.source}: {named.text} cannot be read ({getattr(error, 'strerror', None) or type(error).__name__})")
            continue
        if text:
            values[setting] = Value(text, f"{named.source} ({named.text})")
    return values, wrong
