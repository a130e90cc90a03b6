"""What was measured, as the table people read, the keys that programs read, and the bars that must be met."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.measure import Usage, figure

Value = float | None
Bar = tuple[str, Callable[[Mapping[str, float]], tuple[float, float, bool]]]


def _at_least(what: str, part: float, of: str) -> Callable[[Mapping[str, float]], tuple[float, float, bool]]:
    return lambda m: (m[what] / m[of], part, m[what] >= part * m[of])


def _at_most(what: str, limit: float) -> Callable[[Mapping[str, float]], tuple[float, float, bool]]:
    return lambda m: (m[what], limit, m[what] <= limit)


def _ratio_at_most(what: str, part: float, of: str) -> Callable[[Mapping[str, float]], tuple[float, float, bool]]:
    return lambda m: (m[what] / m[of], part, m[what] <= part * m[of])


BARS: Final[tuple[Bar, ...]] = (
    ("whole lives on SQLite ≥ 0.06 × floor (aim 0.12)", _at_least("sqlite_lives_per_s", 0.06, "floor_lives_per_s")),
    ("whole lives on PostgreSQL ≥ 0.04 × floor", _at_least("postgres_lives_per_s", 0.04, "floor_lives_per_s")),
    ("send → inbox p99 ≤ 2 × floor's four-hop p99", _ratio_at_most("send_to_inbox_p99_ms", 2.0, "floor_p99_ms")),
    ("approval → published p50 ≤ 10 × floor's four-hop p50", _ratio_at_most("approve_to_published_p50_ms", 10.0, "floor_p50_ms")),
    ("verify ≥ 0.3 × bare read", _at_least("verify_events_per_s", 0.3, "bare_read_events_per_s")),
    ("peak memory at 1 M ≤ 1.2 × that at 100 k", _ratio_at_most("peak_mb_1m", 1.2, "peak_mb_100k")),
    ("inbox p99 ≤ 50 ms at 100,000 open", _at_most("inbox_p99_ms_100k", 50.0)),
    ("trail p99 ≤ 50 ms at 100,000 open", _at_most("trail_p99_ms_100k", 50.0)),
    ("the desk adds ≤ 25 ms to its inbox at the median, 20 at work", _at_most("desk_inbox_adds_ms_100k", 25.0)),
    ("the desk adds ≤ 25 ms to a case at the median, 20 at work", _at_most("desk_case_adds_ms_100k", 25.0)),
    ("first load of the inbox ≤ 100 kB", _at_most("desk_inbox_kb_100k", 100.0)),
    ("first load of a case ≤ 100 kB", _at_most("desk_case_kb_100k", 100.0)),
    ("publishing into the folder ≤ 3 × the bare loop's processor time", _at_most("folder_ratio", 3.0)),
    ("checking 83,762 villages ≤ 3 × csv and str, and a second", _ratio_at_most("checks_check_s", 1.0, "checks_allowed_s")),
    ("checking a large CSV ≤ 300 MB", _at_most("checks_csv_peak_mb", 300.0)),
    ("checking a large XLSX ≤ 300 MB", _at_most("checks_xlsx_peak_mb", 300.0)),
    (
        "the checks take ≤ a quarter of intake's answer where the file is known",
        _ratio_at_most("intake_checked_us", 1.33, "intake_unchecked_us"),
    ),
    ("a million events restored in 15 minutes", _at_most("kept_restore_s", 900.0)),
    ("publishing to CKAN ≤ 1.3 × bare ckanapi", _at_most("ckan_ratio", 1.3)),
)
KEYS: Final = (
    "floor_lives_per_s", "sqlite_lives_per_s", "postgres_lives_per_s", "floor_p99_ms", "send_to_inbox_p50_ms", "send_to_inbox_p99_ms",
    "approve_to_published_p99_ms", "bare_read_events_per_s", "verify_events_per_s", "rebuild_events_per_s", "peak_mb_100k", "peak_mb_1m",
    "inbox_p99_ms_100k", "trail_p99_ms_100k",
)  # fmt: skip
"""Always in the results; null where a short run does not measure it."""


@dataclass
class Report:
    values: dict[str, list[float]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
    cpu_ms: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, key: str, values: list[float], words: str) -> None:
        self.values[key], self.told[key] = values, words

    @property
    def medians(self) -> dict[str, float]:
        return {key: figure(values).median for key, values in self.values.items()}

    def bars(self) -> list[tuple[str, float, float, bool]]:
        """(words, found, limit, met) of each bar whose figures are there."""
        found = []
        for words, test in BARS:
            try:
                found.append((words, *test(self.medians)))
            except KeyError:
                continue
        return found

    def json(self, conditions: Mapping[str, Any]) -> dict[str, Any]:
        medians = {key: round(value, 3) for key, value in self.medians.items()}
        return {
            **dict.fromkeys(KEYS),
            **medians,
            "spread": {key: [round(v, 3) for v in figure(values).spread] for key, values in self.values.items()},
            "bars": [{"bar": w, "found": round(f, 4), "limit": limit, "met": met} for w, f, limit, met in self.bars()],
            "cpu": {
                section: {
                    "seconds": round(u.seconds, 1),
                    "others_percent": round(u.others_percent, 1),
                    "ours_cpu_seconds": {name: round(s, 1) for name, s in sorted(u.ours.items())},
                }
                for section, u in self.usage.items()
            },
            "cpu_ms_a_life": self.cpu_ms,
            "conditions": dict(conditions),
        }

    def table(self) -> str:
        """Markdown."""
        lines = ["| what | median | spread |", "|---|---:|---:|"]
        for key, values in self.values.items():
            f = figure(values)
            lines.append(f"| {self.told[key]} | {_number(f.median)} | {_number(f.spread[0])} – {_number(f.spread[1])} |")
        lines += ["", "| bar | found | limit | |", "|---|---:|---:|---|"]
        lines += [f"| {w} | {found:.3g} | {limit:g} | {'met' if met else 'NOT MET'} |" for w, found, limit, met in self.bars()]
        lines += ["", "| part of the run | seconds | processors used by others |", "|---|---:|---:|"]
        lines += [f"| {section} | {u.seconds:.0f} | {u.others_percent:.0f} % |" for section, u in self.usage.items()]
        return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
