"""What cannot be meant together, although each key is right by itself."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playlist_app.config.keys import CatalogSettings, Settings
from playlist_app.config.nats import NatsLogin, login_of, servers_of
from playlist_app.config.sources import Database, Site

_NATS_LOGINS: Final = ("nats_user", "nats_token", "nats_credentials")

Contradiction = tuple[tuple[str, str], str]
"""Two keys, and what to do."""

_OF_NO_USE: Final[dict[type, tuple[str, tuple[str, ...]]]] = {
    Path: ("is an export file, which needs no credentials", ("token", "username", "password")),
    Site: ("is a site, which tells whole addresses by itself", ("media_url",)),
    Database: ("is a database, whose user stands in its address", ("token", "username")),
}


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """All there are."""
    if settings.session_ttl_hours > settings.session_max_days * 24:
        yield (
            ("session_ttl_hours", "session_max_days"),
            f"session_ttl_hours ({settings.session_ttl_hours}) is longer than session_max_days"
            f" ({settings.session_max_days}) lets a session last: shorten the one or lengthen the other",
        )
    if settings.lockout_first_seconds > settings.lockout_max_seconds:
        yield (
            ("lockout_first_seconds", "lockout_max_seconds"),
            f"lockout_first_seconds ({settings.lockout_first_seconds}) is more than lockout_max_seconds"
            f" ({settings.lockout_max_seconds}): lower the one or raise the other",
        )
    yield from _of_nats(settings)
    yield from _of_no_use(settings.catalog)
    yield from _of_signing_in(settings.catalog)


def _of_nats(settings: Settings) -> Iterator[Contradiction]:
    """Ways to sign in to NATS that are two, or half; and TLS where there can be none."""
    in_address = settings.nats_url is not None and login_of(settings.nats_url) != NatsLogin()
    ways = [key for key in _NATS_LOGINS if getattr(settings, key) is not None]
    if in_address and ways:
        problem = f"nats_url says already who we are: take that out of it, or leave out {ways[0]}"
        yield ("nats_url", ways[0]), problem
    elif len(ways) > 1:
        yield (ways[0], ways[1]), f"{ways[0]} and {ways[1]} are two ways to sign in: leave out one of them"
    if (settings.nats_user is None) != (settings.nats_password is None) and not in_address:
        given, missing = ("nats_user", "nats_password")[:: 1 if settings.nats_user is not None else -1]
        yield (given, missing), f"{given} needs {missing}"
    if settings.nats_tls_key is not None and settings.nats_tls_cert is None:
        yield ("nats_tls_key", "nats_tls_cert"), "nats_tls_key needs nats_tls_cert, the certificate it is for"
    if any(each.startswith("ws:") for each in servers_of(settings.nats_url or "")):
        for key in ("nats_tls_ca", "nats_tls_cert"):
            if getattr(settings, key) is not None:
                problem = f"nats_url begins with ws://, which has no TLS: write wss://, or leave out {key}"
                yield ("nats_url", key), problem


def _of_no_use(catalog: CatalogSettings) -> Iterator[Contradiction]:
    """Keys that a source of this kind does not want."""
    for kind, (reason, names) in _OF_NO_USE.items():
        for name in names:
            if isinstance(catalog.source, kind) and getattr(catalog, name) is not None:
                yield (
                    ("catalog.source", f"catalog.{name}"),
                    f"catalog.source {reason}: leave out catalog.{name}",
                )


def _of_signing_in(catalog: CatalogSettings) -> Iterator[Contradiction]:
    """Ways to sign in that are two, or half; without a source, `refresh --source` may still name one."""
    if isinstance(catalog.source, Database):
        if catalog.password is not None and catalog.source.password is not None:
            keys = ("catalog.source", "catalog.password")
            yield keys, "catalog.source holds a password already: leave out one of them"
    elif not isinstance(catalog.source, Path):
        if catalog.token is not None and catalog.username is not None:
            keys = ("catalog.token", "catalog.username")
            yield keys, "catalog.token and catalog.username are two ways to sign in: leave out one of them"
        if catalog.username is not None and catalog.password is None:
            yield ("catalog.username", "catalog.password"), "catalog.username needs catalog.password"
        if isinstance(catalog.source, Site) and catalog.password is not None and catalog.username is None:
            yield ("catalog.username", "catalog.password"), "catalog.password needs catalog.username"
