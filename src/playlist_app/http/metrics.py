"""`/metrics` for Prometheus, on the main address and on a port of its own, and how requests are measured."""

import time
from typing import Any, Final

import anyio
import falcon
import falcon.asgi
import orjson
from attrs import define, field
from prometheus_client import CONTENT_TYPE_LATEST

from playlist_app.http.errors import add_error_handlers
from playlist_app.http.ops import health_view
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from playlist_app.shapes.codec import wire
from playlist_app.version import version
from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.domain.runs import RunStatus
from playlist_core.errors import PlaylistError
from playlist_core.services.health import Condition, Dependency

# In seconds; Prometheus gives up after ten, and then knows nothing at all.
_PATIENCE: Final = 3.0
# Anybody may ask here, and the runs alone may be a thousand documents.
_KEPT_SECONDS: Final = 10.0
_SILENT: Final = Dependency(ok=False, message="It did not answer in time.")


@define(eq=False)
class Timed:
    """Falcon middleware that counts every answer and how long it took, refused requests included."""

    metrics: Metrics

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        req.context.counted_from = time.perf_counter()

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: Any, req_succeeded: bool
    ) -> None:
        took = time.perf_counter() - req.context.counted_from
        # The template, never the address: anybody can invent addresses.
        route = req.uri_template or "(no route)"
        self.metrics.request_done(route, req.method, str(resp.status)[:3], seconds=took)


@define(eq=False)
class MetricsPage:
    """`GET /metrics`: what was counted so far, and how things stood in the last ten seconds."""

    services: Services
    metrics: Metrics
    patience: float = _PATIENCE
    _reading: anyio.Lock = field(factory=anyio.Lock, init=False)
    _read_at: float | None = field(default=None, init=False)

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        async with self._reading:
            now = self.services.clock.monotonic()
            if self._read_at is None or now - self._read_at >= _KEPT_SECONDS:
                await self._look()
                self._read_at = self.services.clock.monotonic()
        resp.content_type = CONTENT_TYPE_LATEST
        resp.set_header("Cache-Control", "no-store")
        resp.data = self.metrics.text()

    async def _look(self) -> None:
        condition = await _condition(self.services, self.patience)
        self.metrics.things_stand(
            store=condition.store.ok, channel=condition.channel.ok, items=await self._items()
        )
        if condition.store.ok:
            await self._count_runs()

    async def _items(self) -> int:
        try:
            info: SnapshotInfo | None = await self.services.library.catalog.index.state()
        except PlaylistError:
            return 0
        return 0 if info is None else info.item_count

    async def _count_runs(self) -> None:
        """Left as it was counted last when the store does not answer."""
        book = self.services.queue.applying.book
        counts = dict.fromkeys(map(str, RunStatus), 0)
        try:
            with anyio.fail_after(self.patience):
                for seen in await book.runs.all():
                    run = seen.value
                    if run.status is RunStatus.RUNNING:
                        run = await book.get(run.run_id)  # which knows whether its process has died
                    counts[run.status] += 1
        except (PlaylistError, TimeoutError):
            return
        self.metrics.runs_are(counts)


@define(eq=False)
class PlainHealth:
    """`GET /health` as monitors of Kryten services expect it: 503 while nobody could sign in."""

    services: Services
    patience: float = _PATIENCE

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        condition = await _condition(self.services, self.patience)
        resp.status = 200 if condition.ready else 503
        resp.content_type = falcon.MEDIA_JSON
        resp.set_header("Cache-Control", "no-store")
        view = health_view(condition, version(), demo=self.services.demo is not None)
        resp.data = orjson.dumps(wire.unstructure(view))

    on_head = on_get


async def _condition(services: Services, patience: float) -> Condition:
    """How the service is; when that takes longer than `patience` seconds, everything counts as away."""
    with anyio.move_on_after(patience):
        return await services.health.condition()
    return Condition(store=_SILENT, catalog=_SILENT, channel=_SILENT)


def create_metrics_app(
    services: Services, metrics: Metrics, *, patience: float = _PATIENCE
) -> falcon.asgi.App[Any, Any]:
    """The app behind `metrics_port`: `/health` and `/metrics` under any host name, and nothing else."""
    app = falcon.asgi.App()
    add_error_handlers(app)
    app.add_route("/health", PlainHealth(services, patience))
    app.add_route("/metrics", MetricsPage(services, metrics, patience))
    return app
