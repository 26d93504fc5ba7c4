"""Keys of older and other Kryten files, and what becomes of each: keys of ours, a notice, or a refusal.

The earlier service of this name wrote them flat, beside those of its two catalogue tools; services built on
kryten-py have the sections `nats`, `channels`, `service` and `metrics` (its `KrytenConfig`).
"""

import re
from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, Final, cast

from attrs import field, frozen

from playlist_app.config.values import refusal, type_refusal, whole
from playlist_core.errors import InvalidInput

SECTIONS: Final = ("nats", "service", "metrics")


@frozen(kw_only=True)
class Heirs:
    """What an old key means: keys of ours with what a file would hold, and what to tell people.

    `unless_said` are keys that follow from it where nobody says otherwise.
    """

    keys: Mapping[str, object] = field(factory=dict[str, object], repr=False)
    unless_said: Mapping[str, object] = field(factory=dict[str, object], repr=False)
    notice: str | None = None


Inherit = Callable[[object], Heirs]
"""Raises InvalidInput for what cannot be taken over."""


def _as(*keys: str) -> Inherit:
    """The same under another name."""
    return lambda raw: Heirs(keys=dict.fromkeys(keys, raw))


def _gone(why: str) -> Inherit:
    return lambda raw: Heirs(notice=f"has no effect: {why}")


def _fixed(value: object, why: str) -> Inherit:
    """What cannot be chosen any more; whoever has chosen just that need not hear of it."""
    return lambda raw: Heirs(notice=None if raw == value else f"has no effect: {why}")


def _disable_auth(raw: object) -> Heirs:
    if raw:
        raise InvalidInput(
            "is not supported, everybody signs in with a code by private message: leave it out"
        )
    return Heirs()


def _session_ttl_seconds(raw: object) -> Heirs:
    seconds = whole(1, 365 * 86_400).admit(raw)
    hours, days = ceil(seconds / 3_600), ceil(seconds / 86_400)
    notice = None if seconds % 3_600 == 0 else f"is rounded up: session_ttl_hours is {hours}"
    # It was also the longest that a session could last.
    longest = {"session_max_days": days} if days > 14 else {}
    return Heirs(keys={"session_ttl_hours": hours}, unless_said=longest, notice=notice)


def _manifest_base_url(raw: object) -> Heirs:
    if type(raw) is not str:
        raise type_refusal("an address such as https://videos.example", raw)
    template = f"{raw.rstrip('/')}/api/v1/media/cytube/{{video_id}}.json?format=json"
    return Heirs(keys={"manifest_url_template": template})


def _servers(raw: object) -> Heirs:
    wants = "a list of addresses such as nats://127.0.0.1:4222"
    if type(raw) is not list:
        raise type_refusal(wants, raw)
    servers = cast(list[object], raw)
    if not servers or not all(type(each) is str for each in servers):
        raise refusal(wants)
    return Heirs(keys={"nats_url": ",".join(cast(list[str], servers))})


def _channels(raw: object) -> Heirs:
    wants = 'a list of one channel, such as [{"domain": "cytu.be", "channel": "Movies"}]'
    if type(raw) is not list:
        raise type_refusal(wants, raw)
    channels = cast(list[Any], raw)
    if len(channels) > 1:
        raise InvalidInput(
            f"names {len(channels)} channels, and one service is for one:"
            " leave one, and start another service for each other,"
            " with a service_name (or nats_subject_prefix) and a namespace of its own"
        )
    if not channels or type(channels[0]) is not dict or set(channels[0]) != {"domain", "channel"}:
        raise refusal(wants)
    return Heirs(keys={"cytube_domain": channels[0]["domain"], "cytube_channel": channels[0]["channel"]})


def _service_name(raw: object) -> Heirs:
    # As kryten-py writes it into its subjects.
    return Heirs(keys={"service_name": raw.lower().replace(".", "-") if isinstance(raw, str) else raw})


def _metrics_port(raw: object) -> Heirs:
    notice = "is taken for metrics_port; it answers on metrics_host alone, which is 127.0.0.1 unless set"
    return Heirs(keys={"metrics_port": raw}, notice=notice)


