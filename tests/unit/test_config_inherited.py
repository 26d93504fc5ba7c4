"""Settings files of earlier and other Kryten services: what they mean here, and what has no effect."""

import json
from pathlib import Path

import pytest

from playlist_app.config import (
    CatalogSettings,
    NatsSettings,
    Notice,
    Origin,
    Settings,
    Site,
    environment_name,
    load,
)
from playlist_app.config.inherited import INHERITED
from playlist_app.config.keys import KINDS
from playlist_core.domain.identity import Username
from playlist_core.domain.manifest import ManifestTemplate
from tests.unit.config_world import problems, write

LOGGED = "has no effect: warnings are logged, with --verbose each request as well"
REFRESHED = "has no effect: a refresh comes when it is asked for, or by catalog.refresh_every"
RECONNECTS = "has no effect: the connection is tried anew every second, for ever"
METRICS = "is taken for metrics_port; it answers on metrics_host alone, which is 127.0.0.1 unless set"
ANNOUNCED = "has no effect: other services always hear of this one, every 30 s"

# Every key that the earlier service read (its 0.3.2), as an installation might have them.
EARLIER = {
    "nats_url": "nats://localhost:4222",
    "nats_subject_prefix": "kryten",
    "service_name": "playlist",
    "cytube_domain": "cytu.be",
    "cytube_channel": "lounge",
    "namespace": "default",
    "sqlite_path": "./data/catalog.sqlite3",
    "http_host": "127.0.0.1",
    "http_port": 8088,
    "http_log_level": "warning",
    "disable_auth": False,
    "otp_ttl_seconds": 300,
    "otp_lockout_seconds": 3600,
    "otp_length": 8,
    "otp_unsolicited_block_hours_default": 48,
    "session_ttl_seconds": 43_200,
    "catalog_refresh_watcher_enabled": True,
    "catalog_refresh_watcher_poll_seconds": 2.0,
    "catalog_refresh_run_on_marker": True,
    "mediacms_manifest_base_url": "https://videos.example/",
    "initial_admins": ["Alice", "Bob_42"],
    "blessed_users": [],
}
# A file as kryten-py's KrytenConfig reads it.
KRYTEN_PY = {
    "nats": {
        "servers": ["nats://a:4222", "tls://b:4222"],
        "user": "kryten",
        "password": "${NATS_PASSWORD}",
        "token": None,
        "tls_ca": "/etc/kryten/ca.pem",
        "tls_cert": "/etc/kryten/cert.pem",
        "tls_key": "/etc/kryten/key.pem",
        "connect_timeout": 10,
        "reconnect_time_wait": 2,
        "max_reconnect_attempts": -1,
        "ping_interval": 120,
    },
    "channels": [{"domain": "cytu.be", "channel": "Movies"}],
    "service": {
        "name": "Play.List",
        "version": "1.0.0",
        "enable_lifecycle": True,
        "enable_heartbeat": False,
        "heartbeat_interval": 30,
        "enable_discovery": True,
        "health_port": 28282,
        "health_path": "/health",
        "metrics_path": "/m",
    },
    "metrics": {"port": 28282, "health_path": "/health", "metrics_path": "/metrics"},
    "retry_attempts": 3,
    "retry_delay": 1.0,
    "handler_timeout": 30.0,
    "max_concurrent_handlers": 1000,
    "log_level": "INFO",
    "chat_min_delay": 1.0,
    "chat_jitter": 0.5,
}


def said(path: Path, environ: dict[str, str] | None = None) -> dict[str, str]:
    """The notices, by place in the file."""
    return {each.where.removeprefix(f"{path}: "): each.notice for each in load(path, environ or {}).notices}


def test_the_settings_of_the_earlier_service_are_taken_with_the_same_meaning(tmp_path: Path) -> None:
    path = write(tmp_path, EARLIER)
    loaded = load(path, {})
    assert loaded.settings == Settings(
        nats_url="nats://localhost:4222",
        cytube_domain="cytu.be",
        cytube_channel="lounge",
        lockout_first_seconds=3600,
        lockout_max_seconds=3600,
        block_hours=48,
        session_ttl_hours=12,
        manifest_url_template=ManifestTemplate(
            "https://videos.example/api/v1/media/cytube/{video_id}.json?format=json"
        ),
        admins=(Username("Alice"), Username("Bob_42")),
    )
    assert loaded.notices == (
        Notice(f"{path}: http_log_level", LOGGED),
        Notice(f"{path}: catalog_refresh_watcher_enabled", REFRESHED),
        Notice(f"{path}: catalog_refresh_watcher_poll_seconds", REFRESHED),
        Notice(f"{path}: catalog_refresh_run_on_marker", REFRESHED),
    )
    assert {key for key, origin in loaded.origins.items() if origin is Origin.FILE} == {
        *(key for key in EARLIER if key in KINDS),
        *("lockout_first_seconds", "lockout_max_seconds", "block_hours", "session_ttl_hours", "admins"),
        "manifest_url_template",
    }


