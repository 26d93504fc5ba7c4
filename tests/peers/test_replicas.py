"""Two processes of the service on the same NATS: what one does counts on the other, and once."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import nats
import pytest
from attrs import frozen

from tests.peers.service import Member, service, signed_in, with_catalogue
from tests.peers.stack import Stack
from tests.process.child import Answer, Child, playlist, until

pytest_plugins = ["tests.peers.kryten"]
NIGHTS = 200
COMMANDS = 100


@frozen
class Pair:
    """The two replicas, and an admin with a browser at each of them."""

    stack: Stack
    one: Child
    other: Child
    alice: Member
    alice_there: Member


@pytest.fixture(scope="module")
def pair(running_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    asyncio.run(running_stack.reset())
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(service(running_stack, tmp_path_factory.mktemp(name)))
            for name in ("one", "other")
        )
        alice = signed_in(running_stack, one, "alice")
        # The same session, known to both.
        there = Member(other.url, stack=running_stack, cookies=alice.cookies)
        with_catalogue(alice)
        yield Pair(running_stack, one, other, alice, there)


def both(first: Any, second: Any) -> tuple[Any, Any]:
    """What two calls answer that are made at the same moment."""
    together = Barrier(2)

    def call(work: Any) -> Any:
        together.wait(20)
        return work()

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.submit(call, first), pool.submit(call, second)
        return one.result(), other.result()


def metric(child: Child, name: str) -> float:
    """The value of a metric without regard to its other labels."""
    text = child.raw(f"GET /metrics HTTP/1.1\r\nHost: {child.address[0]}\r\n\r\n".encode()).decode()
    return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(name))


async def sent(url: str, subject: str, count: int, fields: dict[str, Any]) -> list[Any]:
    """The answers to so many requests, all of them, sent at once."""
    async with await nats.connect(url) as client:
        inbox = client.new_inbox()
        answers = await client.subscribe(inbox)
        for number in range(count):
            body = json.dumps({**fields, "correlation_id": f"c{number}"}).encode()
            await client.publish(subject, body, reply=inbox)
        found = [json.loads((await answers.next_msg(20)).data) for _ in range(count)]
        await client.flush()
        assert answers.pending_msgs == 0, "somebody answered twice"
        return found


def test_of_two_replicas_one_acts_on_a_command(pair: Pair) -> None:
    name = 'kryten_playlist_commands_total{command="status"'
    before = metric(pair.one, name) + metric(pair.other, name)
    answers = asyncio.run(sent(pair.stack.nats.url, "kryten.playlist.cmd.status", COMMANDS, {}))
    assert sorted(answer["correlation_id"] for answer in answers) == sorted(
        f"c{number}" for number in range(COMMANDS)
    )
    acted = [metric(pair.one, name), metric(pair.other, name)]
    assert sum(acted) - before == COMMANDS
    assert all(acted), "one of them never had a turn"


def test_a_blessing_counts_on_the_other_at_once_for_writes_and_soon_for_reads(pair: Pair) -> None:
    bob = signed_in(pair.stack, pair.other, "bob")
    for round_ in range(5):
        assert bob.save(f"Refused {round_}").status == 403
        assert pair.alice.call("PUT", "access/blessed/bob").status == 204
        assert bob.save(f"Blessed {round_}").status == 201
        until(lambda: bob.call("GET", "auth/session").body["role"] == "blessed", "the role", seconds=1.0)
        assert pair.alice.call("DELETE", "access/blessed/bob").status == 204


def test_a_session_that_ends_on_one_writes_nothing_on_the_other(pair: Pair) -> None:
    carol = signed_in(pair.stack, pair.one, "carol")
    there = Member(pair.other.url, stack=pair.stack, cookies=dict(carol.cookies))
    assert pair.alice.call("PUT", "access/blessed/carol").status == 204
    assert there.save("While signed in").status == 201
    assert carol.call("POST", "auth/logout").status == 204
    assert there.save("Signed out elsewhere").status == 401
    until(lambda: there.call("GET", "playlists").status == 401, "the end of reading", seconds=1.0)


def test_what_is_saved_on_one_is_listed_by_the_other_at_once(pair: Pair) -> None:
    for night in range(50):
        saved = pair.alice.save(f"Listed {night}", "a1").body["playlist_id"]
        listed = pair.alice_there.call("GET", "playlists").body["playlists"]
        assert saved in {each["playlist_id"] for each in listed}
        pair.alice_there.call("PUT", f"playlists/{saved}", playlist(f"Renamed {night}", "a1", "b2"))
        listed = pair.alice.call("GET", "playlists").body["playlists"]
        found = next(each for each in listed if each["playlist_id"] == saved)
        assert (found["name"], found["item_count"], found["version"]) == (f"Renamed {night}", 2, 2)


def test_a_name_created_on_both_in_the_same_instant_has_one_owner(pair: Pair) -> None:
    outcomes = Counter[tuple[int, ...]]()
    for night in range(NIGHTS):
        name = f"Night {night}"
        answers: tuple[Answer, Answer] = both(
            lambda name=name: pair.alice.save(name, "here"),
            lambda name=name: pair.alice_there.save(name, "there"),
        )
        won, lost = sorted(answers, key=lambda answer: answer.status)
        outcomes[won.status, lost.status] += 1
        error = lost.body["error"]
        assert (error["code"], error["details"]["playlist_id"]) == ("name_taken", won.body["playlist_id"])
        assert error["details"]["suggestion"].startswith(name)
    assert outcomes == {(201, 409): NIGHTS}
    names = [each["name"] for each in pair.alice.call("GET", "playlists").body["playlists"]]
    assert sum(name.startswith("Night ") for name in names) == NIGHTS


def test_a_run_of_one_can_be_cancelled_at_the_other(pair: Pair) -> None:
    saved = pair.alice.save("Too long", *pair.alice.titles(100)).body["playlist_id"]
    body = {"playlist_id": saved, "mode": "append"}
    run = pair.alice.call("POST", "queue/apply", body, headers={"Prefer": "respond-async"}).body["run_id"]
    assert pair.alice_there.call("DELETE", f"queue/runs/{run}").status == 200
    ended = until(lambda: _ended(pair.alice, run), "the end of the run")
    assert (ended["status"], ended["code"]) == ("cancelled", "cancelled")
    assert 0 < ended["added"] == len(pair.stack.cytube.queue) < 100


def _ended(member: Member, run_id: str) -> dict[str, Any] | None:
    run = member.call("GET", f"queue/runs/{run_id}").body
    return None if run["status"] == "running" else run


async def polled(url: str) -> list[dict[str, Any]]:
    """What two services say of themselves when they are asked."""
    async with await nats.connect(url) as client:
        startups = await client.subscribe("kryten.lifecycle.playlist.startup")
        await client.flush()
        await client.publish("kryten.service.discovery.poll", b"{}")
        return [json.loads((await startups.next_msg(20)).data) for _ in range(2)]


def test_both_are_found_by_whoever_looks_for_services(pair: Pair) -> None:
    told = asyncio.run(polled(pair.stack.nats.url))
    ports = {each["metadata"]["endpoints"]["health"]["port"] for each in told}
    assert ports == {pair.one.address[1], pair.other.address[1]}


async def restart_all(url: str) -> None:
    async with await nats.connect(url) as client:
        notice = {"initiator": "tests", "reason": "the last test", "delay_seconds": 0}
        await client.publish("kryten.lifecycle.group.restart", json.dumps(notice).encode())


def test_a_play_counts_once(pair: Pair) -> None:
    """The last test: all services restart, so that neither has a play in hand when the counts are read."""
    ids = pair.alice.titles(6)
    saved = pair.alice.save("To be played", *ids).body["playlist_id"]
    applied = pair.alice.call("POST", "queue/apply", {"playlist_id": saved, "mode": "hard_replace"})
    assert applied.body["enqueued_count"] == 6
    for _ in ids[1:]:
        pair.stack.cytube.do(lambda channel: channel.skip())
    played = asyncio.run(counts(pair.stack.nats.url, ids, until_all=True))
    asyncio.run(restart_all(pair.stack.nats.url))
    assert [pair.one.process.wait(20), pair.other.process.wait(20)] == [0, 0]
    assert asyncio.run(counts(pair.stack.nats.url, ids)) == played == dict.fromkeys(ids, 1)


async def counts(url: str, ids: list[str], *, until_all: bool = False) -> dict[str, int]:
    """How often each title was played, as stored; waits until each was."""
    async with await nats.connect(url) as client, asyncio.timeout(20):
        bucket = await client.jetstream().key_value("kryten_playlist_analytics")
        found: dict[str, int] = {}
        while len(found) < len(ids):
            for each in ids:
                try:
                    entry = await bucket.get(f"ns/default/items/{each}")
                except nats.js.errors.KeyNotFoundError:
                    assert until_all, f"{each} was never played"
                    continue
                found[each] = json.loads(entry.value or b"{}")["play_count"]
            await asyncio.sleep(0.01)
        return found
