"""What Prometheus is told of the requests: how many, how they ended, how long they took."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from projektor_ray.service.catalogue import Catalogue
from projektor_ray.service.worker_pool import WorkerPool

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
OTHER = "other"
"""Stands for every path that no route has, so that requests cannot add names without end."""
METHODS = ("GET", "HEAD", "POST", "OPTIONS")


class RequestMetrics(Collector):
    """The metrics of one application, in a registry of their own."""

    def __init__(self, catalogue: Catalogue, pool: WorkerPool) -> None:
        self._catalogue, self._pool = catalogue, pool
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "projektor_requests",
            "Requests by route, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "projektor_request_seconds",
            "Seconds from the last byte of a request to its answer.",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._registry.register(self)

    def observe(self, route: str | None, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = method if method in METHODS else OTHER
        self._requests.labels(route or OTHER, known, str(status)).inc()
        self._seconds.labels(route or OTHER).observe(seconds)

    def collect(self) -> Iterator[Metric]:
        """What is true now: studies, requests that are computed or wait, failed refreshes."""
        now = (
            ("projektor_studies", "Studies that are served.", len(self._catalogue.names)),
            ("projektor_busy", "Requests that are computed or wait.", self._pool.busy),
            (
                "projektor_refresh_failures",
                "Times that a changed folder could not be opened.",
                self._catalogue.failures,
            ),
        )
        for name, says, value in now:
            family = GaugeMetricFamily(name, says)
            family.add_metric([], float(value))
            yield family

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
