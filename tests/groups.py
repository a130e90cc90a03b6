"""Groups of tests that need a part which a machine may lack: what to look for, and what to install when it is not there.

A test says `@pytest.mark.needs("chromium")`. When the part is missing, the test is skipped, the end of the run says so loudly, and under
CI=true the run fails, unless JEJAK_TEST_LEFT_OUT names the group: then .ci/run has said why. To add a group, add a line to GROUPS.
"""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tests import containers
from tests.ckan import server


@dataclass(frozen=True)
class Group:
    """A part: `missing` says in a few words what is not there, or None; `install` is the exact remedy."""

    missing: Callable[[], str | None]
    install: str


def _program(*names: str) -> Callable[[], str | None]:
    return lambda: None if any(shutil.which(name) for name in names) else f"no program {' or '.join(names)}"


def _unless(there: bool, why: str) -> Callable[[], str | None]:  # noqa: FBT001 (what is so on this machine)
    return lambda: None if there else why


GROUPS: Mapping[str, Group] = MappingProxyType(
    {
        "ckan": Group(server.missing, server.INSTALL),
        "promtool": Group(_program("promtool"), "apt install prometheus (only its promtool is used)"),
        "docker": Group(containers.missing, containers.INSTALL),
        "chromium": Group(_program("chromium", "chromium-browser", "google-chrome"), "apt install chromium"),
        "root": Group(_unless(os.geteuid() == 0, "nothing is closed to root, and only root can become somebody else"), "run them as root"),
        "linux": Group(_unless(sys.platform == "linux", "only Linux tells a process of its parent's death"), "run them on Linux"),
    }
)