def test_the_settings_of_a_service_on_kryten_py_are_taken_with_the_same_meaning(tmp_path: Path) -> None:
    path = write(tmp_path, KRYTEN_PY)
    environ = {"NATS_PASSWORD": "hush"}
    settings = load(path, environ).settings
    assert settings == Settings(
        nats_url="nats://a:4222,tls://b:4222",
        nats_user="kryten",
        nats_password="hush",
        nats_tls_ca=Path("/etc/kryten/ca.pem"),
        nats_tls_cert=Path("/etc/kryten/cert.pem"),
        nats_tls_key=Path("/etc/kryten/key.pem"),
        cytube_domain="cytu.be",
        cytube_channel="Movies",
        service_name="play-list",
        metrics_port=28282,
    )
    assert said(path, environ) == {
        "nats.connect_timeout": "has no effect: it is 10 s",
        "nats.reconnect_time_wait": RECONNECTS,
        "nats.max_reconnect_attempts": RECONNECTS,
        "nats.ping_interval": "has no effect: it is 10 s",
        "service.version": "has no effect: the version is that of the installation",
        "service.enable_heartbeat": ANNOUNCED,
        "service.health_port": METRICS,
        "service.metrics_path": "has no effect: it is /metrics",
        "metrics.port": METRICS,
        "log_level": LOGGED,
        "chat_min_delay": "has no effect: pms_per_minute paces private messages",
        "chat_jitter": "has no effect: pms_per_minute paces private messages",
        **dict.fromkeys(
            ("retry_attempts", "retry_delay", "handler_timeout", "max_concurrent_handlers"),
            "has no effect: nothing here asks for it",
        ),
    }


def test_a_connection_that_is_made_anew_cannot_be_switched_off(tmp_path: Path) -> None:
    assert said(write(tmp_path, {"nats": {"allow_reconnect": False}})) == {"nats.allow_reconnect": RECONNECTS}


def test_toml_may_hold_them_as_well(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[nats]\nservers = ["nats://n"]\n[[channels]]\ndomain = "cytu.be"\nchannel = "Movies"\n[service]\n',
        "c.toml",
    )
    assert load(path, {}).settings == Settings(
        nats_url="nats://n", cytube_domain="cytu.be", cytube_channel="Movies"
    )


# Of the catalogue tools, which read the same file as the earlier service.
TOOLS = {
    "db": "catalog.db",
    "timeout": 240.0,
    "concurrency": 24,
    "rate_limit_delay": 0.5,
    "humanizer_jitter": 5,
    **{
        f"{which}{what}": "hush"
        for which in ("", "alternate_", "verify_")
        for what in ("api_key", "api_base", "model")
    },
}


def test_the_keys_of_the_catalogue_tools_keep_nobody_from_starting(tmp_path: Path) -> None:
    path = write(tmp_path, {"base_url": "https://videos.example", **TOOLS})
    assert load(path, {}).settings == Settings(catalog=CatalogSettings(source=Site("https://videos.example")))
    why = "has no effect: kryten-ingest and kryten-enrich are no part of this"
    assert said(path) == dict.fromkeys(TOOLS, why)


def test_every_old_key_is_tried_here() -> None:
    sections = ("nats", "service", "metrics")
    of_kryten_py = {*KRYTEN_PY, *(f"{name}.{key}" for name in sections for key in KRYTEN_PY[name])}
    tried = {*EARLIER, *TOOLS, *of_kryten_py, "base_url", "nats.allow_reconnect", "service.metrics_port"}
    assert set(INHERITED) == tried - set(KINDS) - set(sections)


@pytest.mark.parametrize("value", [True, "true", 1])
def test_a_service_without_sign_in_does_not_start(tmp_path: Path, value: object) -> None:
    assert problems(write(tmp_path, {"disable_auth": value})) == {
        "disable_auth": "is not supported, everybody signs in with a code by private message: leave it out"
    }


