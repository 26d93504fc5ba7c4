"""For whoever runs the service: health, with HEAD too as monitors ask, and the description of the API."""

from collections.abc import Sequence
from typing import Any, Literal

import falcon.asgi
import orjson
from attrs import define, frozen

from playlist_app.http.door import Call, Door, Nothing, operation
from playlist_app.http.openapi import openapi
from playlist_core.errors import Unavailable
from playlist_core.services.health import Condition, Dependency, Health


@frozen(kw_only=True)
class DependencyView:
    """Whether a dependency answers."""

    ok: bool
    message: str | None


@frozen(kw_only=True)
class HealthView:
    """`degraded` when something is away that part of the work needs; `demo` when the channel is simulated."""

    status: Literal["ok", "degraded"]
    version: str
    demo: bool
    store: DependencyView
    catalog: DependencyView
    channel: DependencyView


@frozen
class Live:
    """The process answers."""

    status: Literal["live"] = "live"


@define(eq=False)
class HealthState:
    """`GET /health`: always an answer, whatever is away."""

    door: Door
    health: Health
    version: str
    demo: bool

    @operation("How the service is", needs=None, answer=HealthView)
    async def on_get(self, call: Call[Nothing, Nothing]) -> HealthView:
        return health_view(await self.health.condition(), self.version, demo=self.demo)

    on_head = on_get


@define(eq=False)
class Liveness:
    """`GET /health/live`."""

    door: Door

    @operation("Whether the process answers", needs=None, answer=Live)
    async def on_get(self, call: Call[Nothing, Nothing]) -> Live:
        return Live()

    on_head = on_get


@define(eq=False)
class Readiness:
    """`GET /health/ready`: 503 while nobody could sign in."""

    door: Door
    health: Health
    version: str
    demo: bool

    @operation(
        "Whether people can be sent here", needs=None, answer=HealthView, errors=("store_unavailable",)
    )
    async def on_get(self, call: Call[Nothing, Nothing]) -> HealthView:
        condition = await self.health.condition()
        if not condition.ready:
            raise Unavailable(condition.store.message or "The store is away.", dependency="store")
        return health_view(condition, self.version, demo=self.demo)

    on_head = on_get


@define(eq=False)
class Description:
    """`GET /api/v1/openapi.json`, generated once."""

    routes: Sequence[tuple[str, Any]]
    version: str
    _document: bytes | None = None

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        if self._document is None:
            self._document = orjson.dumps(openapi(self.routes, version=self.version))
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self._document


def health_view(condition: Condition, version: str, *, demo: bool) -> HealthView:
    """How the service is, as the API tells it."""
    return HealthView(
        status="degraded" if condition.degraded else "ok",
        version=version,
        demo=demo,
        store=_view(condition.store),
        catalog=_view(condition.catalog),
        channel=_view(condition.channel),
    )


def _view(dependency: Dependency) -> DependencyView:
    return DependencyView(ok=dependency.ok, message=dependency.message)


def health_routes(door: Door, health: Health, version: str, *, demo: bool) -> list[tuple[str, Any]]:
    """The addresses under `/health`."""
    return [
        ("/health", HealthState(door, health, version, demo)),
        ("/health/live", Liveness(door)),
        ("/health/ready", Readiness(door, health, version, demo)),
    ]
