"""Asking the running service: who asks, what goes wrong, and what its answers cannot do to a terminal."""

from typing import Any

import pytest

from playlist_core.errors import Unavailable
from tests.cli.service_world import AWAY, NOBODY, SILENT, Answer, CommandLine, ScriptedService, refused

ID = "cli-f2a74de452e6b438"  # what SeededRandomness makes first
NASTY = "\x1b[2J\x9b31m\u202edrawn\r\nkryten-playlist: all is well\x07"
VERBS = [
    ("apply", "Night"),
    ("run", "show", "r1"),
    ("run", "cancel", "r1"),
    ("playlists", "list"),
    ("playlists", "show", "Night"),
    ("blessed", "list"),
    ("blessed", "add", "dave"),
    ("blessed", "remove", "dave"),
    ("refresh",),
    ("status",),
]
NEED_NATS = [words for words in VERBS if words[0] not in ("playlists", "refresh")]
COMMANDS = (
    "queue_apply",
    "run_status",
    "run_cancel",
    "playlists_list",
    "playlists_show",
    "blessed_list",
    "blessed_add",
    "blessed_remove",
    "catalog_refresh",
    "refresh_status",
    "status",
)


def everywhere(answer: Answer) -> ScriptedService:
    """A service that always says the same."""
    return ScriptedService({command: [answer] for command in COMMANDS})


def blessed(*entries: dict[str, Any]) -> ScriptedService:
    return ScriptedService({"blessed_list": [{"blessed": list(entries)}]})


# Who asks, and whom


@pytest.mark.parametrize(
    ("words", "variable", "name"),
    [
        (("--as", "Bob"), "carol", "Bob"),
        ((), "carol", "carol"),
        ((), None, "alice"),
        (("--as= bob ",), None, "bob"),
    ],
)
def test_who_asks_is_who_is_named_first(
    type_: CommandLine,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    variable: str | None,
    name: str,
) -> None:
    if variable is not None:
        monkeypatch.setenv("KRYTEN_AS", variable)
    service = blessed()
    assert type_(service.reach, "blessed", "list", *words) == (0, "Nobody is blessed.\n", "")
    heading = {"correlation_id": ID, "namespace": "default", "requested_by": name}
    assert service.asked == [("blessed_list", heading)]
    assert service.addresses == [("nats://nats.example:4222",)]


