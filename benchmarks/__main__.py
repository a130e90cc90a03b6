"""`python -m benchmarks`: measures everything, prints the table, writes `benchmarks/results.json`; QUICK=1 for a short run.

A full run also draws `docs/growth.svg` and puts its table into `docs/performance.md`. Nothing is written when a count is wrong.
"""

import argparse
import os
import platform
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import orjson
import psutil

from benchmarks import checks, growth, kept, latency, pages, servers, whole_lives
from benchmarks.measure import WrongCount, say, watched
from benchmarks.plot import Chart, svg
from benchmarks.report import Report
from benchmarks.workers import WorkerEnded
from bus.kafka import Kafka

HERE: Final = Path(__file__).parent
DOCS: Final = HERE.parent / "docs"
BEGIN: Final = "<!-- the table of the last full run -->"
END: Final = "<!-- end of the table -->"
PLOT: Final = "![The figures at several sizes of the log](growth.svg)"
SECTIONS: Final = ("throughput", "latency", "growth", "pages", "folder", "kept", "checks", "ckan")
CKAN: Final = "JEJAK_BENCH_CKAN"


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    repeats: int
    floor_lives: int
    sqlite_lives: int
    postgres_lives: int
    submissions: int
    sizes: tuple[int, ...]
    lives_on_top: int
    open: tuple[int, ...]


FULL: Final = Plan(3, 60_000, 8_000, 6_000, 1_000, (10_000, 100_000, 1_000_000), 4_000, (1_000, 10_000, 100_000))
QUICK: Final = Plan(3, 5_000, 800, 600, 150, (20_000,), 400, (1_000,))


