"""Whom a site does not let in is told what to do, and nobody is told a secret."""

import logging
import traceback
from base64 import b64encode
from collections.abc import Callable

import pytest

from playlist_adapters.mediacms.api import ApiCredentials
from playlist_core.errors import InvalidInput, PlaylistError
from tests.mediacms.api_world import (
    AS_EDITOR,
    AS_VIEWER,
    MANAGE,
    MEDIA,
    WHOAMI,
    failure,
    films,
    read,
    source_at,
)
from tests.mediacms.double_mischief import Act, Rule, answer, drop, fail, redirect
from tests.mediacms.double_site import EDITOR, Site, Version

pytestmark = pytest.mark.anyio

WRONG_TOKEN = ApiCredentials.of_token("0" * 40)
WRONG_PASSWORD = ApiCredentials.of_password(EDITOR.username, "hunter2 hunter2")
CHECK = (
    "The site does not accept the credentials, or never sees them (403 at {}): check the token (or name and"
    " password), that the account is active and approved, and that no proxy drops the Authorization header."
)
LOGIN = (
    "The site sends everybody to its login page (from {}). Old versions look at no token then"
    " (GLOBAL_LOGIN_REQUIRED): read the site's database or an export of it instead."
)
PROBE = f"{MANAGE}?state=public&encoding_status=success&is_reviewed=true&media_type=video&page=1"


async def _refusal(site: Site, credentials: ApiCredentials | None = None) -> str:
    error = await failure(site, credentials)
    assert error.code == "source_refused"
    return error.message


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("credentials", [WRONG_TOKEN, WRONG_PASSWORD])
async def test_wrong_credentials_are_not_tried_twice(version: Version, credentials: ApiCredentials) -> None:
    site = Site.of(version, films(3))
    assert await _refusal(site, credentials) == CHECK.format(PROBE)
    assert [asked.path for asked in site.asked] == [MANAGE, WHOAMI]


@pytest.mark.parametrize("has_whoami", [True, False])
async def test_credentials_that_do_not_arrive_are_not_taken_for_a_visit(has_whoami: bool) -> None:
    site = Site.of(Version.V1_9, films(3), drops_credentials=True, has_whoami=has_whoami)
    assert await _refusal(site, AS_VIEWER) == CHECK.format(PROBE)


async def test_an_account_of_a_site_too_old_to_say_who_it_is_is_let_in() -> None:
    site = Site.of(Version.V1_9, films(3), has_whoami=False)
    assert await read(site, AS_VIEWER) == films(3)
    assert await _refusal(Site.of(Version.V1_9, films(3), has_whoami=False), WRONG_TOKEN) == CHECK.format(
        f"{MEDIA}?page=1"
    )


async def test_a_site_that_redirects_to_its_login_page_wants_another_way() -> None:
    site = Site.of(Version.V1_9, films(3), wants_login=True)
    assert await _refusal(site) == LOGIN.format(f"{MEDIA}?page=1")
    assert await _refusal(site, AS_EDITOR) == LOGIN.format(PROBE)


async def test_a_site_for_members_only_wants_a_token() -> None:
    site = Site.of(Version.V8_3_2, films(3))
    site.rules.append(Rule(MEDIA, answer('{"detail": "nobody"}', status=401)))
    assert await _refusal(site) == (
        f"The site shows this only to people who are signed in (401 at {MEDIA}?page=1): configure a token."
    )


async def test_a_redirect_elsewhere_is_not_followed_but_told_without_its_query() -> None:
    site = Site.of(Version.V8_3_2, films(3))
    site.rules.append(Rule(MEDIA, redirect("https://me:pw@other.example/tv/api/v1/media?key=s3cret", 301)))
    assert await _refusal(site) == (
        f"The site redirects {MEDIA}?page=1 to https://other.example/tv/api/v1/media, and redirects are not"
        " followed: configure the address at which it answers itself."
    )
    assert len(site.asked) == 1


@pytest.mark.parametrize("location", ["http://[::1", "", "http://a b\u2028c/", "http://host:port/"])
async def test_a_redirect_to_nowhere_is_told_as_such(location: str) -> None:
    site = Site.of(Version.V8_3_2, films(3))
    site.rules.append(Rule(MEDIA, redirect(location, 302)))
    assert (await _refusal(site)).startswith(f"The site redirects {MEDIA}?page=1 to ")


async def test_a_page_for_browsers_is_no_catalogue_though_its_status_is_200() -> None:
    site = Site.of(Version.V8_3_2, films(3))
    site.rules.append(Rule(MEDIA, answer("<!DOCTYPE html>Please sign in", "text/html")))
    assert await _refusal(site) == (
        f"The site answers {MEDIA}?page=1 with a page for browsers: either it wants everybody to sign"
        " in (then read the site's database or an export of it instead), or there is no MediaCMS at this"
        " address."
    )


async def test_we_say_who_we_are_and_what_we_understand() -> None:
    site = Site.of(Version.V1_9, films(3))
    await read(site, AS_EDITOR)
    for asked in site.asked:
        assert asked.headers["User-Agent"].startswith("kryten-playlist/")
        assert asked.headers["User-Agent"].endswith(" (+catalogue refresh)")
        assert asked.headers["Accept"] == "application/json"
        assert asked.headers["Authorization"] == f"Token {EDITOR.token}"


SECRETS = [EDITOR.token, EDITOR.password, b64encode(f"{EDITOR.username}:{EDITOR.password}".encode()).decode()]


@pytest.mark.parametrize(
    "credentials", [AS_EDITOR, ApiCredentials.of_password(EDITOR.username, EDITOR.password)]
)
@pytest.mark.parametrize(
    "act",
    [
        fail(500),
        fail(429, Retry_After="1"),
        drop,
        answer("no JSON"),
        answer("<html>", "text/html"),
        answer('{"detail": "no"}', status=403),
        redirect("/accounts/login/"),
    ],
)
async def test_no_error_and_no_log_holds_a_secret(
    credentials: ApiCredentials, act: Act, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    site = Site.of(Version.V8_3_2, films(3))
    site.rules += [Rule(path, act, times=None) for path in (MANAGE, WHOAMI)]
    error = await failure(site, credentials)
    told = [str(error), repr(error), repr(error.details), caplog.text, repr(credentials), *_chain(error)]
    told += [repr(source_at("https://videos.example", credentials)), *map(repr, caplog.records)]
    assert [secret for secret in SECRETS if any(secret in each for each in told)] == []


def _chain(error: BaseException | None) -> list[str]:
    """The traceback, and every error behind this one with all it carries."""
    told: list[str] = []
    while error is not None:
        told += [repr(error), repr(error.args), *traceback.format_exception(error)]
        error = error.__cause__ or error.__context__
    return told


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: ApiCredentials.of_token("Token s3cret"), "token"),
        (lambda: ApiCredentials.of_token(""), "token"),
        (lambda: ApiCredentials.of_token("s3cret\r\nX: y"), "token"),
        (lambda: ApiCredentials.of_password("", "s3cret"), "username"),
        (lambda: ApiCredentials.of_password("a:b", "s3cret"), "username"),
        (lambda: ApiCredentials.of_password("a", ""), "password"),
        (lambda: ApiCredentials.of_password("a", "s3cret\ud800"), "password"),
    ],
)
def test_credentials_that_cannot_be_sent_are_refused_without_showing_them(
    make: Callable[[], ApiCredentials], problem: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    error: PlaylistError = caught.value
    assert error.details["field"] == problem
    assert "s3cret" not in repr(error) + repr(error.details)
