"""An evening at the channel: the started service, the real robot and NATS, and the double of CyTube.

After each of these the queue is exactly what was asked for, or the run names exactly what is missing and why.
"""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from attrs import define

from playlist_adapters.channel.simulated import BOT, FetchFailure, Manifest
from tests.peers.service import MANIFESTS, Member, service, signed_in, with_catalogue
from tests.peers.stack import Stack, running
from tests.process.child import Child, until

pytest_plugins = ["tests.peers.kryten"]
ASYNC = {"Prefer": "respond-async"}
NOT_THERE = "Expected HTTP 200 OK, not 404 Not Found"
LONGEST = 90.0


def url(video_id: str) -> str:
    return MANIFESTS.replace("{video_id}", video_id)


def video(media_id: str) -> str:
    """What stands in the queue: an id of the catalogue, or the last word of a stranger's address."""
    return media_id.removeprefix("https://media.example/").removesuffix(".json?dur=600")


@define(eq=False)
class Evening:
    """A channel, the service, and the admin alice, whose code came as a private message."""

    stack: Stack
    child: Child
    alice: Member
    ids: list[str]
    saved: int = 0

    def anew(self) -> None:
        """An empty channel in which time passes as it does, the pace included."""
        asyncio.run(self.stack.reset())
        until(lambda: self.alice.call("GET", "queue").body.get("items") == [], "the empty channel")

    def save(self, *video_ids: str) -> str:
        self.saved += 1
        return self.alice.save(f"Programme {self.saved}", *video_ids).body["playlist_id"]

    def begin(self, mode: str, *video_ids: str) -> str:
        body = {"playlist_id": self.save(*video_ids), "mode": mode}
        answer = self.alice.call("POST", "queue/apply", body, headers=ASYNC)
        assert answer.status == 202, answer.body
        return answer.body["run_id"]

    def run(self, run_id: str) -> dict[str, Any]:
        """The run, asked for until there is an answer."""

        def look() -> dict[str, Any] | None:
            answer = self.alice.call("GET", f"queue/runs/{run_id}")
            return answer.body if answer.status == 200 else None

        return until(look, "an answer about the run", seconds=LONGEST)

    def ended(self, run_id: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            run = self.run(run_id)
            return None if run["status"] == "running" else run

        return until(look, "the end of the run", seconds=LONGEST)

    def until_done(self, run_id: str, count: int) -> None:
        until(lambda: self.run(run_id)["done"] >= count, f"{count} items", seconds=LONGEST)

    def apply(self, mode: str, *video_ids: str) -> dict[str, Any]:
        return self.ended(self.begin(mode, *video_ids))

    @property
    def queue(self) -> list[str]:
        return [video(item.media_id) for item in self.stack.cytube.queue]

    @property
    def on_air(self) -> str:
        def look(channel: Any) -> str:
            playing = channel.now_playing
            return next(video(item.media_id) for item in channel.queue if item.uid == playing.uid)

        return self.stack.cytube.do(look)

    def as_bob(self, act: Callable[[Any], None]) -> None:
        """Let bob, who has rank 2 in the channel, do something."""
        self.stack.cytube.do(lambda channel: channel.join("bob", 2) and None)
        self.stack.cytube.do(lambda channel: act(channel.as_user("bob")))


@pytest.fixture(scope="module")
def house(running_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    asyncio.run(running_stack.reset())
    with service(running_stack, tmp_path_factory.mktemp("service")) as child:
        alice = signed_in(running_stack, child, "alice")
        with_catalogue(alice)
        yield Evening(running_stack, child, alice, alice.titles(140))


@pytest.fixture
def evening(house: Evening) -> Evening:
    house.anew()
    return house


def told(run: dict[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    return run["status"], [(each["video_id"], each["reason"]) for each in run["failed"]]


def test_sixty_items_in_each_of_the_three_modes(evening: Evening) -> None:
    evening.stack.cytube.set_speed(10)
    playing, first, second = evening.ids[0], evening.ids[1:61], evening.ids[61:121]
    assert told(evening.apply("append", playing)) == ("done", [])
    run = evening.apply("preserve_current", *first)
    assert (told(run), run["added"], evening.queue) == (("done", []), 60, [playing, *first])
    run = evening.apply("append", *second)
    assert (told(run), run["added"], evening.queue) == (("done", []), 60, [playing, *first, *second])
    run = evening.apply("hard_replace", *reversed(first))
    assert (told(run), run["kept"] + run["moved"] + run["added"]) == (("done", []), 60)
    assert (evening.queue, evening.on_air) == ([*reversed(first)], first[-1])


def test_a_duplicate_is_named_and_the_others_stand(evening: Evening) -> None:
    a, b, c, d = evening.ids[:4]
    evening.apply("append", a, b)
    run = evening.apply("append", c, c, d)
    assert told(run) == ("done", [(c, "already_on_playlist")])
    assert evening.queue == [a, b, c, d]


def test_a_manifest_that_is_not_there_is_named_in_the_channels_words(evening: Evening) -> None:
    a, gone, b = evening.ids[:3]
    evening.stack.cytube.website.answers[url(gone)] = FetchFailure(text=NOT_THERE)
    run = evening.apply("append", a, gone, b)
    assert told(run) == ("done", [(gone, "bad_manifest")])
    assert NOT_THERE in run["failed"][0]["message"]
    assert evening.queue == [a, b]


def test_a_manifest_that_takes_nine_seconds_is_waited_for_and_added_once(evening: Evening) -> None:
    a, slow, b = evening.ids[:3]
    answer = Manifest(title="Slow", seconds=600, delay=timedelta(seconds=9))
    evening.stack.cytube.website.answers[url(slow)] = answer
    run = evening.apply("append", a, slow, b)
    assert (told(run), evening.queue) == (("done", []), [a, slow, b])


def test_what_somebody_else_adds_in_the_middle_stays(evening: Evening) -> None:
    wanted = evening.ids[:25]
    run_id = evening.begin("append", *wanted)
    evening.until_done(run_id, 5)
    evening.as_bob(lambda bob: bob.add("https://media.example/bobs.json?dur=600"))
    run = evening.ended(run_id)
    assert told(run) == ("done", [])
    assert [each for each in evening.queue if each != "bobs"] == wanted
    assert evening.queue.count("bobs") == 1


def test_a_strangers_add_that_the_robot_takes_for_ours_is_not(evening: Evening) -> None:
    a, b, c = evening.ids[:3]
    evening.apply("append", a)
    strangers = "https://media.example/strangers.json?dur=600"
    slow = Manifest(title="Stranger", seconds=600, delay=timedelta(seconds=1.5))
    evening.stack.cytube.website.answers[strangers] = slow
    evening.stack.cytube.website.answers[url(b)] = FetchFailure(text=NOT_THERE)
    evening.as_bob(lambda bob: bob.add(strangers))
    run = evening.apply("append", b, c)
    assert told(run) == ("done", [(b, "bad_manifest")])
    assert evening.queue == [a, "strangers", c]


def test_the_item_with_uid_0_is_one_like_others(evening: Evening) -> None:
    first, *others = evening.ids[:5]
    evening.apply("append", first)
    assert evening.stack.cytube.queue[0].uid == 0
    evening.apply("append", *others)
    run = evening.apply("hard_replace", *others, first)
    assert (told(run), evening.queue) == (("done", []), [*others, first])
    assert evening.stack.cytube.queue[-1].uid == 0
    assert told(evening.apply("hard_replace", *others)) == ("done", [])
    assert evening.queue == others


def test_a_robot_that_is_killed_in_the_middle_goes_on_where_it_was(evening: Evening) -> None:
    evening.as_bob(lambda bob: None)  # somebody stays, so that the channel is not put away
    wanted = evening.ids[:30]
    run_id = evening.begin("append", *wanted)
    evening.until_done(run_id, 12)
    evening.stack.robot.kill()
    evening.stack.robot.start()
    run = evening.ended(run_id)
    assert (told(run), evening.queue) == (("done", []), wanted)
    assert {item.queueby for item in evening.stack.cytube.queue} == {BOT}


def test_nats_that_is_killed_in_the_middle_costs_time_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running() as stack:
        asyncio.run(stack.robot.ready())
        with service(stack, tmp_path_factory.mktemp("service")) as child:
            alice = signed_in(stack, child, "alice")
            with_catalogue(alice)
            evening = Evening(stack, child, alice, alice.titles(30))
            run_id = evening.begin("append", *evening.ids)
            evening.until_done(run_id, 12)
            stack.nats.kill()
            asyncio.run(asyncio.sleep(2))  # the length of the outage is what is tested
            stack.nats.start()
            run = evening.ended(run_id)
            assert (told(run), evening.queue) == (("done", []), evening.ids)
            # And the service is as good as new.
            assert told(evening.apply("hard_replace", *evening.ids[:3])) == ("done", [])
            assert evening.queue == evening.ids[:3]
