"""The Falcon app: every route, every middleware, in one place."""

from typing import Any

import falcon.asgi

from playlist_app.http.access import access_routes
from playlist_app.http.auth import auth_routes
from playlist_app.http.catalog import catalog_routes
from playlist_app.http.demo import demo_routes
from playlist_app.http.door import Door
from playlist_app.http.errors import add_error_handlers
from playlist_app.http.events import Request, event_routes
from playlist_app.http.guard import Guard, Origins
from playlist_app.http.marathons import marathon_routes
from playlist_app.http.metrics import MetricsPage, Timed
from playlist_app.http.ops import Description, health_routes
from playlist_app.http.pages import PartsOfThePage, add_pages
from playlist_app.http.playlists import playlist_routes
from playlist_app.http.queue import queue_routes
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from playlist_app.version import version

Routes = list[tuple[str, Any]]


def routes(services: Services) -> Routes:
    """Every address of the API with the resource behind it."""
    settings, library = services.settings, services.library
    manifests = settings.manifest_url_template
    door = Door(
        services.login.sessions,
        services.access,
        allow_blessed_hard_replace=settings.allow_blessed_hard_replace,
        secure_cookies=(settings.public_url or "").startswith("https://"),
    )
    found: Routes = [
        *auth_routes(door, services.login, settings.login_rules),
        *access_routes(door, services.access, services.login),
        *catalog_routes(door, library.catalog, library.refreshing, manifests),
        *playlist_routes(door, library.playlists, library.catalog),
        *marathon_routes(door, library.marathons),
        *queue_routes(door, services.queue, manifests, services.clock),
        *event_routes(door, services.events, services.clock),
        *health_routes(door, services.health, version(), demo=services.demo is not None),
    ]
    if services.demo is not None:
        found += demo_routes(door, services.demo)
    return found


def create_app(services: Services, metrics: Metrics | None = None) -> falcon.asgi.App[Any, Any]:
    """The ASGI app over wired services; `metrics` are those of the other doors, where there are any."""
    settings = services.settings
    metrics = metrics or Metrics.of(version())
    guard = Guard(Origins(settings.public_url), settings.trusted_proxies)
    app = falcon.asgi.App(middleware=[Timed(metrics), guard, PartsOfThePage()], request_type=Request)
    app.req_options.keep_blank_qs_values = True
    app.req_options.auto_parse_qs_csv = False
    add_error_handlers(app)
    found = routes(services)
    for path, resource in found:
        app.add_route(path, resource)
    app.add_route("/api/v1/openapi.json", Description(found, version()))
    app.add_route("/metrics", MetricsPage(services, metrics))
    add_pages(app)
    return app
