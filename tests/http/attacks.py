"""Requests that mean no good, as a table: what is sent, and the answer that names what is wrong with it."""

from typing import Any

from attrs import field, frozen

SAVE = ("POST", "playlists")
OVER = 1024 * 1024 + 1
LONG = "x" * 10_000


@frozen
class Attack:
    """A request by an admin, and the answer that names what is wrong with it."""

    label: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(factory=dict, kw_only=True)
    query: str = field(default="", kw_only=True)
    host: str = field(default="localhost", kw_only=True)
    answer: tuple[int, str] = field(kw_only=True)
    names: str = field(kw_only=True)


def broken(label: str, body: bytes, names: str = "not JSON") -> Attack:
    return Attack(f"json: {label}", *SAVE, body, answer=(400, "bad_json"), names=names)


def wrong(label: str, body: Any, names: str, *, to: tuple[str, str] = SAVE) -> Attack:
    return Attack(f"type: {label}", *to, body, answer=(422, "invalid"), names=names)


def asked(query: str, names: str) -> Attack:
    return Attack(
        f"query: {query[:40]}", "GET", "catalog/search", query=query, answer=(422, "invalid"), names=names
    )


def at(path: str, code: str, names: str = "There is", *, method: str = "GET") -> Attack:
    label = path if len(path) < 60 else f"{path[:30]}… {path[-10:]}"
    return Attack(f"path: {method} {label}", method, path, answer=(404, code), names=names)


def matching(value: str) -> Attack:
    body = {"name": "Mine", "items": []}
    headers = {"If-Match": value}
    answer = (422, "invalid")
    return Attack(
        f"if-match: {value[:30]!r}",
        "PUT",
        "{playlist}",
        body,
        headers=headers,
        answer=answer,
        names="If-Match",
    )


