"""Files of the corpus, changed at random and looked at in processes that may be killed, as a lane does; errors of ours are told.

    python -m tests.checks.fuzz --minutes 10 --parser xlsx

What is looked for: an exception that `check_file` lets out, a worker that dies or takes longer than its time, a NIK that is told. A seed
and a number name each file, so that it can be made again: `--again SEED NUMBER`.
"""

import argparse
import io
import itertools
import json
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lane.workers import Workers
from tests.checks.corpus import CORPUS, NIK, SUFFIXES

SECONDS: Final = 60.0
MEMORY_MB: Final = 1_024
_ZIPPED: Final = frozenset({"xlsx", "ods", "zip"})
_WORDS: Final = (
    b"", b"\0", b"\xff", b"\xff\xfe", b'"', b",", b";", b"\n", b"\r", b"\t", b"-1", b"0", b"NaN", b"1e999", b"9" * 400, b"=1+1", b"\xef\xbb\xbf", b"{", b"[", b"]", b"}",
    b"<", b">", b"/>", b"&#0;", b"&a;", b'r="ZZZ99999999"', b't="s"', b"<!DOCTYPE x>", b"A1:XFD1048576", b"stream", b"endobj", b"/Kids", b"3 0 R", b"0 0 R", b"\xc2\xb2", b"\xd9\xa3", NIK.encode(),
)  # fmt: skip


@dataclass
class Told:
    """What came of a run."""

    parser: str
    seed: int
    files: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def fuzzed(parser: str, seed: int, *, files: int | None = None, seconds: float | None = None, only: int | None = None) -> Told:
    """So many files of one parser, or as many as fit into the seconds, or only that of one number."""
    told = Told(parser, seed)
    workers, ends = Workers(), time.monotonic() + (seconds or float("inf"))
    try:
        with tempfile.TemporaryDirectory(prefix="jejak-fuzz-") as folder:
            path = Path(folder) / "isi"
            for number, content in mutants(parser, seed) if only is None else [(only, mutant(parser, seed, only))]:
                if (files is not None and number >= files) or time.monotonic() > ends:
                    break
                path.write_bytes(content)
                _look(path, parser, number, workers, told)
    finally:
        workers.stop()
    return told


def mutants(parser: str, seed: int) -> Iterator[tuple[int, bytes]]:
    """Endless; the same for a seed."""
    corpus = CORPUS[parser]()
    for number in itertools.count():
        yield number, mutant(parser, seed, number, corpus)


def mutant(parser: str, seed: int, number: int, corpus: Sequence[bytes] = ()) -> bytes:
    """One of them."""
    chance = random.Random(f"{parser}/{seed}/{number}")  # noqa: S311 (to be made again, no secret)
    content = chance.choice(corpus or CORPUS[parser]())
    return _changed_inside(content, chance) if parser in _ZIPPED and chance.random() < 0.7 else _changed(content, chance)


def _look(path: Path, parser: str, number: int, workers: Workers, told: Told) -> None:
    job = {"path": str(path), "name": SUFFIXES[parser], "media_type": "", "columns": [], "about": "", "allowed": sorted(CORPUS)}
    before = {"path": str(path), "name": SUFFIXES[parser], "before": str(path), "keys": ["kode"]}
    for what in (job, before) if number % 5 == 0 else (job,):
        began = time.monotonic()
        answer = workers.ask(what, seconds=SECONDS, memory_mb=MEMORY_MB)
        if answer is None:
            took = time.monotonic() - began
            told.faults.append(f"{number}: {'no answer in time' if took >= SECONDS else f'the worker died after {took:.1f} s'}")
            continue
        told.codes.update(finding["code"] for finding in answer["findings"])
        if what is job and (stopped := [f["message_en"] for f in answer["findings"] if "stopped" in f["message_en"]]):
            told.faults.append(f"{number}: {stopped[0]}")
        if NIK in json.dumps(answer):
            told.faults.append(f"{number}: a NIK is told")
    told.files += 1


def _changed(content: bytes, chance: random.Random) -> bytes:
    """One to eight changes: bits, words put in or over, stretches taken out, doubled, or moved."""
    made = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(made) + 1)
        to = min(len(made), at + chance.choice((1, 2, 4, 16, 256)))
        match chance.randrange(7):
            case 0 if made:
                made[at % len(made)] ^= 1 << chance.randrange(8)
            case 1:
                made[at:to] = chance.choice(_WORDS)
            case 2:
                made[at:at] = chance.choice(_WORDS)
            case 3:
                del made[at:to]
            case 4:
                made[at:at] = made[at:to] * chance.choice((1, 2, 50))
            case 5:
                made[at:to] = chance.randbytes(to - at)
            case _:
                del made[at if chance.random() < 0.2 else len(made) :]
    return bytes(made[: 1 << 22])


def _changed_inside(content: bytes, chance: random.Random) -> bytes:
    """A package whose parts are changed, so that what reads them is reached."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        parts = old.infolist()
        chosen = {part.filename for part in chance.sample(parts, min(len(parts), chance.randint(1, 2)))}
        for part in parts:
            told = old.read(part)
            new.writestr(part.filename, _changed(told, chance) if part.filename in chosen else told)
    return packed.getvalue()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=1.0)
    options.add_argument("--parser", choices=[*CORPUS, "all"], default="all")
    options.add_argument("--seed", type=int, default=13)
    options.add_argument("--again", type=int, metavar="NUMBER", help="write this file of the seed to standard output")
    given = options.parse_args()
    if given.again is not None:
        sys.stdout.buffer.write(mutant(given.parser, given.seed, given.again))
        return 0
    faults: list[Any] = []
    for parser in CORPUS if given.parser == "all" else [given.parser]:
        told = fuzzed(parser, given.seed, seconds=given.minutes * 60)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        sys.stdout.write(f"{parser}: seed {told.seed}, {told.files} files, {len(told.faults)} faults, workers' peak {peak} MB\n")
        sys.stdout.write(f"  findings: {dict(told.codes.most_common(12))}\n" + "".join(f"  {fault}\n" for fault in told.faults[:20]))
        sys.stdout.flush()
        faults += told.faults
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