@pytest.mark.parametrize(
    ("seconds", "hours", "days", "notice"),
    [
        (3_600, 1, 14, None),
        (1, 1, 14, "is rounded up: session_ttl_hours is 1"),
        (5_400, 2, 14, "is rounded up: session_ttl_hours is 2"),
        (14 * 86_400, 336, 14, None),
        (30 * 86_400, 720, 30, None),
        (365 * 86_400, 8_760, 365, None),
    ],
)
def test_a_session_lasts_as_long_as_it_did(
    tmp_path: Path, seconds: int, hours: int, days: int, notice: str | None
) -> None:
    path = write(tmp_path, {"session_ttl_seconds": seconds})
    settings = load(path, {}).settings
    assert (settings.session_ttl_hours, settings.session_max_days) == (hours, days)
    assert said(path).get("session_ttl_seconds") == notice


def test_what_only_follows_from_an_old_key_gives_way_to_what_is_said(tmp_path: Path) -> None:
    thirty_days = {"session_ttl_seconds": 30 * 86_400}
    for content in ({"session_max_days": 60, **thirty_days}, {**thirty_days, "session_max_days": 60}):
        assert load(write(tmp_path, content), {}).settings.session_max_days == 60
    path = write(tmp_path, thirty_days)
    environ = {environment_name("session_max_days"): "40"}
    assert load(path, environ).settings == Settings(session_ttl_hours=720, session_max_days=40)


@pytest.mark.parametrize(
    ("content", "where", "problem"),
    [
        ({"session_ttl_seconds": "x"}, "session_ttl_seconds", "must be a whole number from 1 to 31536000"),
        ({"session_ttl_seconds": 0}, "session_ttl_seconds", "must be a whole number from 1 to 31536000"),
        ({"otp_lockout_seconds": 0}, "otp_lockout_seconds", "must be a whole number from 1 to 86400"),
        ({"initial_admins": ["a b"]}, "initial_admins", "entry 1: "),
        ({"mediacms_manifest_base_url": 1}, "mediacms_manifest_base_url", "must be an address such as"),
        ({"mediacms_manifest_base_url": "x"}, "mediacms_manifest_base_url", "must be an http or https"),
        ({"nats": {"servers": "nats://n"}}, "nats.servers", "must be a list of addresses such as"),
        ({"nats": {"servers": []}}, "nats.servers", "must be a list of addresses such as"),
        ({"nats": {"servers": [1]}}, "nats.servers", "must be a list of addresses such as"),
        ({"nats": {"servers": ["http://n"]}}, "nats.servers", "must be an address such as nats://"),
        ({"nats": {"user": "u"}}, "nats.user", "nats_user needs nats_password"),
        ({"nats": {"token": "${X}"}}, "nats.token", "names a variable, ${…}, that is not set"),
        ({"channels": []}, "channels", "must be a list of one channel, such as"),
        ({"channels": ["a", "b"]}, "channels", "names 2 channels, and one service is for one: "),
        ({"channels": [{"channel": "a"}]}, "channels", "must be a list of one channel, such as"),
        ({"channels": {"domain": "d"}}, "channels.domain", "is an unknown key; the nearest known one is "),
        ({"service": {"name": "a b"}}, "service.name", "must be 1 to 64 letters"),
        ({"metrics": {"port": 0}}, "metrics.port", "must be a whole number from 1 to 65535"),
    ],
)
def test_an_old_key_that_cannot_be_taken_over_is_told(
    tmp_path: Path, content: object, where: str, problem: str
) -> None:
    [(place, told)] = problems(write(tmp_path, content)).items()
    assert (place, told[: len(problem)]) == (where, problem)


@pytest.mark.parametrize(
    ("old", "own"),
    [
        ({"session_ttl_seconds": 7_200}, {"session_ttl_hours": 3}),
        ({"initial_admins": ["Alice"]}, {"admins": ["Bob"]}),
        ({"otp_lockout_seconds": 60}, {"lockout_max_seconds": 90}),
        ({"nats": {"servers": ["nats://a"]}}, {"nats_url": "nats://b"}),
        ({"channels": [{"domain": "cytu.be", "channel": "a"}]}, {"cytube_channel": "b"}),
        ({"metrics": {"port": 1}}, {"service": {"metrics_port": 2}}),
    ],
)
def test_an_old_key_and_its_heir_that_say_different_things_are_both_named(
    tmp_path: Path, old: dict[str, object], own: dict[str, object]
) -> None:
    def name(content: dict[str, object]) -> str:
        [(key, value)] = content.items()
        return f"{key}.{next(iter(value))}" if isinstance(value, dict) else key

    names = name(old), name(own)
    for content in (old | own, own | old):
        [(where, problem)] = problems(write(tmp_path, content)).items()
        assert problem == f"says otherwise than {names[names[0] == where]}: leave one of them"
        assert where in names


