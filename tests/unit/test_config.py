"""Settings: where they come from, and that everything wrong with them is said at once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import fields
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from playlist_app.config import (
    CatalogSettings,
    ConfigInvalid,
    Loaded,
    Origin,
    Problem,
    QueueRepeat,
    Settings,
    Shown,
    describe,
    environment_name,
    load,
    load_settings,
)
from playlist_app.config.keys import KINDS
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import LoginRules
from playlist_core.domain.manifest import ManifestTemplate
from tests.unit.config_world import GOOD, document, problems, write

TEMPLATE = "https://www.420grindhouse.com/api/v1/media/cytube/{video_id}.json?format=json"


def test_without_a_file_and_an_environment_everything_is_at_its_default(tmp_path: Path) -> None:
    loaded = load(None, {"PATH": "/bin"}, default_path=tmp_path / "none" / "config.json")
    assert loaded == Loaded(Settings(), dict.fromkeys(KINDS, Origin.DEFAULT), None)


def test_the_defaults_are_those_of_the_contract() -> None:
    assert Settings() == Settings(
        nats_url=None,
        nats_user=None,
        nats_password=None,
        nats_token=None,
        nats_credentials=None,
        nats_tls_ca=None,
        nats_tls_cert=None,
        nats_tls_key=None,
        nats_replicas=1,
        nats_bucket_prefix=None,
        nats_subject_prefix="kryten",
        service_name="playlist",
        namespace="default",
        cytube_domain=None,
        cytube_channel=None,
        http_host="127.0.0.1",
        http_port=8088,
        metrics_host="127.0.0.1",
        metrics_port=None,
        public_url=None,
        trusted_proxies=(),
        sqlite_path=Path("./data/catalog.sqlite3"),
        data_dir=Path("./data"),
        manifest_url_template=ManifestTemplate(TEMPLATE),
        admins=(),
        allow_blessed_hard_replace=False,
        queue_temp=False,
        queue_repeat=QueueRepeat("report"),
        otp_ttl_seconds=300,
        session_ttl_hours=12,
        session_max_days=14,
        block_hours=72,
        otp_requests_per_name=5,
        otp_requests_per_source=20,
        otp_verifications_per_name=15,
        otp_verifications_per_source=30,
        otp_window_seconds=900,
        pms_per_minute=30,
        lockout_first_seconds=60,
        lockout_max_seconds=3600,
        likes_per_minute=6,
        like_dedupe_hours=24,
        catalog=CatalogSettings(
            source=None,
            token=None,
            username=None,
            password=None,
            media_url=None,
            refresh_every=None,
            max_shrink=0.2,
        ),
    )


def test_every_field_is_a_key_with_a_kind() -> None:
    names = {each.name for each in fields(Settings)} - {"catalog"}
    assert set(KINDS) == names | {f"catalog.{each.name}" for each in fields(CatalogSettings)}


def test_the_rules_of_signing_in_are_at_their_defaults_where_nothing_is_set() -> None:
    assert (Settings().login_rules, Settings().limit_rules) == (LoginRules(), LimitRules())


def test_the_rules_of_signing_in_carry_every_key_that_is_theirs() -> None:
    rules = [each.name for kind in (LoginRules, LimitRules) for each in fields(kind)]
    numbers: dict[str, Any] = {name: number for number, name in enumerate(rules, 1000)}
    changed = Settings(**numbers)
    assert {
        each.name: getattr(made, each.name)
        for made in (changed.login_rules, changed.limit_rules)
        for each in fields(type(made))
    } == numbers


def test_the_environment_overrides_the_file_and_the_file_the_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, {"http_port": 1, "service_name": "ours", "catalog": {"max_shrink": 0.5}})
    loaded = load(path, {"KRYTEN_PLAYLIST_HTTP_PORT": "2", "KRYTEN_PLAYLIST_CATALOG_SOURCE": "films.csv"})
    assert loaded == Loaded(
        Settings(
            http_port=2,
            service_name="ours",
            catalog=CatalogSettings(source=Path("films.csv"), max_shrink=0.5),
        ),
        dict.fromkeys(KINDS, Origin.DEFAULT)
        | {
            "http_port": Origin.ENVIRONMENT,
            "service_name": Origin.FILE,
            "catalog.source": Origin.ENVIRONMENT,
            "catalog.max_shrink": Origin.FILE,
        },
        path,
    )


def test_load_settings_gives_the_settings_alone(tmp_path: Path) -> None:
    path = write(tmp_path, {"http_port": 1})
    assert load_settings(path, {"KRYTEN_PLAYLIST_NAMESPACE": "x"}) == Settings(http_port=1, namespace="x")


def test_the_default_file_is_read_when_it_is_there(tmp_path: Path) -> None:
    path = write(tmp_path, {"http_port": 1})
    loaded = load(None, {}, default_path=path)
    assert (loaded.settings, loaded.path) == (Settings(http_port=1), path)


def test_a_default_file_that_is_broken_is_not_passed_over(tmp_path: Path) -> None:
    path = write(tmp_path, "{")
    with pytest.raises(ConfigInvalid) as caught:
        load(None, {}, default_path=path)
    assert caught.value.problems[0].where == f"{path}:1:2"


# Unknown keys and variables


@pytest.mark.parametrize(
    ("content", "key", "nearest"),
    [
        ({"http_prot": 1}, "http_prot", "http_port"),
        ({"HTTP-Port": 1}, "HTTP-Port", "http_port"),
        ({"httpPort": 1}, "httpPort", "http_port"),
        ({"http": {"port": 1}}, "http.port", "http_port"),
        ({"admin": []}, "admin", "admins"),
        ({"catalog": {"sorce": "x"}}, "catalog.sorce", "catalog.source"),
        ({"max_shrink": 0.5}, "max_shrink", "catalog.max_shrink"),
        ({"nats": {"sevrers": []}}, "nats.sevrers", "nats.servers"),
        ({"nats": {"url": "nats://n"}}, "nats.url", "nats_url"),
        ({"nats": "nats://n"}, "nats", "nats_url"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    tmp_path: Path, content: object, key: str, nearest: str
) -> None:
    expected = f"is an unknown key; the nearest known one is {nearest}"
    assert problems(write(tmp_path, content)) == {key: expected}


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("KRYTEN_PLAYLIST_HTTP_PROT", "KRYTEN_PLAYLIST_HTTP_PORT"),
        ("KRYTEN_PLAYLIST_http_port", "KRYTEN_PLAYLIST_HTTP_PORT"),
        ("KRYTEN_PLAYLIST_CATALOG__SORCE", "KRYTEN_PLAYLIST_CATALOG_SOURCE"),
        ("KRYTEN_PLAYLIST_CATALOG", "KRYTEN_PLAYLIST_CATALOG_TOKEN"),
    ],
)
def test_an_unknown_variable_is_refused_with_the_nearest_known_one(name: str, nearest: str) -> None:
    expected = f"is an unknown variable; the nearest known one is {nearest}"
    assert problems(None, {name: "1"}) == {name: expected}


@pytest.mark.parametrize("name", ["", "?", "x" * 60_000])
def test_whatever_an_unknown_key_is_called_the_message_stays_readable(tmp_path: Path, name: str) -> None:
    [(where, problem)] = problems(write(tmp_path, {name: 1})).items()
    assert where == name[:80]
    assert problem.startswith("is an unknown key; the nearest known one is ")


def test_variables_of_others_do_not_matter() -> None:
    environ = {"KRYTEN_NATS_URL": "x", "kryten_playlist_http_port": "x", "PLAYLIST_HTTP_PORT": "x"}
    assert load(None, environ).settings == Settings()


def test_a_section_is_no_value(tmp_path: Path) -> None:
    keys = ", ".join(f"catalog.{each.name}" for each in fields(CatalogSettings))
    assert problems(write(tmp_path, {"catalog": "x.csv"})) == {
        "catalog": f"is a section, not a value: its keys are {keys}"
    }


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, {"catalog": {"source": "a"}, "catalog.source": "b"})
    environ = {"KRYTEN_PLAYLIST_CATALOG_SOURCE": "a", "KRYTEN_PLAYLIST_CATALOG__SOURCE": "a"}
    assert problems(path, environ) == {
        "catalog.source": "is given twice, in its section and by its whole name: leave one of them",
        "KRYTEN_PLAYLIST_CATALOG__SOURCE": (
            "sets catalog.source, which another variable sets, too: leave one of them"
        ),
    }


# Contradictions and messages


def test_keys_that_contradict_each_other_are_told_at_the_one_written_last(tmp_path: Path) -> None:
    path = write(tmp_path, {"lockout_max_seconds": 30, "session_max_days": 1, "session_ttl_hours": 25})
    assert problems(path, {environment_name("session_ttl_hours"): "48"}) == {
        "KRYTEN_PLAYLIST_SESSION_TTL_HOURS": (
            "session_ttl_hours (48) is longer than session_max_days (1) lets a session last:"
            " shorten the one or lengthen the other"
        ),
        "lockout_max_seconds": (
            "lockout_first_seconds (60) is more than lockout_max_seconds (30):"
            " lower the one or raise the other"
        ),
    }


def test_keys_may_go_exactly_as_far_as_each_other(tmp_path: Path) -> None:
    equal = {
        "session_max_days": 1,
        "session_ttl_hours": 24,
        "lockout_first_seconds": 9,
        "lockout_max_seconds": 9,
    }
    assert load(write(tmp_path, equal), {}).settings == Settings(**equal)  # type: ignore[arg-type]


def test_a_wrong_value_is_not_said_to_contradict_another_as_well(tmp_path: Path) -> None:
    path = write(tmp_path, {"lockout_first_seconds": "5", "lockout_max_seconds": 30})
    assert list(problems(path)) == ["lockout_first_seconds"]


def test_one_error_lists_all_problems(tmp_path: Path) -> None:
    path = write(tmp_path, {"http_prot": 1, "queue_temp": 1, "lockout_max_seconds": 1})
    with pytest.raises(ConfigInvalid) as caught:
        load(path, {"KRYTEN_PLAYLIST_HTTP_PORT": "x"})
    found = [
        Problem(f"{path}: http_prot", "is an unknown key; the nearest known one is http_port"),
        Problem(f"{path}: queue_temp", "must be true or false, not a number"),
        Problem("KRYTEN_PLAYLIST_HTTP_PORT", "must be a whole number from 0 to 65535"),
        Problem(
            f"{path}: lockout_max_seconds",
            "lockout_first_seconds (60) is more than lockout_max_seconds (1):"
            " lower the one or raise the other",
        ),
    ]
    lines = [f"  {each.where}: {each.problem}" for each in found]
    error = caught.value
    assert error.problems == tuple(found)
    assert error.code == "bad_config"
    assert str(error) == "\n".join(["The settings cannot be used (4 problems):", *lines])
    assert error.details == {"problems": [{"where": each.where, "problem": each.problem} for each in found]}


def test_a_broken_file_does_not_hide_what_is_wrong_in_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, "{")
    assert list(problems(path, {environment_name("http_port"): "x"})) == [
        f"{path}:1:2",
        "KRYTEN_PLAYLIST_HTTP_PORT",
    ]


def test_no_message_holds_a_password_from_whatever_key_it_stands_under(tmp_path: Path) -> None:
    secret = "hunter2hunter2"
    # Any text may be a password: how it is kept secret is in test_config_secrets.py.
    for key in set(KINDS) - {"catalog.password", "nats_password", "nats_token"}:
        for raw in (f"x://u:{secret}@h:1/ {secret}", [f"u:{secret}@h"], {secret[:5]: secret}):
            with pytest.raises(ConfigInvalid) as caught:
                load(write(tmp_path, document(key, raw)), {})
            assert secret not in str(caught.value)


# config show


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("nats://user:password@n:4222", "nats://***@n:4222"),
        ("nats://token@n:4222", "nats://***@n:4222"),
        ("tls://u:p@ss@n", "tls://***@n"),
        ("nats://n:4222", "nats://n:4222"),
    ],
)
def test_credentials_are_neither_shown_nor_in_the_repr(tmp_path: Path, url: str, shown: str) -> None:
    loaded = load(write(tmp_path, {"nats_url": url}), {})
    assert describe(loaded)[0] == Shown("nats_url", shown, Origin.FILE)
    assert "nats://" not in repr(loaded) and "tls://" not in repr(loaded)


def test_every_key_is_shown_with_its_value_and_its_origin(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"admins": ["Alice", "Bob"], "data_dir": "d", "catalog": {"refresh_every": 21_600}}
    )
    environ = {"KRYTEN_PLAYLIST_QUEUE_TEMP": "true", "KRYTEN_PLAYLIST_TRUSTED_PROXIES": "::1,10.0.0.0/8"}
    lines = {line.key: line for line in describe(load(path, environ))}
    assert list(lines) == list(KINDS)
    assert [lines[key] for key in ("admins", "data_dir", "sqlite_path", "queue_temp", "http_port")] == [
        Shown("admins", '["Alice", "Bob"]', Origin.FILE),
        Shown("data_dir", "./d", Origin.FILE),
        Shown("sqlite_path", "./d/catalog.sqlite3", Origin.DEFAULT),
        Shown("queue_temp", "true", Origin.ENVIRONMENT),
        Shown("http_port", "8088", Origin.DEFAULT),
    ]
    assert lines["trusted_proxies"].value == '["::1/128", "10.0.0.0/8"]'
    assert lines["catalog.refresh_every"] == Shown("catalog.refresh_every", "6h", Origin.FILE)


# Anything at all

_keys = st.one_of(st.sampled_from([*KINDS, "catalog"]), st.text(max_size=8))
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from([str(case[1]) for case in GOOD]),
)
_json = st.recursive(
    _leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_keys, inner, max_size=3))
)
_texts = st.one_of(
    st.text(max_size=12),
    st.text('[]{}",:/@.%0123456789fhn-', max_size=14),
    st.sampled_from([c[2] for c in GOOD]),
)
_names = st.one_of(
    st.sampled_from([environment_name(key) for key in KINDS]),
    st.text(max_size=8).map("KRYTEN_PLAYLIST_{}".format),
    st.text(max_size=8),
)
_anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def loads_or_says_why(path: Path, environ: Mapping[str, str]) -> None:
    try:
        describe(load(path, environ))
    except ConfigInvalid as exc:
        assert exc.problems
        for line in str(exc).split("\n"):
            assert line.isprintable()


@_anything
@given(
    content=st.one_of(st.dictionaries(_keys, _json, max_size=6), _json),
    environ=st.dictionaries(_names, _texts),
)
def test_no_document_and_no_environment_raises_anything_but_config_invalid(
    tmp_path: Path, content: object, environ: dict[str, str]
) -> None:
    loads_or_says_why(write(tmp_path, json.dumps(content).encode()), environ)


@_anything
@given(
    content=st.one_of(st.binary(max_size=60), st.text("[]{}=\"'.,#\n 0123456789-:Tabhtps_", max_size=60)),
    name=st.sampled_from(["c.toml", "c.json", "c"]),
)
@example(content='"\\ud800" = 1', name="c.toml")
@example(content='{"\\ud800": "\\ud800"}', name="c.json")
@example(content="http_port = 0x" + "f" * 9_999, name="c.toml")
@example(content='"a\\nb\\u202e" = 1', name="c.toml")
def test_no_bytes_raise_anything_but_config_invalid(tmp_path: Path, content: str | bytes, name: str) -> None:
    loads_or_says_why(write(tmp_path, content, name), {})
