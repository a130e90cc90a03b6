"""Recall and precision of the findings of personal data on the labelled sample, for each kind, and what was missed or found in vain."""

import csv
import io
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.checks.labelled import Sample, sample
from tests.checks.sheets import checked

SEED, TIMES = 13, 20
KINDS = ("nik", "kk", "npwp", "nip", "phone", "email", "account", "address", "birth_date", "name")


@dataclass
class Counts:
    """Columns: found rightly, missed, found in vain."""

    right: int = 0
    missed: int = 0
    vain: int = 0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.vain) if self.right + self.vain else 1.0


@dataclass
class Measured:
    kinds: dict[str, Counts] = field(default_factory=lambda: {kind: Counts() for kind in KINDS})
    misses: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_vain: Counter[tuple[str, str]] = field(default_factory=Counter)


def measure() -> Measured:
    """A NIK and a No. KK have one shape: the one told for the other counts as found."""
    told = Measured()
    with tempfile.TemporaryDirectory() as folder:
        for one in sample(SEED, TIMES):
            found = _found(one, Path(folder))
            for column, kind in one.labels.items():
                hit = (column, kind) in found or (kind in {"nik", "kk"} and bool({(column, "nik"), (column, "kk")} & found))
                told.kinds[kind].right += hit
                told.kinds[kind].missed += not hit
                if not hit:
                    told.misses[kind, one.maker] += 1
            for column, kind in sorted(found):
                label = one.labels.get(column)
                also = kind in {"name", "nik", "phone"} and one.maker.endswith("in a sentence")  # a sentence holds a name too
                if kind in told.kinds and label != kind and not {label, kind} <= {"nik", "kk"} and not also:
                    told.kinds[kind].vain += 1
                    told.in_vain[kind, one.maker] += 1
    return told


def _found(one: Sample, folder: Path) -> set[tuple[str, str]]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(one.table)
    writer.writerows(zip(*one.table.values(), strict=True))
    report = checked(folder, "data.csv", text.getvalue().encode())
    return {(f.column or "", f.code.removeprefix("personal_data_")) for f in report.findings if f.code.startswith("personal_data_")}
