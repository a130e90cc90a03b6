"""Prometheus metrics, read from the lanes when asked: nothing is counted twice to be shown here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import DBAPIError

from bus.loops import Progress
from lane.health import Watched
from lane.lane import Lane
from services.publisher.publishing import Publishing
from services.publisher.watching import Watching

Family = CounterMetricFamily | GaugeMetricFamily


@dataclass(frozen=True)
class Metrics(Collector):
    lanes: Callable[[], Sequence[Lane]]
    others: Callable[[], Sequence[Watched]] = tuple

    def collect(self) -> Iterator[Family]:
        lanes = self.lanes()
        yield from self._loops(
            [(lane.name, progress) for lane in lanes for progress in [*lane.loops, lane.commanded]]
            + [(other.name, progress) for other in self.others() for progress in other.loops]
        )
        yield self._spans(lanes)
        yield from self._work(lanes)
        yield from self._publishing([p for lane in lanes if isinstance(p := lane.parts.get("publishing"), Publishing)])
        yield from self._watching([w for lane in lanes if isinstance(w := lane.parts.get("watching"), Watching)])

    def _loops(self, loops: Sequence[tuple[str, Progress]]) -> Iterator[Family]:
        records = CounterMetricFamily(
            "jejak_records",
            "Records and rows by loop and outcome (applied, duplicate, dead letters by code, sent …)",
            labels=["lane", "loop", "outcome"],
        )
        lag = GaugeMetricFamily("jejak_lag_records", "Records that wait to be read or sent", labels=["lane", "loop"])
        healthy = GaugeMetricFamily("jejak_healthy", "1 when the loop makes progress", labels=["lane", "loop"])
        rebuilt = CounterMetricFamily("jejak_rebuilt", "Times a consumer or relay was built anew", labels=["lane", "loop"])
        for lane, progress in loops:
            for outcome, count in list(progress.counts.items()):
                records.add_metric([lane, progress.name, outcome], count)
            lag.add_metric([lane, progress.name], progress.lag)
            healthy.add_metric([lane, progress.name], float(progress.healthy))
            rebuilt.add_metric([lane, progress.name], progress.rebuilt)
        yield from (records, lag, healthy, rebuilt)

    def _spans(self, lanes: Sequence[Lane]) -> Family:
        """The lanes of a process tell theirs together."""
        spans = CounterMetricFamily(
            "jejak_spans", "Spans by what became of them (sent, lost, dropped; failed: not made)", labels=["outcome"]
        )
        for outcome, count in list(lanes[0].shared.traces.counts.items()) if lanes else ():
            spans.add_metric([outcome], count)
        return spans

    def _work(self, lanes: Sequence[Lane]) -> Iterator[Family]:
        ready = GaugeMetricFamily("jejak_ready", "1 when the lane takes commands", labels=["lane"])
        waiting = GaugeMetricFamily("jejak_waiting_submissions", "Submissions that wait on a lane, as seen by that lane", labels=["lane"])
        overdue = GaugeMetricFamily("jejak_overdue_submissions", "Of these, past their due time", labels=["lane"])
        now = datetime.now(UTC)
        for lane in lanes:
            ready.add_metric([lane.name], float(lane.ready))
            try:
                here, late = lane.inbox.counts(lane.overdue(now)).get(lane.name, (0, 0))
            except DBAPIError:
                continue  # the log's consumer says that the database is away
            waiting.add_metric([lane.name], here)
            overdue.add_metric([lane.name], late)
        yield from (ready, waiting, overdue)

    def _publishing(self, publishings: Sequence[Publishing]) -> Iterator[Family]:
        failures = CounterMetricFamily("jejak_portal_failures", "Attempts to publish that failed, by code", labels=["code"])
        steps = CounterMetricFamily("jejak_portal_steps", "Steps of publishing begun", labels=["step"])
        retrying = GaugeMetricFamily("jejak_portal_retrying_submissions", "Submissions that failed at the portal and will be tried again")
        refused = GaugeMetricFamily("jejak_portal_refused_submissions", "Approved submissions that the portal refuses for good")
        not_down = GaugeMetricFamily("jejak_portal_not_down_submissions", "Retracted or handed back, and the portal may still show it")
        for publishing in publishings:
            for code, count in list(publishing.failures.items()):
                failures.add_metric([code], count)
            for step, count in list(publishing.steps.items()):
                steps.add_metric([step], count)
            retrying.add_metric([], publishing.attempts.count("retrying"))
            refused.add_metric([], publishing.attempts.count("refused"))
            not_down.add_metric([], publishing.attempts.not_down())
        yield from (failures, steps, retrying, refused, not_down)

    def _watching(self, watchings: Sequence[Watching]) -> Iterator[Family]:
        differences = GaugeMetricFamily("jejak_portal_differences", "What the last regular check found to differ between portal and log")
        for watching in watchings:
            if watching.differences is not None:
                differences.add_metric([], len(watching.differences))
        yield differences
