"""A MediaCMS double: sites served over real HTTP on a free port of this machine, each under its own path."""

from base64 import b64decode
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from attrs import define, field

from tests.mediacms import double_questions as questions
from tests.mediacms import double_shapes as shapes
from tests.mediacms.double_site import Account, Asked, Role, Site

API = "/api/v1"
_PAGE = "<!DOCTYPE html>\n<html><head><title>{}</title></head></html>"


class _Refused(Exception):
    """A 4xx with the sentence that MediaCMS has for it."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@define(eq=False)
class Double:
    """The server; `mount` gives a site an address."""

    port: int = field(default=0, init=False)
    _sites: dict[str, Site] = field(factory=dict, init=False)

    def mount(self, site: Site) -> str:
        prefix = f"site{len(self._sites)}"
        self._sites[prefix] = site
        return f"http://127.0.0.1:{self.port}/{prefix}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        prefix, _, rest = request.path.removeprefix("/").partition("/")
        site = self._sites[prefix]
        asked = Asked(f"/{rest}", dict(request.query), dict(request.headers))
        site.asked.append(asked)
        number = asked.parameters.get("page", "1")
        rules = [rule for rule in site.rules if rule.applies(asked.path, number)]
        for rule in rules:
            other = None if rule.act is None else await rule.act(request)
            if other is not None:
                return other
        if site.wants_login and site.is_old:
            return web.Response(status=302, headers={"Location": f"/accounts/login/?next=/{rest}"})
        try:
            body = _answer(site, asked, f"{request.scheme}://{request.host}/{prefix}")
        except _Refused as refusal:
            return web.json_response({"detail": refusal.detail}, status=refusal.status)
        for rule in rules:
            body = body if rule.edit is None else rule.edit(body)
        if body is None:
            return web.Response(status=404, text=_PAGE.format(" - error"), content_type="text/html")
        if "text/html" in asked.headers.get("Accept", ""):
            return web.Response(text=_PAGE.format("Media List"), content_type="text/html")
        return web.json_response(body)


@asynccontextmanager
async def doubled() -> AsyncGenerator[Double, None]:
    """A double that serves until the context ends."""
    double = Double()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", double.handle)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        double.port = runner.addresses[0][1]
        yield double
    finally:
        await runner.cleanup()


def _answer(site: Site, asked: Asked, base: str) -> Any:
    """The JSON of a 200, or None where MediaCMS has no such page; raises _Refused."""
    rest = asked.path.removeprefix(API)
    if rest == "/whoami" and not site.has_whoami:
        return None
    account = _account(site, asked.headers)
    plain = {"/media": _media, "/manage_media": _manage, "/search": _search, "/users": _users}
    if rest in plain:
        return plain[rest](site, asked, base, account)
    if rest == "/categories":
        return [shapes.category_row(site, title, at) for at, title in enumerate(site.category_titles)]
    if rest == "/whoami":
        if account is None:
            raise _Refused(403, "Authentication credentials were not provided.")
        return shapes.user_row(site, account.username, base)
    if rest.startswith("/media/") and rest.count("/") == 2:
        return _detail(site, rest.removeprefix("/media/"), base, account)
    return None


def _account(site: Site, headers: Mapping[str, str]) -> Account | None:
    """Who asks; what is neither a token nor a password is ignored, not refused."""
    kind, _, secret = headers.get("Authorization", "").partition(" ")
    if site.drops_credentials or kind not in ("Token", "Basic"):
        return None
    if kind == "Token":
        found = [each for each in site.accounts if each.token == secret]
    else:
        name, _, password = b64decode(secret).decode().partition(":")
        found = [each for each in site.accounts if (each.username, each.password) == (name, password)]
    if not found:
        raise _Refused(403, "Invalid token." if kind == "Token" else "Invalid username/password.")
    return found[0]


def _media(site: Site, asked: Asked, base: str, account: Account | None) -> Any:
    found = questions.listed(site, asked.parameters, account)
    if found is None:
        raise _Refused(404, "Not found." if site.is_old else "No User matches the given query.")
    body = _paged(site, asked, base, found, shapes.list_row)
    return body if site.is_old else {**body, "tags": ""}


def _manage(site: Site, asked: Asked, base: str, account: Account | None) -> Any:
    if account is None:
        raise _Refused(403, "Authentication credentials were not provided.")
    if account.role is not Role.EDITOR:
        raise _Refused(403, "You do not have permission to perform this action.")
    return _paged(site, asked, base, questions.managed(site, asked.parameters), shapes.list_row)


def _search(site: Site, asked: Asked, base: str, account: Account | None) -> Any:
    found = questions.searched(site, asked.parameters, account)
    return {} if found is None else _paged(site, asked, base, found, shapes.search_row)


def _users(site: Site, asked: Asked, base: str, account: Account | None) -> Any:
    if site.hides_users:
        raise _Refused(403, "You do not have permission to view this page.")
    return _paged(site, asked, base, site.users, shapes.user_row)


def _detail(site: Site, token: str, base: str, account: Account | None) -> Any:
    found = [video for video in site.videos if video.token == token]
    if not found:
        raise _Refused(400, "media file does not exist")
    is_ours = account is not None and (account.role is Role.EDITOR or account.username == found[0].user)
    if found[0].state == "private" and not is_ours:
        raise _Refused(*((401, "media is private") if site.is_old else (400, "media file does not exist")))
    return shapes.detail(
        site, found[0], base, [video for video in site.videos[:3] if video.token != token][:2]
    )


def _paged(
    site: Site, asked: Asked, base: str, found: Sequence[Any], row: Callable[[Site, Any, str], dict[str, Any]]
) -> dict[str, Any]:
    """The page asked for; its links echo every parameter, known or not, as Django sorts them."""
    last = max(1, -(-len(found) // site.page_size))
    number = asked.parameters.get("page", "1")
    at = last if number == "last" else int(number) if number.isdigit() else 0
    if not 1 <= at <= last:
        raise _Refused(404, "Invalid page.")

    def link(page: int | None) -> str:
        others = {name: value for name, value in asked.parameters.items() if name != "page"}
        shown = sorted({**others, **({} if page is None else {"page": str(page)})}.items())
        return f"{base}{asked.path}" + (f"?{urlencode(shown)}" if shown else "")

    rows = [row(site, each, base) for each in found[(at - 1) * site.page_size : at * site.page_size]]
    return shapes.page(rows, len(found), at, last, link)