def test_an_old_key_and_its_heir_may_say_the_same(tmp_path: Path) -> None:
    content = {"session_ttl_seconds": 7_200, "session_ttl_hours": 2, "admins": ["A"], "initial_admins": ["A"]}
    assert load(write(tmp_path, content), {}).settings == Settings(
        session_ttl_hours=2, admins=(Username("A"),)
    )


def test_the_environment_overrides_old_keys_as_well(tmp_path: Path) -> None:
    path = write(tmp_path, {"session_ttl_seconds": 7_200, "nats": {"servers": ["nats://u:p@a"]}})
    environ = {environment_name("session_ttl_hours"): "3", environment_name("nats_url"): "nats://b"}
    assert load(path, environ).settings == Settings(session_ttl_hours=3, nats_url="nats://b")


def test_a_wrong_old_key_that_became_two_of_ours_is_one_problem(tmp_path: Path) -> None:
    path = write(tmp_path, {"otp_lockout_seconds": 0})
    assert problems(path) == {"otp_lockout_seconds": "must be a whole number from 1 to 86400"}


# NATS


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"nats_url": "nats://n"}, NatsSettings(servers=("nats://n",))),
        (
            {"nats_url": "nats://u:p:q@a, nats://b"},
            NatsSettings(servers=("nats://a", "nats://b"), user="u", password="p:q"),
        ),
        ({"nats_url": "tls://token@a"}, NatsSettings(servers=("tls://a",), token="token")),
        (
            {"nats_url": "a:1,b", "nats_user": "u", "nats_password": "p"},
            NatsSettings(servers=("nats://a:1", "nats://b"), user="u", password="p"),
        ),
        (
            {"nats_url": "wss://n", "nats_credentials": "u.creds", "nats_tls_ca": "ca.pem"},
            NatsSettings(servers=("wss://n",), credentials=Path("u.creds"), tls_ca=Path("ca.pem")),
        ),
    ],
)
def test_the_settings_say_how_nats_is_reached(
    tmp_path: Path, keys: dict[str, object], expected: NatsSettings
) -> None:
    assert load(write(tmp_path, keys), {}).settings.nats == expected


def test_without_an_address_there_is_no_nats() -> None:
    assert Settings(nats_token="x").nats is None


@pytest.mark.parametrize(
    ("keys", "where", "problem"),
    [
        (
            {"nats_url": "nats://u:p@n", "nats_user": "u", "nats_password": "p"},
            "nats_user",
            "nats_url says already who we are: take that out of it, or leave out nats_user",
        ),
        (
            {"nats_url": "nats://n", "nats_token": "t", "nats_credentials": "c"},
            "nats_credentials",
            "nats_token and nats_credentials are two ways to sign in: leave out one of them",
        ),
        ({"nats_user": "u"}, "nats_user", "nats_user needs nats_password"),
        ({"nats_password": "p"}, "nats_password", "nats_password needs nats_user"),
        (
            {"nats_tls_key": "k"},
            "nats_tls_key",
            "nats_tls_key needs nats_tls_cert, the certificate it is for",
        ),
        (
            {"nats_url": "ws://n", "nats_tls_ca": "ca"},
            "nats_tls_ca",
            "nats_url begins with ws://, which has no TLS: write wss://, or leave out nats_tls_ca",
        ),
    ],
)
def test_what_cannot_be_meant_together_about_nats_is_told(
    tmp_path: Path, keys: dict[str, object], where: str, problem: str
) -> None:
    assert problems(write(tmp_path, keys)) == {where: problem}


def test_a_problem_of_an_old_key_is_told_of_the_old_key(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"nats": {"servers": ["nats://u:p@n"], "token": "t"}}))
    assert problems(path) == {
        "nats.token": "nats_url says already who we are: take that out of it, or leave out nats_token"
    }
