"""Is Docker here, with Compose and the images that tests need? Names of images in, what is there out; nothing is started or fetched."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

ASK_S = 20.0
INSTALL = "tests/images/prepare.sh daemon && tests/images/prepare.sh images, as root on Debian; or Docker with Compose 2.24 and docker pull"
OURS = "jejak-test/"
"""Local images that stand in for official ones where no image registry can be reached (tests/images)."""
IMAGES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "PYTHON_IMAGE": ("python:3.11-slim-bookworm", f"{OURS}python:3.11"),
        "KAFKA_IMAGE": ("apache/kafka:4.1.1", f"{OURS}kafka:4.1.1"),
        "POSTGRES_IMAGE": ("postgres:17", f"{OURS}postgres:18"),
        "CADDY_IMAGE": ("caddy:2", f"{OURS}caddy:2"),
        "S3_IMAGE": ("chrislusf/seaweedfs:4.48", f"{OURS}seaweedfs:4"),
    }
)
"""docker-compose.yml's variable for an image → its official name, and the local one."""
RYUK = "testcontainers/ryuk"


def missing() -> str | None:
    """Why the composed system cannot be run here; None when it can."""
    if not shutil.which("docker"):
        return "no program docker"
    if not _good("docker", "info"):
        return "no Docker daemon answers"
    if not _good("docker", "compose", "version"):
        return "Docker has no Compose"
    absent = [official for setting, (official, _) in IMAGES.items() if image(setting) is None]
    return f"no image {', '.join(absent)}" if absent else None


def image(setting: str) -> str | None:
    """The image that is there: the official one, else the local one. Does not ask whether Docker answers first."""
    return next((name for name in IMAGES[setting] if _good("docker", "image", "inspect", name)), None)


def container_image(setting: str) -> str | None:
    """The image for a container of testcontainers; None where tests use the local parts. Its clean-up needs an image of its own."""
    if os.environ.get("JEJAK_TEST_PARTS") == "local" or not shutil.which("docker") or not _good("docker", "info"):
        return None
    if (found := image(setting)) and not _has_ryuk():
        os.environ["TESTCONTAINERS_RYUK_DISABLED"] = "true"  # read when testcontainers is imported; we stop our containers ourselves
    return found


def _has_ryuk() -> bool:
    asked = subprocess.run(["docker", "image", "ls", "-q", RYUK], capture_output=True, text=True, timeout=ASK_S, check=False)
    return bool(asked.stdout.strip())


@cache
def _good(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=ASK_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False