_LOGGED: Final = "warnings are logged, with --verbose each request as well"
_REFRESHED: Final = "a refresh comes when it is asked for, or by catalog.refresh_every"
_RECONNECTS: Final = "the connection is tried anew every second, for ever"
_ANNOUNCED: Final = "other services always hear of this one, every 30 s"
SECRETS_OF_TOOLS: Final = ("api_key", "alternate_api_key", "verify_api_key")
"""What is of no use here, but still a secret in the file."""
_OF_TOOLS: Final = (
    *SECRETS_OF_TOOLS,
    "db",
    "timeout",
    "concurrency",
    "rate_limit_delay",
    "humanizer_jitter",
    *(f"{which}{what}" for which in ("", "alternate_", "verify_") for what in ("api_base", "model")),
)
_NOT_BLESSED: Final = (
    "it showed titles without a category, which everybody finds here;"
    " who may save playlists is told by: kryten-playlist blessed add NAME"
)

INHERITED: Final[Mapping[str, Inherit]] = {
    # The earlier service.
    "initial_admins": _as("admins"),
    "otp_unsolicited_block_hours_default": _as("block_hours"),
    "otp_lockout_seconds": _as("lockout_first_seconds", "lockout_max_seconds"),
    "otp_length": _fixed(8, "a code has 8 characters"),
    "session_ttl_seconds": _session_ttl_seconds,
    "mediacms_manifest_base_url": _manifest_base_url,
    "disable_auth": _disable_auth,
    "http_log_level": _gone(_LOGGED),
    "blessed_users": _fixed([], _NOT_BLESSED),
    "catalog_refresh_watcher_enabled": _gone(_REFRESHED),
    "catalog_refresh_watcher_poll_seconds": _gone(_REFRESHED),
    "catalog_refresh_run_on_marker": _gone(_REFRESHED),
    # Its tools, which read the same file.
    "base_url": _as("catalog.source"),
    **dict.fromkeys(_OF_TOOLS, _gone("kryten-ingest and kryten-enrich are no part of this")),
    # kryten-py.
    "nats.servers": _servers,
    **{f"nats.{each}": _as(f"nats_{each}") for each in ("user", "password", "token")},
    **{f"nats.{each}": _as(f"nats_{each}") for each in ("tls_ca", "tls_cert", "tls_key")},
    "nats.connect_timeout": _gone("it is 10 s"),
    **dict.fromkeys(
        ("nats.reconnect_time_wait", "nats.max_reconnect_attempts", "nats.allow_reconnect"),
        _gone(_RECONNECTS),
    ),
    "nats.ping_interval": _gone("it is 10 s"),
    "channels": _channels,
    "service.name": _service_name,
    "service.version": _gone("the version is that of the installation"),
    "service.enable_lifecycle": _fixed(True, _ANNOUNCED),
    "service.enable_heartbeat": _fixed(True, _ANNOUNCED),
    "service.enable_discovery": _fixed(True, _ANNOUNCED),
    "service.heartbeat_interval": _fixed(30, _ANNOUNCED),
    **dict.fromkeys(("service.health_port", "service.metrics_port", "metrics.port"), _metrics_port),
    **dict.fromkeys(("service.health_path", "metrics.health_path"), _fixed("/health", "it is /health")),
    **dict.fromkeys(("service.metrics_path", "metrics.metrics_path"), _fixed("/metrics", "it is /metrics")),
    "log_level": _gone(_LOGGED),
    **dict.fromkeys(("chat_min_delay", "chat_jitter"), _gone("pms_per_minute paces private messages")),
    **dict.fromkeys(
        ("retry_attempts", "retry_delay", "handler_timeout", "max_concurrent_handlers"),
        _gone("nothing here asks for it"),
    ),
}


def filled(raw: object, environ: Mapping[str, str]) -> object:
    """What kryten-py makes of a value: `${NAME}` stands for a variable of the environment.

    Raises InvalidInput for one that is not set, which kryten-py would leave as it is.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in environ:
            raise InvalidInput("names a variable, ${…}, that is not set")
        return environ[match[1]]

    if isinstance(raw, str):
        return re.sub(r"\$\{([^}]+)\}", value_of, raw)
    if isinstance(raw, list):
        return [filled(each, environ) for each in cast(list[object], raw)]
    if isinstance(raw, dict):
        return {key: filled(each, environ) for key, each in cast(dict[str, object], raw).items()}
    return raw
