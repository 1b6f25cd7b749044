"""What is counted and measured, for Prometheus. docs/operating.md says what each figure means and when to act.

No label holds anything that people write, nor anybody's id.
"""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

_PREFIX = "aiterms"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 3.0, 5.0, 20.0)


class Metrics:
    """The figures of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._answers = self._counter(
            "answers", "Questions by mode (asked, channel) and outcome (answer, suggest, none).", "mode", "outcome"
        )
        self._responses = Histogram(
            "first_response_seconds",
            "From the arrival of an event to the end of the first response to it.",
            ("kind",),
            namespace=_PREFIX,
            registry=self.registry,
            buckets=_SECONDS,
        )
        self._by_outcome: dict[tuple[str, str], Counter] = {}
        self._by_kind: dict[str, Histogram] = {}
        self._errors = self._counter("errors", "What failed, by Discord's code or the name of the error.", "code")
        self.late = self._counter("late", "Interactions that were not answered within Discord's three seconds.")
        self._malformed = self._counter("malformed_events", "Events that could not be read and were dropped.", "event")
        self._invalid = self._counter(
            "invalid_requests", "Requests that Discord counts against the address (401, 403, 429).", "status"
        )
        self.identifies = self._counter("identifies", "Sessions begun anew at the gateway.")
        self.identifies_left = Gauge(
            "identifies_left", "Identifies left today, as Discord last said.", namespace=_PREFIX, registry=self.registry
        )

    def _counter(self, name: str, help_: str, *labels: str) -> Counter:
        return Counter(name, help_, labels, namespace=_PREFIX, registry=self.registry)

    def answered(self, mode: str, outcome: str) -> None:
        """Count a question by how it was asked and what came of it."""
        # Looking a child up takes longer than counting in it.
        child = self._by_outcome.get((mode, outcome))
        if child is None:
            child = self._by_outcome[mode, outcome] = self._answers.labels(mode, outcome)
        child.inc()

    def responded(self, kind: str, seconds: float) -> None:
        """Note how long the first response took; `kind` is interaction, completion or message."""
        child = self._by_kind.get(kind)
        if child is None:
            child = self._by_kind[kind] = self._responses.labels(kind)
        child.observe(seconds)

    def failed(self, code: object) -> None:
        """Count a failure: Discord's code or HTTP status where there is one, else the name of the error's class."""
        self._errors.labels(str(code)).inc()

    @property
    def failures(self) -> dict[str, float]:
        """How often what failed, by code."""
        samples = (s for family in self._errors.collect() for s in family.samples)
        return {s.labels["code"]: s.value for s in samples if s.name.endswith("_total")}

    def malformed(self, event: str) -> None:
        """Count an event that was dropped."""
        self._malformed.labels(event).inc()

    def invalid_request(self, status: int) -> None:
        """Count a request that Discord counts against us."""
        self._invalid.labels(str(status)).inc()

    def watch(self, name: str, help_: str, read: Callable[[], float | None], *, counts: bool = False) -> None:
        """Ask `read` for a figure whenever the metrics are; None leaves it out. `counts`: it only ever grows."""
        self.registry.register(_Watched(f"{_PREFIX}_{name}", help_, read, counts=counts))

    def value(self, name: str, **labels: str) -> float:
        """Return a figure as it is now, 0 if there is none yet; counters end in `_total`."""
        return self.registry.get_sample_value(f"{_PREFIX}_{name}", labels) or 0.0

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)


class _Watched:
    """A figure that somebody else keeps."""

    def __init__(self, name: str, help_: str, read: Callable[[], float | None], *, counts: bool) -> None:
        self._name = name
        self._help = help_
        self._read = read
        self._family = CounterMetricFamily if counts else GaugeMetricFamily

    def describe(self) -> list[Metric]:
        """Name the figure without reading it."""
        return [self._family(self._name, self._help)]

    def collect(self) -> Iterator[Metric]:
        """Read the figure."""
        value = self._read()
        if value is not None:
            yield self._family(self._name, self._help, value=value)
