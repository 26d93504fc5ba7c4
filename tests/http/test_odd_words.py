"""Words that look hostile and are none: they are kept, found, and come back unchanged."""

from unicodedata import normalize
from urllib.parse import quote

import pytest

from playlist_adapters.testing.source import FakeSource
from playlist_core.domain.catalog import CatalogItem
from tests.http.house import ADMIN, House, open_house, refusal

pytestmark = pytest.mark.anyio

WORDS = {
    "SQL": "'; DROP TABLE playlists;--",
    "SQL comment": "/* */ OR 1=1 --",
    "percent": "100%",
    "only percent": "%%%",
    "underscore": "_",
    "backslash": "\\",
    "FTS operators": 'NEAR(a b) AND OR NOT "',
    "FTS column": "title:night*",
    "FTS caret": "^night",
    "quotes": "\"'`´‘’“”",
    "markup": "<script>alert(1)</script>",
    "entity": "&lt;b&gt; &amp;",
    "template": "{{7*7}} ${jndi:ldap://x} #{x}",
    "format": "%s %n {0} {video_id}",
    "path": "../../etc/passwd",
    "dots": "..",
    "dot": ".",
    "slash": "/",
    "store key": "ns/default/playlists/x",
    "escape of keys": "=2F=00",
    "right to left": "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe\N{POP DIRECTIONAL FORMATTING}",
    "arabic": "ليلة الموتى",
    "hebrew": "לילה",
    "emoji": "🎬🧟‍♀️👨‍👩‍👧‍👦🏳️‍🌈",
    "combining": normalize("NFC", "Z\u0361\u0322a\u0321l\u0322g\u0328o\u0315"),
    "zero width": "a\N{ZERO WIDTH SPACE}b\N{ZERO WIDTH JOINER}c",
    "soft hyphen": "a\N{SOFT HYPHEN}b",
    "line separator": "a\N{LINE SEPARATOR}b",
    "private use": "\ue000\U0010fffd",
    "noncharacter": "\ufffe\uffff",
    "replacement": "\N{REPLACEMENT CHARACTER}",
    "byte order mark": "a\ufeffb",
    "full width": "Ｎｉｇｈｔ",
    "dotless": "İstanbul ıI",
    "eszett": "Straße ẞ",
    "ligature": "ﬁnal",
    "null": "null",
    "undefined": "undefined NaN",
    "number": "-0",
    "100 letters": "x" * 100,
    "100 emoji": "🧟" * 100,
    "100 expanding": "ΰ" * 100,
    "comma": "a,b;c|d",
    "formula": "=HYPERLINK(1)",
    "switch": "--help -rf",
}


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
async def test_an_odd_name_is_kept_and_comes_back_unchanged(house: House, word: str) -> None:
    body = {"name": word, "items": [{"video_id": word[:150]}]}
    made = await house.call("POST", "playlists", body, by=ADMIN)
    assert made.status_code == 201, made.text
    answer = await house.call("GET", f"playlists/{made.json['playlist_id']}", by=ADMIN)
    assert answer.json["name"] == word
    assert [item["video_id"] for item in answer.json["items"]] == [word[:150]]
    (listed,) = (await house.call("GET", "playlists", by=ADMIN)).json["playlists"]
    assert listed["name"] == word
    again = await house.call("POST", "playlists", {"name": word, "items": []}, by=ADMIN)
    status, code, details = refusal(again)
    assert (status, code, details["name"]) == (409, "name_taken", word)
    suggested = {"name": details["suggestion"], "items": []}
    assert (await house.call("POST", "playlists", suggested, by=ADMIN)).status_code == 201
    preview = await house.call(
        "POST", "marathons/preview", {"sources": [{"type": "items", "items": [{"video_id": word}]}]}, by=ADMIN
    )
    assert preview.json["items"][0]["video_id"] == word
    deleted = await house.call("DELETE", f"playlists/{made.json['playlist_id']}", by=ADMIN)
    assert deleted.status_code == 204


@pytest.mark.parametrize("word", WORDS.values(), ids=WORDS)
async def test_an_odd_word_finds_the_title_that_is_made_of_it(word: str) -> None:
    titles = [
        CatalogItem(video_id="wanted", title=word, categories=(word,)),
        CatalogItem(video_id="other", title="Something else", categories=("Other",)),
    ]
    async with open_house(source=FakeSource(titles)) as house:
        found = await house.call("GET", "catalog/search", by=ADMIN, query=f"q={quote(word, safe='')}")
        assert found.status_code == 200
        (item, *_) = found.json["items"]
        assert (item["video_id"], item["title"], item["categories"]) == ("wanted", word, [word])
        filtered = await house.call(
            "GET", "catalog/search", by=ADMIN, query=f"category={quote(word, safe='')}"
        )
        assert [each["video_id"] for each in filtered.json["items"]] == ["wanted"]
        categories = (await house.call("GET", "catalog/categories", by=ADMIN)).json
        assert word in categories["categories"]


async def test_a_name_in_another_form_of_unicode_comes_back_composed(house: House) -> None:
    made = await house.call("POST", "playlists", {"name": "Ame\u0301lie\u212a ", "items": []}, by=ADMIN)
    answer = await house.call("GET", f"playlists/{made.json['playlist_id']}", by=ADMIN)
    assert answer.json["name"] == "AmélieK"


async def test_a_comma_in_a_query_is_a_comma() -> None:
    title = CatalogItem(video_id="wanted", title="Crime, and Punishment", categories=("a,b",))
    async with open_house(source=FakeSource([title])) as house:
        for query in ("q=,", "q=crime,and", "category=a,b", "q=crime,&category=a,b"):
            answer = await house.call("GET", "catalog/search", by=ADMIN, query=query)
            assert [item["video_id"] for item in answer.json["items"]] == ["wanted"]
