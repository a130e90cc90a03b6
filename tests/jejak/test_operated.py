"""What an operator looks at: health, readiness, metrics, the documents of the interfaces."""

import re

import pytest

from tests.jejak.running import Up
from tests.jejak.test_life import submitted

LANES = ("intake", "review", "decision", "publisher", "archive")


def metrics(up: Up) -> dict[str, float]:
    lines = up.call("GET", "/metrics").text.splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


@pytest.mark.parametrize("path", ["/healthz", "/readyz", *(f"/{lane}/{what}" for lane in LANES for what in ("healthz", "readyz"))])
def test_the_process_and_every_lane_tell_how_they_are(up: Up, path: str) -> None:
    answer = up.call("GET", path)

    assert answer.status_code == 200
    assert answer.json()


async def test_metrics_count_what_happened(up: Up, opd: str) -> None:
    before = metrics(up)
    await submitted(up, opd)
    up.until(lambda: metrics(up)['jejak_records_total{lane="review",loop="log",outcome="applied"}'] > 0)
    after = metrics(up)

    def grown(name: str) -> float:
        return after.get(name, 0) - before.get(name, 0)

    assert grown('jejak_records_total{lane="intake",loop="inbound",outcome="accepted"}') == 1
    assert grown('jejak_records_total{lane="intake",loop="relay",outcome="sent_own"}') == 1
    assert grown('jejak_waiting_submissions{lane="review"}') >= 1
    assert after['jejak_ready{lane="decision"}'] == 1
    assert {name for name in after if name.startswith("jejak_lag_records")} >= {
        f'jejak_lag_records{{lane="{lane}",loop="log"}}' for lane in LANES
    }
    assert any(name.startswith("jejak_portal_retrying_submissions") for name in after)
    assert any(name.startswith("jejak_overdue_submissions") for name in after)


def test_the_interfaces_are_documented_by_the_process_itself(up: Up) -> None:
    openapi, asyncapi, page = (up.call("GET", path) for path in ("/openapi.json", "/asyncapi", "/docs"))

    assert {"/decision/api/submissions/{submission_id}/approve", "/intake/api/files/{sha256}"} <= openapi.json()["paths"].keys()
    assert asyncapi.json()["asyncapi"].startswith("3.")
    assert "/review/api/submissions/{submission_id}/revise" in page.text
    assert re.search(r"https?://(?!127\.0\.0\.1)\S+\.(js|css)", page.text) is None


def test_every_answer_carries_its_correlation_id_and_safe_headers(up: Up) -> None:
    given = up.call("GET", "/readyz")

    assert len(given.headers["x-correlation-id"]) == 36
    assert "default-src 'none'" in given.headers["content-security-policy"]
    assert given.headers["x-content-type-options"] == "nosniff"
    assert "server" not in given.headers
