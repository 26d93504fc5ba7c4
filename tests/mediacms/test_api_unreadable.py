"""What is not as MediaCMS answers is told with the path that was asked, the row and the field."""

from typing import Any

import pytest

from playlist_core.errors import InvalidInput
from tests.mediacms.api_world import CATEGORIES, MEDIA, SEARCH, USERS, failure, films
from tests.mediacms.double_mischief import Rule, answer, set_in_row
from tests.mediacms.double_site import Site, Version

pytestmark = pytest.mark.anyio

PAGE = f"{MEDIA}?page=1"
TOO_LONG = "has 1,001 characters, at most 1,000 are allowed"
NO_TEXT = "contains a character that is no text (NUL or a lone surrogate)"
NO_SECONDS = "is not a whole number of seconds"


async def _complaint(*rules: Rule, number: int = 3) -> str:
    error = await failure(Site.of(Version.V1_9, films(number), page_size=2, rules=list(rules)))
    assert isinstance(error, InvalidInput)
    assert (error.code, error.details["field"]) == ("source_unreadable", "source")
    return error.message


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("friendly_token", 7, "is not an id of MediaCMS (letters, digits, _ and -)"),
        ("friendly_token", "../etc", "is not an id of MediaCMS (letters, digits, _ and -)"),
        ("friendly_token", "abc\n", "is not an id of MediaCMS (letters, digits, _ and -)"),
        ("title", None, "is not a text"),
        ("title", " \t", "is empty"),
        ("title", "x" * 1_001, TOO_LONG),
        ("title", "a\0b", NO_TEXT),
        ("title", "a\ud800b", NO_TEXT),
        ("duration", "60", NO_SECONDS),
        ("duration", 60.5, NO_SECONDS),
        ("duration", True, NO_SECONDS),
        ("duration", -1, "a duration is 0 to 2,147,483,647 seconds"),
        ("add_date", "yesterday", "is not a time"),
        ("add_date", 20261120, "is not a text"),
        ("thumbnail_url", ["a"], "is not a text"),
        ("state", 1, "is not a text"),
        ("is_reviewed", "true", "is neither true nor false"),
    ],
    ids=ascii,
)
async def test_a_field_of_another_kind_is_named(name: str, value: object, problem: str) -> None:
    complaint = await _complaint(Rule(MEDIA, edit=set_in_row(name, value, row=1)))
    assert complaint == f"{PAGE}, results[1], {name}: {problem}"


@pytest.mark.parametrize(
    ("count", "problem"),
    [
        (10**20, f"{PAGE}, count: is more than any site has (100,000,000)"),
        (10**8, f"{MEDIA}: tells of 100,000,000 items, 2 a page; that is no catalogue"),
        (-1, f"{PAGE}, count: is not a whole number"),
        ("40", f"{PAGE}, count: is not a whole number"),
    ],
)
async def test_a_count_that_no_site_has_is_not_believed(count: object, problem: str) -> None:
    def told(body: Any) -> Any:
        return {**body, "count": count, "next": "more"}

    assert await _complaint(Rule(MEDIA, edit=told)) == problem


async def test_a_field_that_is_missing_is_named() -> None:
    def without_type(body: Any) -> Any:
        del body["results"][0]["media_type"]
        return body

    complaint = await _complaint(Rule(MEDIA, edit=without_type, page=2))
    assert complaint == f"{MEDIA}?page=2, results[0], media_type: is missing"


NO_JSON = f"{PAGE}: is not JSON, as every answer of MediaCMS is; is the address right?"


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("", NO_JSON),
        ('{"count": 5', NO_JSON),
        ("null", NO_JSON),
        ("[" * 100_000, NO_JSON),
        ("[]", f"{PAGE}: is not an object"),
        ('{"detail": "hello"}', f"{PAGE}, count: is missing"),
        ('{"count": "5", "results": []}', f"{PAGE}, count: is not a whole number"),
        ('{"count": -5, "results": []}', f"{PAGE}, count: is not a whole number"),
        ('{"count": NaN, "results": []}', f"{PAGE}, count: is not a whole number"),
        ('{"count": 5, "results": {}}', f"{PAGE}, results: is not a list"),
        ('{"count": 5, "results": [5]}', f"{PAGE}, results[0]: is not an object"),
        ('{"count": 0, "results": [], "next": 7}', f"{PAGE}, next: is not a text"),
        ("{}", f"{MEDIA}: has no list; is this the address of a MediaCMS site?"),
    ],
    ids=lambda text: text[:20],
)
async def test_an_answer_that_is_no_list_is_not_guessed_at(body: str, complaint: str) -> None:
    assert await _complaint(Rule(MEDIA, answer(body))) == complaint


async def test_text_is_no_json_even_where_it_could_be_read_as_such() -> None:
    assert await _complaint(Rule(MEDIA, answer('{"count": 0}', "text/plain"))) == NO_JSON


@pytest.mark.parametrize(
    ("status", "complaint"),
    [
        (404, f"{MEDIA}: has no list; is this the address of a MediaCMS site?"),
        (400, f"{PAGE}: answers 400, as no MediaCMS does; is the address right?"),
        (206, f"{PAGE}: answers 206, as no MediaCMS does; is the address right?"),
    ],
)
async def test_another_status_is_no_list(status: int, complaint: str) -> None:
    assert await _complaint(Rule(MEDIA, answer("{}", status=status))) == complaint


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (
            Rule(SEARCH, edit=set_in_row("categories_info", [{"title": 5}])),
            "results[0], categories_info[0], title: is not a text",
        ),
        (
            Rule(SEARCH, edit=set_in_row("categories_info", "Movies")),
            "results[0], categories_info: is not a list",
        ),
        (
            Rule(SEARCH, edit=set_in_row("friendly_token", None)),
            "results[0], friendly_token: is not an id of MediaCMS",
        ),
    ],
)
async def test_the_rows_of_a_search_are_read_as_strictly(rule: Rule, complaint: str) -> None:
    assert complaint in await _complaint(rule)


async def test_so_are_categories_and_details() -> None:
    silent = Rule(SEARCH, edit=lambda _: {}, times=None)
    complaint = await _complaint(silent, Rule(CATEGORIES, answer('[{"title": "Movies"}]')))
    assert complaint == f"{CATEGORIES}[0], media_count: is missing"
    complaint = await _complaint(silent, Rule(CATEGORIES, answer('{"title": "Movies"}')))
    assert complaint == f"{CATEGORIES}: is not a list"
    path = f"{MEDIA}/film00000"
    complaint = await _complaint(silent, Rule(path, edit=lambda body: {**body, "categories_info": None}))
    assert complaint == f"{path}, categories_info: is not a list"


async def test_so_are_users() -> None:
    site = Site.of(Version.V1_9, films(1_000), page_size=500)
    site.rules.append(Rule(USERS, edit=set_in_row("username", 7)))
    error = await failure(site)
    assert error.message == f"{USERS}?page=1, results[0], username: is not a text"
