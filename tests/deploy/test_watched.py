"""Alarms and dashboard name metrics that exist, and leave out none; Prometheus itself finds the rules good."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from events.lawful import LAW
from jejak.metrics import Metrics

METRIC = re.compile(r"\bjejak_[a-z_]+")


def served() -> set[str]:
    registry = CollectorRegistry()
    registry.register(Metrics(list))
    return set(re.findall(r"^# TYPE (\w+) ", generate_latest(registry).decode(), re.MULTILINE))


@pytest.mark.parametrize("name", ["alerts.yml", "grafana.json"])
def test_every_metric_that_is_named_exists(repository: Path, name: str) -> None:
    named = set(METRIC.findall((repository / "deploy" / name).read_text("utf-8")))

    assert named
    assert named - served() == set()


def test_the_dashboard_shows_every_metric(repository: Path) -> None:
    dashboard = json.loads((repository / "deploy" / "grafana.json").read_text("utf-8"))
    shown = {metric for panel in dashboard["panels"] for target in panel["targets"] for metric in METRIC.findall(target["expr"])}

    assert shown == served()
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_an_alarm_goes_off_for_every_code_of_the_law(repository: Path) -> None:
    told = re.search(r'outcome=~"(fork\|[a-z_|]+)"', (repository / "deploy" / "alerts.yml").read_text("utf-8"))

    assert told
    assert {code for code, _ in LAW} <= set(told[1].split("|"))


def test_a_notice_that_fails_is_no_record_that_could_not_be_read(repository: Path) -> None:
    told = re.search(r"jejak_records_total{(.*unreadable.*)}", (repository / "deploy" / "alerts.yml").read_text("utf-8"))

    assert told
    assert 'loop!="notices"' in told[1]  # its attempts are counted as `failed` too, and have an alarm of their own


@pytest.mark.needs("promtool")
def test_prometheus_finds_the_rules_good(repository: Path) -> None:
    checked = subprocess.run(
        ["promtool", "check", "rules", "deploy/alerts.yml"], cwd=repository, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "13 rules found" in checked.stdout
