"""What is counted and measured, for Prometheus: the names of all metrics, and no label from user input."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_PREFIX: Final = "kryten_playlist_"
# An answer to a browser takes milliseconds; so do most commands, but one that waits for its run minutes.
_HTTP_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COMMAND_SECONDS: Final = (0.001, 0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)
# Anybody can send any word as a method; only these are told apart.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


@define(eq=False)
class Metrics:
    """The counters of one service, in a registry of their own: two services in one process do not mix.

    What happens is told as it happens; how things stand is told by whoever looks, right before `text`.
    """

    registry: CollectorRegistry
    store: Gauge = field(kw_only=True)
    channel: Gauge = field(kw_only=True)
    items: Gauge = field(kw_only=True)
    runs: Gauge = field(kw_only=True)
    commands: Counter = field(kw_only=True)
    command_seconds: Histogram = field(kw_only=True)
    requests: Counter = field(kw_only=True)
    request_seconds: Histogram = field(kw_only=True)

    @classmethod
    def of(cls, version: str, *, nats_connected: Callable[[], bool] | None = None) -> "Metrics":
        """Those of a service that begins now; `nats_connected` is None where there is no NATS."""
        registry = CollectorRegistry()
        made = partial(_made, registry)
        made(Gauge, "build_info", "Always 1.", "version").labels(version).set(1)
        began = time.monotonic()
        made(Gauge, "uptime_seconds", "Since it began.").set_function(lambda: time.monotonic() - began)
        if nats_connected is not None:
            made(Gauge, "nats_connected", "Whether NATS is there.").set_function(nats_connected)
        seconds = partial(made, Histogram)
        return cls(
            registry,
            store=made(Gauge, "store_up", "Whether every bucket answers."),
            channel=made(Gauge, "channel_connected", "Whether the channel can be reached."),
            items=made(Gauge, "catalog_items", "Titles of the catalogue; 0 before there is one."),
            runs=made(Gauge, "runs", "Runs that are kept, of all replicas.", "status"),
            commands=made(Counter, "commands", "Commands over NATS.", "command", "status"),
            command_seconds=seconds(
                "command_seconds", "Until the reply.", "command", buckets=_COMMAND_SECONDS
            ),
            requests=made(Counter, "http_requests", "Requests over HTTP.", "route", "method", "status"),
            request_seconds=seconds(
                "http_request_seconds", "Until the answer.", "route", "method", buckets=_HTTP_SECONDS
            ),
        )

    def command_done(self, name: str, *, ok: bool, seconds: float) -> None:
        """A command was answered; `name` is one of ours, or `unknown`."""
        self.commands.labels(name, "ok" if ok else "error").inc()
        self.command_seconds.labels(name).observe(seconds)

    def request_done(self, route: str, method: str, status: str, *, seconds: float) -> None:
        """A request was answered; `route` is the template of its address."""
        method = method if method in _METHODS else "other"
        self.requests.labels(route, method, status).inc()
        self.request_seconds.labels(route, method).observe(seconds)

    def things_stand(self, *, store: bool, channel: bool, items: int) -> None:
        """Whether store and channel can be reached, and how many titles the catalogue has."""
        self.store.set(store)
        self.channel.set(channel)
        self.items.set(items)

    def runs_are(self, counts: Mapping[str, int]) -> None:
        """How many runs there are of each status, those without any among them."""
        for status, count in counts.items():
            self.runs.labels(status).set(count)

    def commands_so_far(self) -> Mapping[str, Mapping[str, int]]:
        """For each command that was answered, how often it went well (`ok`) and how often not (`error`)."""
        found: dict[str, dict[str, int]] = {}
        for metric in self.commands.collect():
            for sample in metric.samples:
                if sample.name.endswith("_total"):
                    counts = found.setdefault(sample.labels["command"], {"ok": 0, "error": 0})
                    counts[sample.labels["status"]] = int(sample.value)
        return found

    def text(self) -> bytes:
        """All of it as Prometheus reads it, of the type `prometheus_client.CONTENT_TYPE_LATEST`."""
        return generate_latest(self.registry)


def _made(
    registry: CollectorRegistry, kind: type[Any], name: str, documentation: str, *labels: str, **more: Any
) -> Any:
    return kind(_PREFIX + name, documentation, labels, registry=registry, **more)