def test_where_nobody_is_named_it_says_how_to_name_somebody(
    type_: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KRYTEN_PLAYLIST_ADMINS")
    code, out, err = type_(blessed().reach, "blessed", "list")
    assert (code, out) == (2, "")
    assert all(way in err for way in ("--as NAME", "KRYTEN_AS", "admins"))
    service = ScriptedService({"status": [AWAY]})
    assert type_(service.reach, "status")[0] == 1
    assert "requested_by" not in service.asked[0][1]


@pytest.mark.parametrize("name", ["no name", "", "x" * 21, "é"])
def test_what_is_no_name_asks_nobody(type_: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    service = blessed()
    code, out, err = type_(service.reach, "blessed", "list", f"--as={name}")
    assert (code, out, "a CyTube name has 1 to 20" in err) == (2, "", True)
    assert type_(service.reach, "blessed", "add", name)[0] == 2
    monkeypatch.setenv("KRYTEN_AS", name or "-no name-")
    code, out, err = type_(service.reach, "blessed", "list")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("kryten-playlist: KRYTEN_AS: a CyTube name has 1 to 20")
    assert service.asked == []


@pytest.mark.parametrize("words", NEED_NATS, ids=" ".join)
def test_without_nats_it_says_which_verbs_need_it_and_how_to_set_it(
    type_: CommandLine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.delenv("KRYTEN_PLAYLIST_NATS_URL")
    service = everywhere(AWAY)
    code, out, err = type_(service.reach, *words)
    assert (code, out, err.count("\n"), service.asked) == (2, "", 1, [])
    assert all(
        each in err for each in ("nats_url", "KRYTEN_PLAYLIST_NATS_URL", "apply, blessed, run and status")
    )
    code, told, err = type_.json(service.reach, *words)
    assert (code, told["error"]["code"], err) == (2, "no_nats_url", "")


# What goes wrong


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
@pytest.mark.parametrize(
    ("answer", "code", "sentence"),
    [
        (AWAY, "nats_unavailable", AWAY.message),
        (NOBODY, "no_service", NOBODY.message),
        (SILENT, "outcome_unknown", SILENT.message),
        (
            refused("forbidden", "Only admins may do this.", needs="admin"),
            "forbidden",
            "Only admins may do this.",
        ),
        (refused("internal", "Something went wrong here."), "internal", "Something went wrong here."),
    ],
    ids=["away", "nobody", "silent", "refused", "bug"],
)
def test_every_failure_is_one_sentence_with_the_correlation_id(
    type_: CommandLine, words: tuple[str, ...], answer: Answer, code: str, sentence: str
) -> None:
    exit_code, out, err = type_(everywhere(answer).reach, *words)
    assert (exit_code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"kryten-playlist: {sentence}")
    assert err.endswith(f"(correlation id {ID})\n")
    exit_code, told, err = type_.json(everywhere(answer).reach, *words)
    assert (exit_code, err) == (1, "")
    assert (told["error"]["code"], told["error"]["details"]["correlation_id"]) == (code, ID)


def test_what_the_service_tells_of_a_refusal_is_in_the_json(type_: CommandLine) -> None:
    details = {"needs": "admin", "message": "m", "code": "c", "self": 1, "correlation_id": "theirs"}
    service = everywhere({**refused("forbidden", "Only admins may do this."), "details": details})
    _, told, _ = type_.json(service.reach, "blessed", "list")
    error = {"code": "forbidden", "message": "Only admins may do this."}
    assert told == {"error": {**error, "details": {**details, "correlation_id": ID}}}


def test_a_service_that_cannot_be_reached_at_all_is_told(type_: CommandLine) -> None:
    def reach(*_: Any) -> Any:
        raise Unavailable("NATS cannot be reached: look whether it runs.", code="nats_unavailable")

    expected = "kryten-playlist: NATS cannot be reached: look whether it runs.\n"
    assert type_(reach, "status") == (1, "", expected)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status": "error", "error": 7},
        {"status": 1, "blessed": []},
        {"blessed": {}},
        {"blessed": [{"username": None, "by": None, "at": None}]},
        {"blessed": [{"username": "dave", "by": None, "at": "yesterday"}]},
        {"blessed": ["dave"]},
    ],
)
def test_an_answer_that_is_none_is_no_success(type_: CommandLine, answer: dict[str, Any]) -> None:
    code, out, err = type_(everywhere(answer).reach, "blessed", "list")
    assert (code, out) == (1, "")
    assert err.startswith(
        "kryten-playlist: The service's answer cannot be understood: is it of another version?"
    )
    assert err.endswith(f"(correlation id {ID})\n")


def test_a_refusal_without_words_is_one_all_the_same(type_: CommandLine) -> None:
    service = everywhere({"status": "error", "error": None, "message": None})
    code, told, _ = type_.json(service.reach, "blessed", "add", "dave")
    assert (code, told["error"]["code"]) == (1, "internal")
    assert told["error"]["message"] == "The service refused, and did not say why."


def test_what_a_later_version_adds_is_no_reason_to_fail(type_: CommandLine) -> None:
    service = blessed({"username": "dave", "by": "alice", "at": "2026-11-20T23:00:00Z", "why": "because"})
    expected = f"{'dave':20}  by alice, 2026-11-20 23:00 UTC\n"
    assert type_(service.reach, "blessed", "list") == (0, expected, "")


# What the service says and a terminal shows


def is_harmless(text: str) -> bool:
    return all(char.isprintable() or char == "\n" for char in text)


def test_no_refusal_reaches_a_terminal_raw(type_: CommandLine) -> None:
    service = everywhere(refused(NASTY, f"There is no {NASTY}.", name=NASTY))
    for words in VERBS:
        code, out, err = type_(service.reach, *words)
        assert (code, out, err.count("\n"), is_harmless(err)) == (1, "", 1, True)
        code, out, err = type_(service.reach, *words, "--json")
        assert (code, err, is_harmless(out)) == (1, "", True)
        assert type_.json(service.reach, *words)[1]["error"]["details"]["name"] == NASTY


def test_no_name_in_an_answer_reaches_a_terminal_raw(type_: CommandLine) -> None:
    service = blessed({"username": NASTY, "by": NASTY, "at": "2026-11-20T23:00:00Z"})
    code, out, _ = type_(service.reach, "blessed", "list")
    assert (code, out.count("\n"), is_harmless(out)) == (0, 1, True)
    code, out, _ = type_(service.reach, "blessed", "list", "--json")
    assert (code, is_harmless(out)) == (0, True)
    assert type_.json(service.reach, "blessed", "list")[1]["blessed"][0]["username"] == NASTY


# The blessed


def test_who_is_blessed_is_listed_with_by_whom_and_when(type_: CommandLine) -> None:
    known = {"username": "dave", "by": "alice", "at": "2026-11-20T23:00:00.000000Z"}
    entries = [known, {"username": "x" * 20, "by": None, "at": None}]
    code, out, err = type_(blessed(*entries).reach, "blessed", "list")
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{'dave':20}  by alice, 2026-11-20 23:00 UTC", "x" * 20]
    told = type_.json(blessed(*entries).reach, "blessed", "list")
    assert told == (0, {"correlation_id": ID, "blessed": entries}, "")


@pytest.mark.parametrize(
    ("verb", "said"), [("add", "Dave is blessed.\n"), ("remove", "Dave is not blessed any more.\n")]
)
def test_a_blessing_comes_and_goes(type_: CommandLine, verb: str, said: str) -> None:
    service = everywhere({"username": "Dave"})
    assert type_(service.reach, "blessed", verb, "Dave") == (0, said, "")
    assert service.told(f"blessed_{verb}") == [{"username": "Dave"}]
    told = type_.json(service.reach, "blessed", verb, "Dave")
    assert told == (0, {"correlation_id": ID, "username": "Dave"}, "")
