"""What was found of files, kept beside them so that none is looked at twice: a hash and a name in, what was told under it out.

Nothing is left of bytes that nobody handed in: what was found of those waits in memory until the file is kept, or is forgotten.
"""

import threading
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from lane.files import Files

REMEMBERED: Final = 512
WAITING: Final = 32 << 20
"""Bytes of what was told of files that are not kept."""
Told = dict[str, Any]


@dataclass
class Beside:
    """Of one process. Every method raises FilesUnavailable, except `remember`."""

    files: Files
    _memory: dict[tuple[str, str], Told] = field(default_factory=dict)
    _waiting: dict[str, dict[str, bytes]] = field(default_factory=dict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def told(self, sha256: str, name: str) -> Told | None:
        """From memory, there without profiles, for what came lately; else from beside the file."""
        if (known := self._memory.get((sha256, name))) is not None:
            return known
        if (known := self.whole(sha256, name)) is not None:
            self.remember(sha256, name, {**known, "profiles": []})
        return known

    def whole(self, sha256: str, name: str) -> Told | None:
        """With profiles."""
        with self._lock:
            raw = self._waiting.get(sha256, {}).get(name)
        raw = self.files.beside(sha256, name) if raw is None else raw
        return None if raw is None else dict(orjson.loads(raw))

    def remember(self, sha256: str, name: str, told: Told) -> None:
        """For as long as the process lives, or until much else came."""
        if len(self._memory) >= REMEMBERED:
            self._memory.clear()
        self._memory[sha256, name] = told

    def keep(self, sha256: str, name: str, told: Told) -> None:
        raw = orjson.dumps(told)
        if self.files.size(sha256) is not None:
            self.files.keep_beside(sha256, name, raw)
            return
        with self._lock:
            if self._bytes + len(raw) > WAITING:
                self._waiting, self._bytes = {}, 0
            self._waiting.setdefault(sha256, {})[name] = raw
            self._bytes += len(raw)

    def file_kept(self, sha256: str) -> None:
        """The file is in the store now: what was found of it before lies beside it from now on."""
        with self._lock:
            waiting = self._waiting.pop(sha256, {})
            self._bytes -= sum(map(len, waiting.values()))
        for name, raw in waiting.items():
            self.files.keep_beside(sha256, name, raw)