@dataclass
class Bench:
    plan: Plan
    directory: Path
    report: Report

    @contextmanager
    def section(self, name: str, *roots: int) -> Iterator[Path]:
        """A part of the run with a directory of its own; says who used the processors."""
        say(f"— {name}")
        here = self.directory / name.replace(" ", "-")
        here.mkdir()
        with watched(*roots) as usage:
            yield here
        self.report.usage[name] = usage
        say(f"— {name}: {usage.seconds:.0f} s, others used {usage.others_percent:.0f} % of the processors")

    def throughput(self) -> None:
        plan = self.plan
        with servers.kafka(self.directory / "kafka-lives") as bootstrap, servers.postgres(self.directory / "pg") as (new_database, pid):
            kafka = Kafka(bootstrap)
            with self.section("floor") as here:
                self._add("floor", whole_lives.floor(kafka, plan.floor_lives, plan.repeats, here), "the floor, four bare hops")
            with self.section("lives on SQLite") as here:
                rates = whole_lives.lives(kafka, plan.sqlite_lives, plan.repeats, here, f"sqlite:{here / 'store'}/")
                self._add("sqlite", rates, "whole lives on SQLite")
            with self.section("lives on PostgreSQL", pid) as here:
                rates = whole_lives.lives(kafka, plan.postgres_lives, plan.repeats, here, new_database(), also_watch=[pid])
                self._add("postgres", rates, "whole lives on PostgreSQL")

    def _add(self, key: str, rates: whole_lives.Rates, words: str) -> None:
        self.report.add(f"{key}_lives_per_s", rates.lives_per_s, f"{words}: lives/s")
        self.report.add(f"{key}_cpu_ms_a_life", [sum(rates.cpu_ms.values())], f"{words}: processor ms a life")
        self.report.cpu_ms[key] = rates.cpu_ms
        say(f"processor ms a life: {rates.cpu_ms}")

    def latency(self) -> None:
        plan, add = self.plan, self.report.add
        with servers.kafka(self.directory / "kafka-latency") as bootstrap:
            kafka = Kafka(bootstrap)
            with self.section("latency of the floor") as here:
                floor = latency.floor(kafka, plan.submissions, plan.repeats, here)
            with self.section("latency") as here:
                to_inbox, to_published = latency.jejak(kafka, plan.submissions, plan.repeats, here, f"sqlite:{here / 'store'}/")
        rate = f"at {latency.RATE}/s"
        for key, times, words in (
            ("floor", floor, f"the floor {rate}: four hops"),
            ("send_to_inbox", to_inbox, f"send → review's inbox {rate}"),
            ("approve_to_published", to_published, f"approval → published in the folder {rate}"),
        ):
            add(f"{key}_p50_ms", times.p50, f"{words}, p50 ms")
            add(f"{key}_p99_ms", times.p99, f"{words}, p99 ms")

    def growth(self) -> list[Chart]:
        plan, add = self.plan, self.report.add
        with servers.kafka(self.directory / "kafka-growth") as bootstrap, self.section("growth") as here:
            sizes = growth.growth(Kafka(bootstrap), list(plan.sizes), repeats=plan.repeats, lives=plan.lives_on_top, directory=here)
        for at in sizes:
            name = _short(at.events)
            for way, words in (
                ("bare", "bare read"),
                ("verify", "verify the log"),
                ("verify_all", "verify log against a journal"),
                ("rebuild", "rebuild a journal"),
            ):
                add(f"{way}_events_per_s_{name}", at.replay.rate[way], f"{words}, events/s of {at.events:,}")
                add(f"{way}_peak_mb_{name}", at.replay.peak_mb[way], f"{words}, peak MB at {at.events:,}")
            heaviest = [max(peaks) for peaks in zip(*(at.replay.peak_mb[way] for way in ("verify", "verify_all", "rebuild")), strict=True)]
            add(f"peak_mb_{name}", heaviest, f"peak MB of verify and rebuild at {at.events:,}")
            add(f"sqlite_lives_per_s_at_{name}", at.lives, f"whole lives/s on SQLite with {at.events:,} events in every journal")
            add(f"journal_bytes_an_event_{name}", [at.journal_bytes_an_event], f"a journal's bytes for each event at {at.events:,}")
        largest = sizes[-1].replay.rate
        for key, way in (("bare_read", "bare"), ("verify", "verify"), ("rebuild", "rebuild")):
            add(f"{key}_events_per_s", largest[way], f"{key.replace('_', ' ')}, events/s of {sizes[-1].events:,}")
        medians = self.report.medians
        by_size = [(at.events, _short(at.events)) for at in sizes]
        return [
            Chart("events/s", "events in the log", {
                way: [(n, medians[f"{way}_events_per_s_{name}"]) for n, name in by_size] for way in ("bare", "verify", "rebuild")}),
            Chart("peak memory, MB", "events in the log", {
                way: [(n, medians[f"{way}_peak_mb_{name}"]) for n, name in by_size] for way in ("bare", "verify", "rebuild")}),
            Chart("whole lives/s on SQLite", "events in every journal before", {
                "lives": [(n, medians[f"sqlite_lives_per_s_at_{name}"]) for n, name in by_size]}),
        ]  # fmt: skip

    def pages(self) -> list[Chart]:
        with servers.kafka(self.directory / "kafka-pages") as bootstrap, self.section("pages") as here:
            rounds = 15 if self.plan is FULL else 5
            found, desk = pages.pages(Kafka(bootstrap), list(self.plan.open), self.plan.repeats, here, rounds=rounds)
        for at in found:
            for what, values in at.p99.items():
                self.report.add(f"{what}_p99_ms_{_short(at.open)}", values, f"{what} p99 ms at {at.open:,} open")
        for key, values, words in desk.figures():
            self.report.add(f"{key}_{_short(found[-1].open)}", values, f"{words} at {found[-1].open:,} open")
        medians = self.report.medians
        lines = {what: [(at.open, medians[f"{what}_p99_ms_{_short(at.open)}"]) for at in found] for what in found[0].p99}
        return [Chart("p99 of a page, ms", "open submissions", lines)]

    def folder(self) -> None:
        """The folder portal beside a bare loop that writes the same files."""
        from benchmarks import portal

        with self.section("folder portal") as here:
            runs = [portal.run_folder(here / str(n), rounds=300 if self.plan is FULL else 60) for n in range(self.plan.repeats)]
        for key, words in (
            ("jejak_cpu_ms", "publishing a dataset into the folder, processor ms"),
            ("bare_cpu_ms", "writing the same files by a bare loop, processor ms"),
            ("ratio", "publishing into the folder, times the bare loop"),
        ):
            self.report.add(f"folder_{key}", [float(run[key]) for run in runs], words)

    def kept(self) -> None:
        """Back-up and restore at the largest size."""
        events = self.plan.sizes[-1]
        with self.section("kept") as here:
            found = kept.kept(events, self.plan.repeats, here).seconds
        for way, words in (
            ("copy", "a bare copy of a journal"),
            ("backup", "a journal backed up"),
            ("restore", "restored, with its log to an empty Kafka"),
        ):
            self.report.add(f"kept_{way}_s", found[way], f"{words}, s of {events:,} events")
        for way in ("backup", "restore"):
            ratios = [took / bare for took, bare in zip(found[way], found["copy"], strict=True)]
            self.report.add(f"kept_{way}_ratio", ratios, f"{way} of {events:,} events, times the bare copy")

    def checks(self) -> None:
        """Every figure is of a process of its own."""
        add, full = self.report.add, self.plan is FULL
        with self.section("checks") as here:
            table = checks.villages(here / "villages.csv")
            ways = {way: [checks.once(way, table) for _ in range(self.plan.repeats)] for way in ("csv", "check", "frictionless")}
            for way, runs in ways.items():
                add(f"checks_{way}_s", [run["s"] for run in runs], f"83,762 villages, {way}: s")
            add("checks_allowed_s", [3 * run["s"] + 1 for run in ways["csv"]], "83,762 villages, 3 × csv and str, and a second: s")
            for kind, path in (
                ("csv", checks.large_csv(here / "large.csv", 200 if full else 20)),
                ("xlsx", checks.large_xlsx(here / "large.xlsx", 960_000 if full else 50_000)),
            ):
                size = path.stat().st_size / checks.MB
                run = checks.once("check", path)
                add(f"checks_{kind}_mb_per_s", [size / run["s"]], f"checking {size:.0f} MB of {kind.upper()}, MB/s")
                add(f"checks_{kind}_peak_mb", [run["peak_mb"]], f"checking {size:.0f} MB of {kind.upper()}, peak MB")
            runs = [checks.of_intake(here / f"intake-{n}", 20 if full else 5) for n in range(self.plan.repeats)]
            for way in ("checked", "unchecked"):
                add(f"intake_{way}_us", [run[way] for run in runs], f"intake's answer to a record whose file is known, {way}: processor µs")

    def ckan(self) -> None:
        """Only where a CKAN is named: its datasets stay there."""
        address, token = os.environ.get(CKAN), os.environ.get(f"{CKAN}_TOKEN")
        if not address or not token:
            say(f"CKAN is left out: {CKAN} and {CKAN}_TOKEN name none")
            return
        from benchmarks import portal

        with self.section("CKAN"):
            runs = [portal.run(address, token, rounds=10 if self.plan is FULL else 3) for _ in range(self.plan.repeats)]
        for key, words in (
            ("jejak_ms", "publishing a dataset to CKAN, ms"),
            ("bare_ms", "the same calls by bare ckanapi, ms"),
            ("ratio", "publishing to CKAN, times bare ckanapi"),
            ("parallel_per_s", "datasets/s to CKAN in parallel"),
        ):
            self.report.add(f"ckan_{key}", [float(run[key]) for run in runs], words)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="leave the other sections out")
    chosen = parser.parse_args(arguments).only or SECTIONS
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # servers and workers stop on the way out
    quick = os.environ.get("QUICK", "") not in {"", "0"}
    with TemporaryDirectory(prefix="jejak-bench-") as directory:
        bench = Bench(QUICK if quick else FULL, Path(directory), Report())
        charts: list[Chart] = []
        try:
            if "throughput" in chosen:
                bench.throughput()
            if "latency" in chosen:
                bench.latency()
            if "growth" in chosen:
                charts += bench.growth()
            if "pages" in chosen:
                charts += bench.pages()
            if "folder" in chosen:
                bench.folder()
            if "kept" in chosen:
                bench.kept()
            if "checks" in chosen:
                bench.checks()
            if "ckan" in chosen:
                bench.ckan()
        except (WrongCount, WorkerEnded) as error:
            say(f"nothing is reported: {error}")
            return 1
    _write(bench.report, charts, quick=quick, whole=not quick and chosen == SECTIONS)
    return 0


def _write(report: Report, charts: list[Chart], *, quick: bool, whole: bool) -> None:
    conditions = {
        "quick": quick,
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }
    (HERE / "results.json").write_bytes(orjson.dumps(report.json(conditions), option=orjson.OPT_INDENT_2) + b"\n")
    print(report.table())
    if whole:
        (DOCS / "growth.svg").write_text(svg(charts), "utf-8")
        page = DOCS / "performance.md"
        text = page.read_text("utf-8")
        before, rest = text.split(BEGIN)
        page.write_text(f"{before}{BEGIN}\n\n{report.table()}\n\n{PLOT}\n\n{END}{rest.split(END)[1]}", "utf-8")


def _short(count: int) -> str:
    return f"{count // 1_000_000}m" if count >= 1_000_000 else f"{count // 1_000}k"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
