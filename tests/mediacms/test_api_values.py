"""Addresses, and how patient we are: the values behind the API connector."""

from datetime import UTC, datetime

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.mediacms.api.address import SiteAddress, place
from playlist_adapters.mediacms.api.parallel import each
from playlist_adapters.mediacms.api.retries import Manners
from playlist_core.errors import InvalidInput, Unavailable

UNSHOWN = "is too long, or holds a character that cannot be shown"
SHAPE = "it is written https://videos.example, with a path if the site has one."


@pytest.mark.parametrize(
    ("text", "url", "label"),
    [
        ("https://videos.example", "https://videos.example/api/v1/media", "videos.example"),
        (" HTTPS://Videos.Example:443/ ", "https://videos.example/api/v1/media", "videos.example"),
        ("http://videos.example:8080//", "http://videos.example:8080/api/v1/media", "videos.example:8080"),
        ("http://[::1]:80/tv/", "http://[::1]/tv/api/v1/media", "[::1]/tv"),
        ("https://vidéos.example", "https://xn--vidos-dsa.example/api/v1/media", "xn--vidos-dsa.example"),
        ("https://videos.example/a%20b", "https://videos.example/a%20b/api/v1/media", "videos.example/a%20b"),
    ],
)
def test_an_address_is_read_once(text: str, url: str, label: str) -> None:
    address = SiteAddress.parse(text)
    assert (str(address.url("/api/v1/media", {})), address.label) == (url, label)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "is no http or https address"),
        ("videos.example", "is no http or https address"),
        ("ftp://videos.example", "is no http or https address"),
        ("https://", "is no http or https address"),
        ("https://[s3cret", "cannot be read"),
        ("https://videos.example:port", "cannot be read"),
        ("https://s3cret@videos.example", "holds a name or a password; they are configured apart"),
        ("https://me:s3cret@videos.example", "holds a name or a password; they are configured apart"),
        ("https://:s3cret@videos.example", "holds a name or a password; they are configured apart"),
        ("https://videos.example/?token=s3cret", "goes on behind the path"),
        ("https://videos.example/#s3cret", "goes on behind the path"),
        ("https://videos.example/s3cret\u202e", "is too long, or holds a character that cannot be shown"),
        (
            "https://videos.example/" + "s3cret" * 400,
            "is too long, or holds a character that cannot be shown",
        ),
    ],
    ids=ascii,
)
def test_an_address_that_is_none_is_refused_without_showing_it(text: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        SiteAddress.parse(text)
    assert caught.value.message == f"The address of the MediaCMS site {problem}; {SHAPE}"
    assert "s3cret" not in repr(caught.value.details)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("reference", "absolute"),
    [
        ("/media/a%20b.jpg", "https://videos.example/media/a%20b.jpg"),
        ("thumbs/a.jpg", "https://videos.example/tv/thumbs/a.jpg"),
        ("https://cdn.example/a.jpg?s=1", "https://cdn.example/a.jpg?s=1"),
        ("http://cdn.example/a.jpg", "http://cdn.example/a.jpg"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("http://videos.example/media/a.jpg", "https://videos.example/media/a.jpg"),
        ("http://videos.example:8000/media/a.jpg", "http://videos.example:8000/media/a.jpg"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,AAAA", None),
        ("http://[broken/a.jpg", None),
        ("https://cdn.example/a b.jpg", None),
        ("https://cdn.example/a\u202eb.jpg", None),
        ("https://cdn.example/" + "a" * 2_000, None),
    ],
    ids=lambda text: ascii(text)[:40],
)
def test_a_thumbnail_is_a_web_address_or_none(reference: str, absolute: str | None) -> None:
    assert SiteAddress.parse("https://videos.example/tv").absolute(reference) == absolute


@given(st.dictionaries(st.sampled_from(["q", "c", "author"]), st.text(st.characters(codec="utf-8"))))
def test_whatever_is_asked_arrives_as_it_was_meant(parameters: dict[str, str]) -> None:
    url = SiteAddress.parse("https://videos.example").url("/api/v1/search", parameters)
    assert dict(url.query) == parameters
    assert "+" not in place("/api/v1/search", parameters)


@given(st.integers(1, 40), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_between_half_and_all_of_what_doubles(tried: int, fraction: float) -> None:
    manners = Manners()
    full = min(2.0 ** (tried - 1), 120.0)
    assert full / 2 <= manners.pause(tried, fraction) <= full


@given(st.text())
def test_no_text_asks_for_a_pause_that_is_too_long_or_negative(retry_after: str) -> None:
    assert 0 <= Manners().asked_pause(retry_after, datetime(2026, 11, 20, tzinfo=UTC)) <= 120


@pytest.mark.anyio
async def test_the_first_failure_ends_the_other_work_and_is_raised_itself() -> None:
    begun: list[int] = []

    async def work(number: int) -> int:
        begun.append(number)
        if number == 2:
            raise Unavailable("two")
        await anyio.sleep(0 if number < 2 else 60)
        return number * 10

    with pytest.raises(Unavailable, match="two"):
        await each(work, range(9), at_once=3)
    assert len(begun) < 7
    assert await each(work, [0, 1], at_once=3) == [0, 10]
    assert await each(work, [], at_once=3) == []
