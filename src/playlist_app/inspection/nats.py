"""Looks at Kryten's NATS: the server, JetStream, and our buckets."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import anyio

from playlist_app.config import NatsSettings, Settings
from playlist_app.inspection.findings import Finding, failed, fine, warning
from playlist_app.inspection.peers import JetStream, NatsLook, Peers, Server
from playlist_app.inspection.robot import ROBOT, robot_findings
from playlist_app.inspection.web import is_loopback
from playlist_core.errors import PlaylistError, Unavailable

NATS: Final = "NATS"
JETSTREAM: Final = "JetStream"
BUCKETS: Final = "buckets"

# What a playlist with as many titles as it may have takes, and the largest part of a catalogue.
_PAYLOAD_BYTES: Final = 1 << 20


async def nats_findings(settings: Settings, peers: Peers) -> list[Finding]:
    """The server, our buckets and the robot; without the server, neither of the others."""
    if settings.nats is None or peers.nats is None:
        return [warning(NATS, "nats_url is not set, without which there is no serve.")]
    found: dict[str, list[Finding]] = {}
    try:
        async with peers.nats() as look:

            async def buckets() -> None:
                found[BUCKETS] = await bucket_findings(settings, look, peers.buckets)

            async def robot() -> None:
                found[ROBOT] = await robot_findings(settings, look.robot)

            server = _server(look.server, settings.nats, look.max_payload)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(buckets)
                tasks.start_soon(robot)
    except PlaylistError as exc:
        unasked = (failed(name, "Not looked at, because NATS cannot be used.") for name in (BUCKETS, ROBOT))
        return [failed(NATS, exc.message), *unasked]
    return [*server, *found[BUCKETS], *found[ROBOT]]


def _server(server: Server, nats: NatsSettings, max_payload: int) -> list[Finding]:
    over = "over TLS" if server.tls else "without TLS"
    name = f"{server.name}, " if server.name else ""
    sentence = f"{name}nats-server {server.version} at {server.address} {over}"
    found = [fine(NATS, f"{sentence}.")]
    host = urlsplit(f"//{server.address}").hostname or ""
    if (nats.password or nats.token) and not server.tls and not is_loopback(host):
        told = "the password, or the token, can be read on the way; use tls://."
        found = [warning(NATS, f"{sentence}: {told}")]
    if max_payload < _PAYLOAD_BYTES:
        told = f"Messages may have {max_payload:,} bytes: set max_payload of nats-server to 1MB at least"
        found.append(warning(NATS, f"{told}, or long playlists cannot be saved."))
    return found


async def bucket_findings(settings: Settings, look: NatsLook, names: Sequence[str]) -> list[Finding]:
    """JetStream, and each bucket: there, or will be made."""
    try:
        jetstream = await look.jetstream()
    except Unavailable as exc:
        return [failed(JETSTREAM, exc.message)]
    found: list[Finding] = []
    for name in names:
        found.append(await _bucket(settings, look, name))
    missing = sum(each.sentence == _MISSING for each in found)
    return [_jetstream(settings, look, jetstream, missing), *found]


_MISSING: Final = "is missing and will be made."


def _jetstream(settings: Settings, look: NatsLook, jetstream: JetStream, missing: int) -> Finding:
    if missing and settings.nats_replicas > 1 and look.server.cluster is None:
        told = f"nats_replicas is {settings.nats_replicas}, but this server stands alone"
        return failed(JETSTREAM, f"{told}: no bucket can be made.")
    most = jetstream.max_streams
    if most is not None and jetstream.streams + missing > most:
        told = f"The account has {jetstream.streams} of {most} streams"
        return failed(JETSTREAM, f"{told}, and {missing} buckets are missing: give it more.")
    return fine(JETSTREAM, f"{jetstream.streams} streams.")


async def _bucket(settings: Settings, look: NatsLook, name: str) -> Finding:
    try:
        bucket = await look.bucket(name)
    except Unavailable as exc:
        return failed(name, exc.message)
    if bucket is None:
        return fine(name, _MISSING)
    if bucket.ttl_seconds:
        return failed(name, f"drops what is {bucket.ttl_seconds:,.0f} s old: take off its TTL.")
    if bucket.max_value_bytes is not None and bucket.max_value_bytes < _PAYLOAD_BYTES:
        return warning(name, f"takes only values of {bucket.max_value_bytes:,} bytes; ours have up to 1 MiB.")
    if bucket.replicas < settings.nats_replicas:
        kept = f"is kept by {bucket.replicas} of {settings.nats_replicas} servers"
        edit = f"nats stream edit KV_{name} --replicas {settings.nats_replicas}"
        return warning(name, f"{kept}: {edit}")
    servers = "1 server" if bucket.replicas == 1 else f"{bucket.replicas} servers"
    return fine(name, f"{bucket.values:,} values, kept by {servers}.")
