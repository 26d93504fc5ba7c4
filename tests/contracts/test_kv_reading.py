"""When a bucket of JetStream counts as read, for every order in which the server may send it."""

from collections.abc import Sequence
from datetime import UTC, datetime

import anyio
import pytest
from attrs import Factory, define
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.js.api import StreamInfo
from nats.js.kv import KeyValue

from playlist_adapters.kv.reading import BucketState, Reading
from playlist_adapters.kv.watcher import Unread
from playlist_core.errors import Unavailable
from playlist_core.ports import Entry

pytestmark = pytest.mark.anyio


def message(key: str, revision: int, *, deleted: bool = False) -> KeyValue.Entry:
    return KeyValue.Entry(
        bucket="ours",
        key=key,
        value=None if deleted else b"%d" % revision,
        revision=revision,
        delta=0,
        created=None,
        operation="DEL" if deleted else None,
    )


@define(eq=False)
class Server:
    """A bucket with one value a key, and the one consumer that is sent it, a message at each turn.

    What is replaced before it was sent is never sent, as on JetStream.
    """

    stored: dict[str, KeyValue.Entry] = Factory(dict)
    last: int = 0
    sent: int = 0
    # What happens between two messages: keys that are written, or None for a turn in which nothing is.
    meanwhile: list[str | None] = Factory(list)
    lives: list[int] = Factory(lambda: [1])

    def write(self, key: str, *, deleted: bool = False) -> None:
        self.last += 1
        self.stored[key] = message(key, self.last, deleted=deleted)

    def pass_time(self) -> None:
        if self.meanwhile and (key := self.meanwhile.pop(0)) is not None:
            self.write(key)

    async def look(self) -> StreamInfo:
        self.pass_time()
        life = self.lives.pop(0) if len(self.lives) > 1 else self.lives[0]
        return StreamInfo.from_response(
            {
                "config": {"name": "KV_ours"},
                "created": datetime(2026, 1, life, tzinfo=UTC).isoformat(),
                "state": {
                    "messages": len(self.stored),
                    "bytes": 0,
                    "first_seq": 1,
                    "last_seq": self.last,
                    "consumer_count": 1,
                },
            }
        )

    async def __anext__(self) -> KeyValue.Entry:
        self.pass_time()
        unsent = [each for each in self.stored.values() if (each.revision or 0) > self.sent]
        if not unsent:
            await anyio.sleep_forever()
        following = min(unsent, key=lambda each: each.revision or 0)
        self.sent = following.revision or 0
        return following


async def read(server: Server, prefix: str | None = "") -> BucketState:
    reading = Reading(BucketState(prefix), server)  # type: ignore[arg-type]
    with anyio.fail_after(5):
        await reading.read(server.look)
    return reading.state


def entries(messages: Sequence[KeyValue.Entry]) -> dict[str, Entry]:
    return {each.key: Entry(each.key, each.value or b"", each.revision or 0) for each in messages}


async def test_an_empty_bucket_is_read_at_once() -> None:
    state = await read(Server())

    assert (state.entries, state.reached) == ({}, 0)


async def test_values_deletions_and_what_lies_outside_the_prefix_are_told_apart() -> None:
    server = Server()
    for key in ("a/1", "b/1", "a/2"):
        server.write(key)
    server.write("a/2", deleted=True)

    state = await read(server, "a/")
    assert state.entries == {"a/1": Entry("a/1", b"1", 1), "b/1": Unread("b/1", 2)}
    assert state.deleted == {"a/2": 4}


async def test_without_values_keys_and_revisions_are_held() -> None:
    server = Server()
    server.write("a")
    server.write("b")

    assert (await read(server, None)).entries == {"a": Unread("a", 1), "b": Unread("b", 2)}


async def test_a_key_that_is_replaced_while_others_are_sent_is_not_missing() -> None:
    server = Server(meanwhile=[None, None, "hot", None, None])
    for key in ("cold/1", "hot", "cold/2", "cold/3"):
        server.write(key)

    assert (await read(server)).entries == entries(list(server.stored.values()))


@given(
    before=st.lists(st.sampled_from("abcde"), max_size=8),
    meanwhile=st.lists(st.none() | st.sampled_from("abcdef"), max_size=25),
    prefix=st.sampled_from(["", None]),
)
@settings(deadline=None)
async def test_whatever_is_written_meanwhile_nothing_is_missing_or_older_than_the_call(
    before: list[str], meanwhile: list[str | None], prefix: str | None
) -> None:
    server = Server(meanwhile=meanwhile)
    for key in before:
        server.write(key)
    at_the_call = {each.key: each.revision or 0 for each in server.stored.values()}
    held = {key: entry.revision for key, entry in (await read(server, prefix)).entries.items()}

    assert held.keys() >= at_the_call.keys()
    assert all(held[key] >= revision for key, revision in at_the_call.items())


async def test_a_bucket_made_anew_in_between_is_not_taken_for_either() -> None:
    server = Server(lives=[1, 2])
    server.write("a")
    server.write("a")

    with pytest.raises(Unavailable, match="made anew"):
        await read(server)


async def test_what_a_repaired_watch_repeats_is_no_news() -> None:
    state = BucketState()
    assert state.take(message("a", 3)) is not None
    assert state.take(message("b", 2)) is None
    assert state.take(message("a", 3)) is None
    assert state.entries == {"a": Entry("a", b"3", 3)}
