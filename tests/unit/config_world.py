"""Settings files for tests, and what the settings make of them."""

import json
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from playlist_app.config import ConfigInvalid, Database, QueueRepeat, Settings, Site, environment_name, load
from playlist_core.domain.identity import Username
from playlist_core.domain.manifest import ManifestTemplate

WHOLE = {
    "http_port": (0, 65_535),
    "otp_ttl_seconds": (30, 3_600),
    "session_ttl_hours": (1, 8_760),
    "session_max_days": (1, 365),
    "block_hours": (1, 8_760),
    "otp_requests_per_name": (1, 1_000),
    "otp_requests_per_source": (1, 1_000),
    "otp_verifications_per_name": (1, 1_000),
    "otp_verifications_per_source": (1, 1_000),
    "otp_window_seconds": (60, 86_400),
    "pms_per_minute": (1, 1_000),
    "lockout_first_seconds": (1, 86_400),
    "lockout_max_seconds": (1, 86_400),
    "likes_per_minute": (1, 1_000),
    "like_dedupe_hours": (0, 8_760),
    "metrics_port": (1, 65_535),
    "nats_replicas": (1, 5),
}
GOOD: list[tuple[str, object, str, object]] = [
    # key, in a file, in the environment, the value
    ("nats_url", "nats://n:4222", "nats://n:4222", "nats://n:4222"),
    ("nats_url", "tls://u:p@n.example", "tls://u:p@n.example", "tls://u:p@n.example"),
    ("nats_url", "wss://[::1]:443/", "wss://[::1]:443/", "wss://[::1]:443/"),
    ("nats_url", "nats://a, tls://b:1", "nats://a,tls://b:1", "nats://a,tls://b:1"),
    ("nats_url", "nats://u:p@a,nats://b", "nats://u:p@a , nats://b", "nats://u:p@a,nats://b"),
    ("nats_url", "n:4222", "n:4222", "nats://n:4222"),
    ("nats_url", None, "", None),
    ("nats_user", "kryten@home", "kryten@home", "kryten@home"),
    ("nats_password", "π ss:w/rd#", "π ss:w/rd#", "π ss:w/rd#"),
    ("nats_token", "t k/n", "t k/n", "t k/n"),
    ("nats_token", None, "", None),
    ("nats_credentials", "/etc/kryten/u.creds", "/etc/kryten/u.creds", Path("/etc/kryten/u.creds")),
    ("nats_tls_ca", "ca.pem", "ca.pem", Path("ca.pem")),
    ("nats_tls_cert", "cert.pem", "cert.pem", Path("cert.pem")),
    ("nats_tls_key", None, "", None),
    ("nats_bucket_prefix", "test-2_", "test-2_", "test-2_"),
    ("nats_bucket_prefix", None, "", None),
    ("metrics_host", "0.0.0.0", "0.0.0.0", "0.0.0.0"),
    ("metrics_port", None, "", None),
    ("nats_subject_prefix", "a.b-c_D", "a.b-c_D", "a.b-c_D"),
    ("namespace", "x" * 64, "x" * 64, "x" * 64),
    ("service_name", "playlist-2", "playlist-2", "playlist-2"),
    ("cytube_domain", "cytu.be", "cytu.be", "cytu.be"),
    ("cytube_domain", "localhost:8443", "localhost:8443", "localhost:8443"),
    ("cytube_domain", None, "", None),
    ("cytube_channel", "Grindhouse_420", "Grindhouse_420", "Grindhouse_420"),
    ("cytube_channel", None, "", None),
    ("http_host", "0.0.0.0", "0.0.0.0", "0.0.0.0"),
    ("http_host", "::", "::", "::"),
    ("http_host", "localhost", "localhost", "localhost"),
    ("public_url", "https://p.example", "https://p.example/", "https://p.example"),
    ("public_url", "HTTPS://P.Example:443/", "https://p.example:443", "https://p.example"),
    ("public_url", "http://10.0.0.7:8088", "http://10.0.0.7:8088", "http://10.0.0.7:8088"),
    ("public_url", "http://[::1]:80", "http://[::1]:80", "http://[::1]"),
    ("public_url", None, "", None),
    ("trusted_proxies", [], "", ()),
    ("trusted_proxies", ["10.0.0.0/8"], "10.0.0.0/8", (ip_network("10.0.0.0/8"),)),
    (
        "trusted_proxies",
        ["127.0.0.1", "::1"],
        '["127.0.0.1", "::1"]',
        (ip_network("127.0.0.1/32"), ip_network("::1/128")),
    ),
    ("data_dir", "/var/lib/with blank", " /var/lib/with blank ", Path("/var/lib/with blank")),
    ("data_dir", "../Ünïcode", "../Ünïcode", Path("../Ünïcode")),
    ("sqlite_path", "/x/index.db", "/x/index.db", Path("/x/index.db")),
    ("sqlite_path", "./~x", "./~x", Path("./~x")),
    (
        "manifest_url_template",
        "http://v/{video_id}",
        "http://v/{video_id}",
        ManifestTemplate("http://v/{video_id}"),
    ),
    ("admins", ["Alice", "bob_-4"], "Alice , bob_-4", (Username("Alice"), Username("bob_-4"))),
    ("admins", ["Alice"], '["Alice"]', (Username("Alice"),)),
    ("admins", [], "[]", ()),
    ("allow_blessed_hard_replace", True, "true", True),
    ("queue_temp", False, "FALSE", False),
    ("queue_repeat", "suffix", "suffix", QueueRepeat.SUFFIX),
    ("catalog.source", "films.csv", "films.csv", Path("films.csv")),
    ("catalog.source", None, "", None),
    ("catalog.source", "HTTPS://V.Example:443/", "https://v.example", Site("https://v.example")),
    ("catalog.source", "http://[::1]:8000/Sub/", "http://[::1]:8000/Sub", Site("http://[::1]:8000/Sub")),
    ("catalog.source", "postgres://me@db/cms", "postgresql://me@db/cms", Database("postgresql://me@db/cms")),
    (
        "catalog.source",
        "postgresql://me:p%40ss@db:5433/cms?sslmode=require",
        "postgresql://me:p%40ss@db:5433/cms?sslmode=require",
        Database("postgresql://me@db:5433/cms?sslmode=require", password="p@ss"),
    ),
    (
        "catalog.source",
        "postgresql:///cms?host=/run/postgresql",
        "postgresql:///cms?host=/run/postgresql",
        Database("postgresql:///cms?host=/run/postgresql"),
    ),
    ("catalog.token", "0123456789abcdef", "0123456789abcdef", "0123456789abcdef"),
    ("catalog.token", None, "", None),
    ("catalog.password", "π ss:w/rd#", "π ss:w/rd#", "π ss:w/rd#"),
    ("catalog.password", None, "", None),
    ("catalog.media_url", "https://v.example/sub/", "https://v.example/sub", "https://v.example/sub"),
    ("catalog.media_url", None, "", None),
    ("catalog.refresh_every", "off", "off", None),
    ("catalog.refresh_every", "6h", "6h", timedelta(hours=6)),
    ("catalog.refresh_every", "30m", "30m", timedelta(minutes=30)),
    ("catalog.refresh_every", "1d", "1d", timedelta(days=1)),
    ("catalog.refresh_every", "90s", "90s", timedelta(seconds=90)),
    ("catalog.refresh_every", 60, "60", timedelta(minutes=1)),
    ("catalog.refresh_every", 365 * 86_400, "365d", timedelta(days=365)),
    ("catalog.max_shrink", 0, "0", 0.0),
    ("catalog.max_shrink", 1, "1", 1.0),
    ("catalog.max_shrink", 0.25, ".25", 0.25),
]


def write(directory: Path, content: object, name: str = "config.json") -> Path:
    """A settings file: texts and bytes as they are, other things as JSON."""
    path = directory / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


# What a key cannot do without.
NEEDED: dict[str, dict[str, str]] = {
    key: {environment_name(needed): "x"}
    for key, needed in {
        "catalog.username": "catalog.password",
        "nats_user": "nats_password",
        "nats_password": "nats_user",
        "nats_tls_key": "nats_tls_cert",
    }.items()
}


def problems(path: Path | None, environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What is wrong, by place; places in the file without its path."""
    with pytest.raises(ConfigInvalid) as caught:
        load(path, environ or {})
    return {each.where.removeprefix(f"{path}: "): each.problem for each in caught.value.problems}


def value_of(loaded: Settings, key: str) -> object:
    section, _, name = key.rpartition(".")
    return getattr(loaded.catalog if section else loaded, name)


def document(key: str, value: object) -> dict[str, object]:
    """A file that holds this key."""
    section, _, name = key.rpartition(".")
    return {section: {name: value}} if section else {name: value}
