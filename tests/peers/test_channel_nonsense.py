"""The adapter among nonsense: events and replies that cannot be read, that are too large, or of elsewhere."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from playlist_adapters.channel.kryten import KrytenChannel
from playlist_adapters.channel.simulated import BOT
from playlist_core.errors import ChannelUnavailable, OutcomeUnknown
from tests.peers import cytube, nats_server, robot, tape
from tests.peers.channels import END, adds, agrees, away, back, joins, manifest, opened, under_way
from tests.peers.cytube.recorded import CHANNEL, DOMAIN
from tests.peers.nats_server import NatsServer
from tests.peers.stack import Stack
from tests.peers.tape import Tape

pytest_plugins = ["tests.peers.nats"]
pytestmark = pytest.mark.anyio
DEEP = b"[" * 100_000
LONG = "x" * 500_000


def packed(uid: int, url: str, by: str = BOT) -> dict[str, Any]:
    media = {"id": url, "title": "a film", "seconds": 60, "duration": "01:00", "type": "cm", "meta": {}}
    return {"media": media, "uid": uid, "temp": False, "queueby": by}


def queued(uid: int, url: str) -> tuple[str, Any]:
    return "queue", {"item": packed(uid, url), "after": "prepend"}


FILM = "https://media.example/film.json"
OTHER = "https://media.example/other.json"


@asynccontextmanager
async def with_a_film(server: NatsServer) -> AsyncIterator[tuple[Tape, KrytenChannel]]:
    """A robot of few words, in whose channel a film plays, and the adapter on it."""
    async with tape.running(server.url) as robot:
        robot.answers["state.playlist"]["data"]["playlist"] = [packed(7, FILM)]
        await robot.keep_current({"uid": 7, "id": FILM, "currentTime": 5, "paused": False})
        async with opened(server, add_takes=0.3) as channel:
            yield robot, channel


EVENTS = (
    *("queue", "delete", "moveVideo", "setTemp", "playlist", "setCurrent", "changeMedia", "mediaUpdate"),
    *("rank", "setPermissions", "channelOpts", "setPlaylistMeta", "queueFail", "errorMsg", "pm", "cooldown"),
    *("userlist", "addUser", "setUserRank", "userLeave"),
)
PAYLOADS = (None, "", "text", 1.5, 10**400, float("nan"), [], [[]], {}, {"item": 5}, {"uid": {}})
BROKEN = (
    b"",
    b"null",
    b"5",
    b"\xff\xfe\x00",
    DEEP,
    b'{"event_name": 5}',
    json.dumps({"channel": CHANNEL, "domain": DOMAIN, "event_name": ["queue"]}).encode(),
    json.dumps({"channel": {}, "domain": DOMAIN, "event_name": "queue", "payload": LONG}).encode(),
    b'{"channel": "' + CHANNEL.encode() + b'", "payload": ' + DEEP[:900_000],
)


async def test_events_that_make_no_sense_leave_the_list_as_it_is(own_nats: NatsServer) -> None:
    async with with_a_film(own_nats) as (robot, channel):
        before = (await channel.snapshot()).items
        for data in BROKEN:
            await robot.babble(data)
        for name, payload in product(EVENTS, PAYLOADS):
            await robot.tell(name, payload)
        await robot.tell(*queued(8, LONG))
        await robot.tell("delete", {"uid": 8})
        await robot.heard_by(channel)

        seen = await back(channel)
        assert (seen.items, seen.playing and seen.playing.uid) == (before, 7)
        assert seen.playing is not None and 5 <= seen.playing.position_seconds < 60
        assert seen.capabilities.can_add and seen.capabilities.can_delete
        robot.put_in({"reply": {"success": True, "data": {"success": True}}, "events": []})
        async with under_way(channel.add(OTHER, position=END, temp=False)) as add:
            await robot.was_told(1)
            await robot.tell(*queued(9, OTHER))
        assert add.result == (await channel.snapshot()).items[0]


async def test_events_of_the_same_channel_on_another_site_are_not_ours(own_nats: NatsServer) -> None:
    async with with_a_film(own_nats) as (robot, channel):
        before = await channel.snapshot()
        strange = tape.event(*queued(9, OTHER))
        strange["data"]["domain"] = "other.example"
        robot.put_in({"reply": {"success": True, "data": {"success": True}}, "events": [strange]})
        with pytest.raises(OutcomeUnknown):
            await channel.add(OTHER, position=END, temp=False)
        strange["data"] |= {"event_name": "playlist", "payload": []}
        await robot.play([strange])
        await robot.heard_by(channel)
        after = await channel.snapshot()
        assert (after.items, after.generation) == (before.items, before.generation)


UNREADABLE = (
    b"",
    b"\xff\xfe",
    DEEP,
    b"null",
    b"[]",
    b"5",
    b'"success"',
    b"{}",
    b'{"success": true}',
    b'{"success": true, "data": 5}',
    b'{"success": true, "data": {"playlist": 5, "channels": 5, "userlist": 5, "connections": 5}}',
    b'{"success": true, "data": {"playlist": [5], "channels": [5], "userlist": [5]}}',
    b'{"success": false, "error": ' + json.dumps(LONG).encode() + b"}",
)


@pytest.mark.parametrize("question", ["system.channels", "system.stats", "state.playlist", "state.userlist"])
async def test_answers_that_make_no_sense_are_an_absence_until_they_do(
    own_nats: NatsServer, question: str
) -> None:
    async with with_a_film(own_nats) as (robot, channel):
        sense = robot.answers[question]
        before = (await channel.snapshot()).items
        for nonsense in UNREADABLE:
            robot.answers[question] = nonsense
            channel.following.doubt()
            assert len((await away(channel)).message) < 200
            robot.answers[question] = sense
            channel.following.doubt()
            assert (await back(channel)).items == before


async def test_replies_to_commands_that_make_no_sense_are_no_answer(own_nats: NatsServer) -> None:
    async with with_a_film(own_nats) as (robot, channel):
        for nonsense in UNREADABLE:
            await back(channel)
            robot.put_in({"reply": nonsense, "events": []})
            with pytest.raises((OutcomeUnknown, ChannelUnavailable)) as trouble:
                await channel.add(OTHER, position=END, temp=False)
            assert len(trouble.value.message) < 200
        await back(channel)
        robot.put_in({"reply": b"\xff", "events": [tape.event(*queued(9, OTHER))]})
        assert (await channel.add(OTHER, position=END, temp=False)).uid == 9


# -- a list that is longer than a message may be -----------------------------------------


@contextmanager
def narrow_stack(directory: Path, max_payload: int) -> Iterator[Stack]:
    """The real ones, with a nats-server that takes only small messages."""
    config = directory / "nats.conf"
    config.write_text(f"max_payload: {max_payload}\n")
    with (
        nats_server.running("-c", str(config)) as server,
        cytube.running() as channel,
        robot.running(channel, server) as bot,
    ):
        yield Stack(server, channel, bot)


async def test_a_list_that_fits_into_no_message_is_said_to_be_the_trouble(tmp_path: Path) -> None:
    with narrow_stack(tmp_path, 8_000) as stack:
        await stack.robot.ready()
        joins(stack, "bob")
        async with opened(stack) as channel:
            await back(channel)
            for n in range(60):
                adds(stack, "bob", manifest(stack, f"film-{n}"))
                stack.cytube.elapse(0.6)
            await agrees(stack, channel)

            channel.following.doubt()
            assert (await away(channel)).message == (
                "The robot cannot tell its state.playlist: nats: maximum payload exceeded. "
                "Shorten the playlist, or let nats-server take more (max_payload)."
            )

            for uid in range(1, 56):
                stack.cytube.do(lambda double, uid=uid: double.as_user("bob").remove(uid))
            await back(channel)
            await agrees(stack, channel)
