"""A bucket of JetStream as kryten-py hands it out, or made with what kryten-py has no words for."""

import logging
from typing import Final

from nats.js.api import KeyValueConfig, StreamConfig
from nats.js.errors import BadRequestError, BucketNotFoundError
from nats.js.kv import KeyValue

from playlist_adapters.bus import Bus
from playlist_adapters.kv.keys import MAX_VALUE_BYTES
from playlist_adapters.nats_errors import asking
from playlist_core.errors import InvalidInput

log = logging.getLogger("kryten_playlist.store")

_DESCRIPTION: Final = "Kryten Playlist"
# A bucket that somebody else made in the same instant, with other options than ours.
_NAME_IN_USE: Final = 10058


async def bound(
    bus: Bus, name: str, *, replicas: int = 1, history: int = 1, max_bytes: int | None = None
) -> KeyValue:
    """The bucket of that name, made where it is missing, for values of up to 1 MiB.

    `replicas` servers keep it, `history` values of each key stay in it, and it takes `max_bytes` altogether
    (None: what JetStream has). An existing one is taken as it is; where fewer servers keep it than asked for,
    the log says so. Raises Unavailable, and InvalidInput for a bucket whose entries expire by themselves.
    """
    bus.require_connection()
    with asking(f"bucket {name}"):
        if (replicas, history, max_bytes) == (1, 1, None):
            # kryten-py can say no more than this, and asks for the stream at each of its own reads.
            found = await bus.client.get_or_create_kv_bucket(name, _DESCRIPTION, MAX_VALUE_BYTES)
        else:
            wanted = KeyValueConfig(
                name,
                description=_DESCRIPTION,
                max_value_size=MAX_VALUE_BYTES,
                replicas=replicas,
                history=history,
                max_bytes=max_bytes,
            )
            found = await _bind_or_make(bus, wanted)
        config = (await found.status()).stream_info.config
    _check(name, config, replicas)
    return _read_from_the_leader(bus, name) if config.allow_direct else found


async def _bind_or_make(bus: Bus, wanted: KeyValueConfig) -> KeyValue:
    js = bus.jetstream()
    try:
        return await js.key_value(wanted.bucket)
    except BucketNotFoundError:
        pass
    try:
        return await js.create_key_value(wanted)
    except BadRequestError as exc:
        if exc.err_code != _NAME_IN_USE:
            raise
        return await js.key_value(wanted.bucket)


def _check(name: str, config: StreamConfig, replicas: int) -> None:
    if config.max_age:
        raise InvalidInput(f"The bucket {name} drops what is {config.max_age:.0f} s old: take off its TTL.")
    kept_by = config.num_replicas or 1
    if kept_by < replicas:
        log.warning(
            "The bucket %s is kept by %d of the %d servers that the settings ask for: "
            "`nats stream edit KV_%s --replicas %d` changes that.",
            name,
            kept_by,
            replicas,
            name,
            replicas,
        )


def _read_from_the_leader(bus: Bus, name: str) -> KeyValue:
    """nats-py would let any replica answer, also one that has not heard of our last write yet."""
    return KeyValue(name, f"KV_{name}", f"$KV.{name}.", bus.jetstream(), direct=False)
