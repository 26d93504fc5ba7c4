"""The one shape of every error: `{"error": {"code", "message", "details"}}`."""

import logging
from typing import Any, Final

import falcon
import falcon.asgi
import orjson

from playlist_core.errors import PlaylistError

log = logging.getLogger("kryten_playlist.http")

_OF_FALCON: Final = {
    400: ("bad_json", "The request cannot be read."),
    404: ("no_such_route", "There is nothing at this address; /api/v1/openapi.json lists what there is."),
    405: ("method_not_allowed", "This address does not take this method."),
    415: ("unsupported_media_type", "Send JSON, with Content-Type: application/json."),
}


def add_error_handlers(app: falcon.asgi.App[Any, Any]) -> None:
    """Give everything that can be raised in a request the envelope."""
    app.add_error_handler(PlaylistError, _expected)
    app.add_error_handler(falcon.HTTPError, _of_falcon)
    app.add_error_handler(ExceptionGroup, _group)
    app.add_error_handler(Exception, _bug)


def write_error(
    resp: falcon.asgi.Response, status: int, code: str, message: str, details: dict[str, Any]
) -> None:
    """Put the envelope into the answer."""
    resp.status = status
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "no-store")
    resp.data = orjson.dumps({"error": {"code": code, "message": message, "details": details}})
    if status == 429 and "retry_after_seconds" in details:
        resp.set_header("Retry-After", str(details["retry_after_seconds"]))


async def _expected(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, ex: PlaylistError, params: Any, **_: Any
) -> None:
    if ex.status >= 500:
        log.warning("%s %s: %s %s", req.method, req.uri_template, ex.code, ex.message)
    write_error(resp, ex.status, ex.code, ex.message, dict(ex.details))


async def _of_falcon(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, ex: falcon.HTTPError, params: Any, **_: Any
) -> None:
    code, message = _OF_FALCON.get(
        ex.status_code, ("bad_request", ex.title or "The request cannot be answered.")
    )
    if ex.status_code == 400 and ex.description:  # which header, and what is wrong with it
        message = ex.description
    resp.set_headers(ex.headers or {})
    write_error(resp, ex.status_code, code, message, {})


async def _group(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, ex: ExceptionGroup[Any], params: Any, **_: Any
) -> None:
    """A task group wraps what its only failing task raised."""
    inner: BaseException = ex
    while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
        inner = inner.exceptions[0]
    if isinstance(inner, PlaylistError):
        await _expected(req, resp, inner, params)
    else:
        await _bug(req, resp, ex, params)


async def _bug(
    req: falcon.asgi.Request, resp: falcon.asgi.Response, ex: Exception, params: Any, **_: Any
) -> None:
    request_id = getattr(req.context, "request_id", None)
    log.error("request %s: %s %s failed", request_id, req.method, req.uri_template, exc_info=ex)
    message = "Something went wrong here; the log has the details under this request id."
    write_error(resp, 500, "internal", message, {"request_id": request_id})
