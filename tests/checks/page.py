"""docs/checks.md from the index of the checks, their examples and what was measured: `python -m tests.checks.page` writes it."""

from pathlib import Path
from typing import Final

from checks.catalogue import CHECKS, Check
from tests.checks.examples import EXAMPLES
from tests.checks.measured import SEED, TIMES, Measured, measure

PAGE: Final = Path(__file__).parents[2] / "docs" / "checks.md"
HEAD: Final = """# Checks

What `jejak check`, intake and review find in files. Printed from `CHECKS` by `python -m tests.checks.page`; a test holds it to the code. Severity: an `error`
must be mended by a revision before the data can be verified, a `warning` is acknowledged with a note by whoever verifies, an `info` is only told. Some findings are
milder or graver than their line where the table says so: a telephone is a warning until it stands beside persons, say.

What metadata alone shows is in [for-opd-systems.md](for-opd-systems.md#findings-temuan).

## How well personal data is found

On a sample of {columns} labelled columns that code makes (`tests/checks/labelled.py`, seed {seed}, {times} tables of each of its makers, hard cases on purpose). It says how the
rules do on what we thought of; files that people send will bring what we did not.

| kind | columns | found | recall | found in vain | precision |
|---|---|---|---|---|---|
{rows}

Missed: {misses}. Found in vain: {vain}.

## How hard it was tried, and how much it takes

Each reader was given files of a corpus that code builds, changed at random, in the processes that a lane uses (`python -m tests.checks.fuzz --minutes N --parser X --seed S`;
a short run of each is among the tests). Seed 1127, ten minutes of a machine's idle time each, no fault: XLSX 31,758 files,
XLS 23,044, GeoJSON 18,513, PDF 15,187, ODS 14,696, JSON 8,088, ZIP 7,631, CSV 4,691. What earlier seeds found is mended and tried again by its seed and number (`tests/checks/test_fuzzed.py`): parts that cannot be unpacked, an encoding that nobody knows, panics
of calamine, XLS chains that turn in circles and cells outside of any sheet, ODS tags that never close, an identity number as the largest value of a profile.

Processor seconds on a machine with two cores that others used too: the country's 83,762 villages 0.75 to 0.8 (Python's csv alone 0.03), a CSV of 200 MB 120 with a peak of 182 MB of memory, an XLSX of 49 MB 67 with
183 MB (both before decimal numbers were passed over sooner, which took a quarter of a table with many); `make bench` prints them anew beside frictionless.

## Every check

| code | word | severity | function | what it says |
|---|---|---|---|---|
{checks}

## Examples

The first of each pair is found, the second is not.

{examples}
"""


def page(told: Measured) -> str:
    rows = [
        f"| `{kind}` | {c.right + c.missed} | {c.right} | {c.recall:.0%} | {c.vain} | {c.precision:.0%} |" for kind, c in told.kinds.items()
    ]
    columns = sum(c.right + c.missed for c in told.kinds.values())
    return HEAD.format(
        columns=columns,
        seed=SEED,
        times=TIMES,
        rows="\n".join(rows),
        misses=_said(told.misses.items()),
        vain=_said(told.in_vain.items()),
        checks="\n".join(_line(check) for check in CHECKS.values()),
        examples="\n".join(_example(code) for code in CHECKS if code in EXAMPLES),
    )


def _said(counted: object) -> str:
    told = [f"{kind}, {maker} ({count})" for (kind, maker), count in sorted(counted)]  # type: ignore[call-overload]
    return "; ".join(told) or "nothing"


def _line(check: Check) -> str:
    english = check.message_en.replace("|", "\\|")
    return f"| `{check.code}` | {check.word} | {check.severity} | `{check.function}` | {english} |"


def _example(code: str) -> str:
    fails, passes, _ = EXAMPLES[code]
    shown = (_short(text) for text in (fails, passes))
    return f"`{code}`\n\n```csv\n" + "```\n\n```csv\n".join(shown) + "```\n"


def _short(text: str) -> str:
    lines = text.lstrip("\ufeff").splitlines()
    return "\n".join(lines[:6]) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(measure()), encoding="utf-8")
