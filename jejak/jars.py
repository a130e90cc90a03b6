"""Kafka's jars: in goes the committed list `kafka.jars`, out comes a class path of files whose SHA-256 is the listed one.

Files lie in the local Maven repository (`~/.m2/repository`, or `M2_REPO`), so every checkout shares one download. jgo fetches
what is missing; the list makes its walk through 150 POMs unnecessary, and a changed or half-written jar impossible.
"""

import hashlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from jejak.refused import BrokerRefused

if TYPE_CHECKING:
    from jgo.maven import MavenContext

KAFKA = "org.apache.kafka:kafka_2.13:4.1.1"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
LIST = files("jejak") / "kafka.jars"

AT_ONCE = 8
ATTEMPTS = 3
TIMEOUT_S = 15
SAY_EVERY_S = 2.0
MB = 1_000_000


@dataclass(frozen=True)
class Jar:
    """One line of the list: `sha256 bytes group:artifact:version`."""

    sha256: str
    size: int
    group: str
    artifact: str
    version: str

    def path(self, repository: Path) -> Path:
        """Where Maven keeps it."""
        return repository.joinpath(*self.group.split("."), self.artifact, self.version, f"{self.artifact}-{self.version}.jar")

    def is_whole(self, path: Path) -> bool:
        """Whether the file is there with exactly the listed bytes."""
        try:
            with path.open("rb") as file:
                return os.fstat(file.fileno()).st_size == self.size and hashlib.file_digest(file, "sha256").hexdigest() == self.sha256
        except FileNotFoundError:
            return False


def repository() -> Path:
    """The local Maven repository."""
    return Path(os.environ.get("M2_REPO") or Path.home() / ".m2" / "repository")


def listed() -> tuple[Jar, ...]:
    """The committed list, in class path order."""
    return tuple(_read(LIST.read_text("utf-8")))


def class_path(*, say: Callable[[str], None]) -> str:
    """The class path of a Kafka broker; downloads what is missing, telling `say` how far it is. Raises BrokerRefused."""
    place = repository()
    jars = listed()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            whole = pool.map(lambda jar: jar.is_whole(jar.path(place)), jars)
            missing = [jar for jar, found in zip(jars, whole, strict=True) if not found]
        if missing:
            _download(missing, place, say)
    except OSError as error:
        why = error.strerror or str(error)
        raise BrokerRefused(f"Kafka's jars cannot be kept in {place}: {why} (M2_REPO names another place)") from error
    return os.pathsep.join(str(jar.path(place)) for jar in jars)


def resolve() -> str:
    """The text of a new list, resolved by jgo from Kafka's and its logger's coordinates: for `make lock`."""
    import jgo

    lines = []
    for artifact in jgo.resolve(f"{KAFKA}+{LOGGING}"):
        path = artifact.resolve()
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{digest} {path.stat().st_size} {artifact.groupId}:{artifact.artifactId}:{artifact.version}\n")
    return "".join(lines)


def _read(text: str) -> Iterator[Jar]:
    for line in text.splitlines():
        sha256, size, coordinate = line.split()
        yield Jar(sha256, int(size), *coordinate.split(":"))


def _download(missing: Sequence[Jar], place: Path, say: Callable[[str], None]) -> None:
    total = sum(jar.size for jar in missing)
    say(f"Apache Kafka is downloaded once from Maven Central: {len(missing)} jars, {total // MB + 1} MB, into {place}")
    _need_room(place, 2 * total)
    with tempfile.TemporaryDirectory(prefix=".jejak-", dir=place) as half_done:
        context = _context(Path(half_done))
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            waiting = {pool.submit(_fetch, jar, context, place): jar for jar in sorted(missing, key=lambda jar: -jar.size)}
            done, bytes_done, started = 0, 0, time.monotonic()
            next_word = started + SAY_EVERY_S
            for future in as_completed(waiting):
                future.result()
                done, bytes_done = done + 1, bytes_done + waiting[future].size
                now = time.monotonic()
                if now >= next_word or done == len(missing):
                    say(f"  {done} of {len(missing)} jars, {bytes_done / MB:.0f} of {total / MB:.0f} MB, {now - started:.0f} s")
                    next_word = now + SAY_EVERY_S
        finally:
            pool.shutdown(cancel_futures=True)


def _need_room(place: Path, size: int) -> None:
    place.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(place).free
    if free < size:
        raise BrokerRefused(f"Kafka's jars need {size // MB} MB in {place}, where {free // MB} MB are free")


def _context(half_done: Path) -> "MavenContext":
    from jgo.config import GlobalSettings
    from jgo.constants import MAVEN_CENTRAL_URL
    from jgo.maven import MavenContext

    mirrors = GlobalSettings.load().repositories
    return MavenContext(repo_cache=half_done, remote_repos={**mirrors, "central": MAVEN_CENTRAL_URL}, timeout=TIMEOUT_S)


def _fetch(jar: Jar, context: "MavenContext", place: Path) -> None:
    """Download beside the repository, check, then move in: nobody ever sees half a jar."""
    import requests

    artifact = context.project(jar.group, jar.artifact).at_version(jar.version).artifact()
    fresh = jar.path(context.repo_cache)
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            artifact.resolve()
            break
        except (requests.RequestException, RuntimeError) as error:
            fresh.unlink(missing_ok=True)
            if not attempts_left:
                raise BrokerRefused(_no_network(jar, error)) from error
    if not jar.is_whole(fresh):
        raise BrokerRefused(f"{jar.artifact}-{jar.version}.jar came with other bytes than Jejak's list names: not used")
    target = jar.path(place)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh.replace(target)


def _no_network(jar: Jar, error: Exception) -> str:
    return (
        f"{jar.artifact}-{jar.version}.jar could not be downloaded from Maven Central ({type(error).__name__}): the first start needs the "
        "network (check it, or HTTPS_PROXY), or set JEJAK_KAFKA to a Kafka that runs already"
    )


if __name__ == "__main__":
    sys.stdout.write(resolve())
