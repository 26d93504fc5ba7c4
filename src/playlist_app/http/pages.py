"""The page and what it is made of."""

from pathlib import Path
from typing import Any, Final

import falcon.asgi
from attrs import define

WEB: Final = Path(__file__).parent.parent / "web"


@define(eq=False)
class FrontPage:
    """`GET /`; always asked for anew, so that an update of the service is an update of the page."""

    path: Path = WEB / "index.html"

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        resp.content_type = falcon.MEDIA_HTML
        resp.set_header("Cache-Control", "no-cache")
        resp.data = self.path.read_bytes()

    on_head = on_get


class PartsOfThePage:
    """Middleware: a browser asks whether a part has changed, so that old and new ones never meet."""

    async def process_request(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        # A static route of Falcon's answers every method with the file.
        if req.path.startswith("/web/") and req.method not in ("GET", "HEAD"):
            raise falcon.HTTPMethodNotAllowed(["GET", "HEAD"])

    async def process_response(
        self, req: falcon.asgi.Request, resp: falcon.asgi.Response, resource: Any, req_succeeded: bool
    ) -> None:
        if req.path.startswith("/web/") and req_succeeded:
            resp.set_header("Cache-Control", "no-cache")
        close = getattr(resp.stream, "close", None)
        if req.method == "HEAD" and close is not None:
            # Falcon answers without the body, and leaves the file open.
            await close()


def add_pages(app: falcon.asgi.App[Any, Any]) -> None:
    """The front page at the root, its parts under `/web`."""
    app.add_route("/", FrontPage())
    app.add_static_route("/web", str(WEB))