BROKEN_JSON = [
    broken("cut off", b'{"name": "x", "items": ['),
    broken("single quotes", b"{'name': 'x', 'items': []}"),
    broken("trailing comma", b'{"name": "x", "items": [],}'),
    broken("comment", b'{"name": "x", /* */ "items": []}'),
    broken("rubbish behind", b'{"name": "x", "items": []} DROP TABLE'),
    broken("two documents", b'{"name": "x", "items": []}{"name": "y", "items": []}'),
    broken("NaN", b'{"name": NaN, "items": []}'),
    broken("Infinity", b'{"name": "x", "items": [], "n": -Infinity}'),
    broken("1e999", b'{"name": "x", "items": [1e999]}'),
    broken("lone high surrogate", b'{"name": "\\ud83d", "items": []}'),
    broken("lone low surrogate", b'{"name": "\\ude00", "items": []}'),
    broken("surrogate as a key", b'{"\\ud83d": 1}'),
    broken("raw surrogate", b'{"name": "\xed\xa0\xbd", "items": []}'),
    broken("not UTF-8", b'{"name": "\xff\xfe", "items": []}'),
    broken("overlong UTF-8", b'{"name": "\xc0\xaf", "items": []}'),
    broken("UTF-16", '{"name": "x", "items": []}'.encode("utf-16")),
    broken("byte order mark", b'\xef\xbb\xbf{"name": "x", "items": []}'),
    broken("raw NUL", b'{"name": "a\x00b", "items": []}'),
    broken("only NULs", b"\x00" * 1000),
    broken("raw control character", b'{"name": "a\nb", "items": []}'),
    broken("form", b"name=x&items="),
    broken("XML", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'),
    broken("arrays 100,000 deep", b"[" * 100_000),
    broken("objects 100,000 deep", b'{"items":' * 100_000),
    broken("nested in a field", b'{"name": "x", "items": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
]
WRONG_TYPES = [
    wrong("empty body", b"", "name"),
    wrong("only blanks", b" \r\n\t ", "name"),
    wrong("array", [], "object"),
    wrong("text", '{"name": "x"}', "object"),
    wrong("number", 5, "object"),
    wrong("true", True, "object"),
    wrong("null", b"null", "object"),
    wrong("name missing", {"items": []}, "name: is missing"),
    wrong("items missing", {"name": "x"}, "items: is missing"),
    wrong("name null", {"name": None, "items": []}, "name"),
    wrong("name a number", {"name": 5, "items": []}, "name"),
    wrong("name an array", {"name": ["x"], "items": []}, "name"),
    wrong("name an object", {"name": {"$ne": ""}, "items": []}, "name"),
    wrong("items null", {"name": "x", "items": None}, "items"),
    wrong("items a text", {"name": "x", "items": "abc"}, "items"),
    wrong("items an object", {"name": "x", "items": {"0": {"video_id": "a"}}}, "items"),
    wrong("item a text", {"name": "x", "items": [{"video_id": "a"}, "b"]}, "items[1]"),
    wrong("item null", {"name": "x", "items": [None]}, "items[0]"),
    wrong("item an array", {"name": "x", "items": [["video_id", "a"]]}, "items[0]"),
    wrong("id missing", {"name": "x", "items": [{}]}, "items[0].video_id: is missing"),
    wrong("id a number", {"name": "x", "items": [{"video_id": 7}]}, "items[0].video_id"),
    wrong("id empty", {"name": "x", "items": [{"video_id": ""}]}, "items[0].video_id"),
    wrong("id too long", {"name": "x", "items": [{"video_id": "v" * 151}]}, "items[0].video_id"),
    wrong("id with NUL", {"name": "x", "items": [{"video_id": "a\x00"}]}, "items[0].video_id"),
    wrong("unknown field", {"name": "x", "items": [], "admin": True}, "admin: is an unknown field"),
    wrong("unknown inside", {"name": "x", "items": [{"video_id": "a", "url": "b"}]}, "items[0].url"),
    wrong("__proto__", {"name": "x", "items": [], "__proto__": {}}, "__proto__"),
    wrong("an id of one's own", {"name": "x", "items": [], "playlist_id": "mine"}, "playlist_id"),
    wrong("half a million wrong items", b'{"name":"x","items":[' + b"5," * 500_000 + b"5]}", "items[0]"),
    wrong("name empty", {"name": "", "items": []}, "name"),
    wrong("name blank", {"name": " \t\N{NO-BREAK SPACE}", "items": []}, "name"),
    wrong("name of 101", {"name": "x" * 101, "items": []}, "name: is longer than 100"),
    wrong("name of 10,000", {"name": LONG, "items": []}, "name: is longer than 100"),
    wrong("name with NUL", {"name": "a\x00b", "items": []}, "name"),
    wrong("name with escape", {"name": "\x1b[31mred", "items": []}, "name"),
    wrong("name with newline", {"name": "a\nSet-Cookie: b", "items": []}, "name"),
    wrong("name of accents", {"name": "a" + "\u0300" * 150_000 + "\u0316" * 150_000, "items": []}, "name"),
    wrong("version a text", {"version": "1"}, "version", to=("POST", "{playlist}/restore")),
    wrong("version a float", {"version": 1.0}, "version", to=("POST", "{playlist}/restore")),
    wrong("version true", {"version": True}, "version", to=("POST", "{playlist}/restore")),
    wrong("version 2**70", {"version": 2**70}, "version", to=("POST", "{playlist}/restore")),
    wrong("mode unknown", {"playlist_id": "a", "mode": "nuke"}, "mode", to=("POST", "queue/apply")),
    wrong("mode null", {"playlist_id": "a", "mode": None}, "mode", to=("POST", "queue/apply")),
    wrong("id an array", {"playlist_id": ["a"]}, "playlist_id", to=("POST", "queue/plan")),
    wrong("method unknown", {"sources": [], "method": "x"}, "method", to=("POST", "marathons/preview")),
    wrong("source a text", {"sources": ["a"]}, "sources[0]", to=("POST", "marathons/preview")),
    wrong(
        "30,000 sources",
        {"sources": [{"type": "search", "q": ""}] * 30_000},
        "26",
        to=("POST", "marathons/preview"),
    ),
    wrong("flag a text", {"allow_shrink": "true"}, "allow_shrink", to=("POST", "catalog/refresh")),
    wrong("flag null", {"allow_shrink": None}, "allow_shrink", to=("POST", "catalog/refresh")),
    wrong("username an object", {"username": {}}, "username", to=("POST", "auth/otp/request")),
    wrong("otp a number", {"username": "bob", "otp": 12345678}, "otp", to=("POST", "auth/otp/verify")),
    wrong("otp missing", {"username": "bob"}, "otp", to=("POST", "auth/otp/verify")),
    wrong("otp of 10,000", {"username": "bob", "otp": LONG}, "otp", to=("POST", "auth/otp/verify")),
    wrong("no such action", {"action": "nuke"}, "action", to=("POST", "auth/ipblock")),
    wrong("hours a float", {"action": "block", "hours": 1.5}, "hours", to=("POST", "auth/ipblock")),
    wrong("hours 2**63", {"action": "block", "hours": 2**63}, "hours", to=("POST", "auth/ipblock")),
    wrong("ip a host", {"action": "block", "ip": "localhost"}, "ip", to=("POST", "auth/ipblock")),
    wrong("ip a network", {"action": "block", "ip": "0.0.0.0/0"}, "ip", to=("POST", "auth/ipblock")),
    wrong("role in the body", {"username": "bob", "role": "admin"}, "role", to=("POST", "auth/otp/request")),
]
QUERIES = [
    asked("limit=-1", "limit"),
    asked("limit=0", "limit"),
    asked("limit=1.5", "limit"),
    asked("limit=1e2", "limit"),
    asked("limit=0x10", "limit"),
    asked("limit=%2B5", "limit"),
    asked("limit=%D9%A3", "limit"),
    asked(f"limit={2**70}", "limit"),
    asked("limit=5&limit=6", "limit: is given more than once"),
    asked("limit=", "limit"),
    asked("offset=-1", "offset"),
    asked(f"offset={'9' * 5000}", "offset"),
    asked("offset=NaN", "offset"),
    asked("q=a&q=b", "q: is given more than once"),
    asked("q[]=a", "q[]"),
    asked("q=" + "%F0%9F%98%80" * 501, "q: is longer than 500"),
    asked("match=ANY", "match"),
    asked("match=any'--", "match"),
    asked("sort=title;DROP", "sort"),
    asked("__class__=x", "__class__"),
    asked("=5", "query"),
    asked("snapshot_id=a&snapshot_id=b", "snapshot_id"),
]
PATHS = [
    at("playlists/..", "playlist_not_found"),
    at("playlists/%2e%2e", "playlist_not_found"),
    at("playlists/%252e%252e%252fetc", "playlist_not_found"),
    at("playlists/%00", "playlist_not_found"),
    at("playlists/%ff%fe", "playlist_not_found"),
    at("playlists/%F0%9F%98%80", "playlist_not_found"),
    at("playlists/", "playlist_not_found"),
    at("playlists/*", "playlist_not_found"),
    at("playlists/ns=2Fdefault", "playlist_not_found"),
    at("playlists/%27%20OR%201=1--", "playlist_not_found"),
    at(f"playlists/{LONG}", "playlist_not_found"),
    at(f"playlists/{LONG}/versions", "playlist_not_found"),
    at("playlists//versions", "playlist_not_found"),
    at(f"queue/runs/{LONG}", "run_not_found"),
    at(f"catalog/items/{LONG}", "item_not_found"),
    at("catalog/items/%E2%80%AE", "item_not_found"),
    at("playlists/a%2Fb", "no_such_route"),
    at("playlists/..%2f..%2fetc%2fpasswd", "no_such_route"),
    at("/api/v1/../../etc/passwd", "no_such_route"),
    at("/..%5c..%5cwindows", "no_such_route"),
    at("/web/../server.py", "no_such_route"),
    at("/web/%2e%2e/server.py", "no_such_route"),
    at("/web/..%2fserver.py", "no_such_route"),
    at("/web/%252e%252e/server.py", "no_such_route"),
    at("/web//etc/passwd", "no_such_route"),
    at("/web/%00", "no_such_route"),
    at("/web/", "no_such_route"),
    at("/web/" + "a/" * 2000, "no_such_route"),
    at("/.git/config", "no_such_route"),
    at("/openapi.json", "no_such_route"),
    at("/api/v1/playlists.json", "no_such_route"),
    at("/" + LONG, "no_such_route"),
    at("playlists/none", "playlist_not_found", method="DELETE"),
]
OTHERS = [
    *[
        Attack(f"method: {method}", method, "playlists", answer=(405, "method_not_allowed"), names="method")
        for method in ("PATCH", "TRACE", "DELETE", "PUT", "CONNECT")
    ],
    Attack("method: unknown", "PROPFIND", "playlists", answer=(405, "method_not_allowed"), names="method"),
    Attack("method: made up", "BREW", "playlists", answer=(400, "bad_json"), names="Invalid HTTP method"),
    *[
        matching(value)
        for value in (
            "",
            "x",
            '"x"',
            '"-1"',
            '"1e3"',
            '"1", "2"',
            'W/W/"1"',
            '"\xb2"',
            '"' + "9" * 5000 + '"',
        )
    ],
    Attack("size: body", *SAVE, b" " * OVER, answer=(413, "too_large"), names="1048576"),
    Attack(
        "size: one name",
        *SAVE,
        b'{"name": "' + b"x" * OVER + b'", "items": []}',
        answer=(413, "too_large"),
        names="1048576",
    ),
    Attack(
        "size: too many items",
        *SAVE,
        {"name": "x", "items": [{"video_id": "a"}] * 40_000},
        answer=(413, "too_large"),
        names="5000",
    ),
    Attack(
        "host: foreign", "GET", "playlists", host="evil.example", answer=(403, "bad_host"), names="public_url"
    ),
    Attack(
        "origin: foreign",
        *SAVE,
        {"name": "x", "items": []},
        headers={"Origin": "http://evil.example"},
        answer=(403, "bad_origin"),
        names="another site",
    ),
    Attack(
        "origin: unreadable",
        *SAVE,
        {"name": "x", "items": []},
        headers={"Origin": "http://["},
        answer=(403, "bad_origin"),
        names="another site",
    ),
    Attack(
        "content type: form",
        *SAVE,
        b'{"name": "x", "items": []}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        answer=(415, "unsupported_media_type"),
        names="application/json",
    ),
    Attack(
        "content type: rubbish",
        *SAVE,
        b'{"name": "x", "items": []}',
        headers={"Content-Type": "\xff;;;="},
        answer=(415, "unsupported_media_type"),
        names="application/json",
    ),
    Attack(
        "content length: rubbish",
        "POST",
        "auth/logout",
        headers={"Content-Length": "five"},
        answer=(400, "bad_json"),
        names="Content-Length",
    ),
    Attack(
        "pattern: too long",
        "POST",
        "marathons/preview",
        {
            "sources": [{"type": "items", "items": []}],
            "method": "interleave",
            "interleave_pattern": "A" * 500_000,
        },
        answer=(400, "bad_pattern"),
        names="1,000",
    ),
    Attack(
        "seed: too long",
        "POST",
        "marathons/preview",
        {"sources": [{"type": "items", "items": []}], "method": "shuffle", "shuffle_seed": LONG},
        answer=(422, "invalid"),
        names="shuffle_seed",
    ),
    Attack("name: on a list", "PUT", f"access/blessed/{LONG}", answer=(422, "invalid"), names="username"),
    Attack("address: lifted", "DELETE", f"auth/ipblocks/{LONG}", answer=(422, "invalid"), names="ip"),
]
ATTACKS = [*BROKEN_JSON, *WRONG_TYPES, *QUERIES, *PATHS, *OTHERS]
