"""Groups of tests that need a part which a machine may lack: what to look for, and what to install when it is not there.

A test says `@pytest.mark.needs("chromium")`. When the part is missing, the test is skipped, the end of the run says so loudly,
and under CI=true the run fails. To add a group, add a line to GROUPS.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Group:
    """A part: `missing` says in a few words what is not there, or None; `install` is the exact remedy."""

    missing: Callable[[], str | None]
    install: str


def _setting(name: str) -> Callable[[], str | None]:
    return lambda: None if os.environ.get(name) else f"{name} is not set"


def _program(*names: str) -> Callable[[], str | None]:
    return lambda: None if any(shutil.which(name) for name in names) else f"no program {' or '.join(names)}"


GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "ckan": Group(
            _setting("JEJAK_TEST_CKAN"), "a CKAN 2.10 or later; JEJAK_TEST_CKAN is its URL, JEJAK_TEST_CKAN_TOKEN a sysadmin's token"
        ),
        "chromium": Group(_program("chromium", "chromium-browser", "google-chrome"), "apt install chromium"),
    }
)
