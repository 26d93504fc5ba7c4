"""Steps about the channel's queue: what plays, and putting playlists on the air."""

from collections.abc import Sequence

import anyio.lowlevel

from playlist_app.shapes.queue import ApplyOrder
from playlist_core.domain.identity import Role, Username
from playlist_core.domain.queue import Mode
from playlist_core.domain.runs import Run
from playlist_core.services.queue import Preview
from tests.bdd.steps import given, then, when
from tests.bdd.steps_catalog import table
from tests.bdd.steps_playlists import called, items, known
from tests.bdd.wishes import APPLY, CANCEL, PLAN, UNDO
from tests.bdd.world import Config, World

REFUSALS = {
    "not find the manifest of": ("bad_manifest", 1),
    # Asked three times, it is given up.
    "not answer to": ("silent", 3),
    "fail to play": ("refused", 1),
}


async def begin(world: World, who: str, name: str, mode: Mode) -> Run:
    """What the page does: find the playlist and ask for a run."""
    world.sent_before = len(world.channel.commands())
    actor = await world.actor(who, APPLY)
    return await world.services.queue.apply(actor, (await called(world, name)).playlist_id, mode)


async def take_back(world: World, who: str) -> Run:
    assert world.run is not None
    return await world.services.queue.undo(await world.actor(who, UNDO), world.run.run_id)


async def to_its_end(world: World) -> None:
    """Wait for the run that was begun, if it was."""
    if isinstance(world.answer, Run):
        world.run = await world.services.queue.finished(world.answer.run_id)


async def put_on_the_air(world: World, who: str, name: str, mode: Mode) -> None:
    await world.attempt(begin(world, who, name, mode))
    await to_its_end(world)


async def look_at_plan(world: World, who: str, name: str, mode: Mode) -> Preview:
    world.sent_before = len(world.channel.commands())
    await world.actor(who, PLAN)
    return await world.services.queue.preview((await called(world, name)).playlist_id, mode)


# -- what is there -------------------------------------------------------------------


@given("blessed users may replace everything")
def _(config: Config) -> None:
    config.says(allow_blessed_hard_replace=True)


@given("{who:w} is blessed as well")
async def _(world: World, who: str) -> None:
    world.channel.join(who)
    await world.services.access.grant(world.admin, Username(who), Role.BLESSED)
    await world.sign_in(who)


async def play(world: World, titles: Sequence[str]) -> None:
    """Somebody in the channel adds these by hand."""
    await known(world, titles)
    for url in world.urls(titles):
        world.channel.as_user("alice").add(url)
        world.clock.advance(1)
    assert [item.media_id for item in world.channel.queue] == list(world.urls(titles))


@given("the channel plays {title:text}")
async def _(world: World, title: str) -> None:
    await play(world, [title])


@given("the channel plays {title:text}, followed by {others:texts}")
async def _(world: World, title: str, others: tuple[str, ...]) -> None:
    await play(world, [title, *others])


@given("the playlist {name:text} with {number:d} titles")
async def _(world: World, name: str, number: int) -> None:
    titles = [f"Short film no. {n}" for n in range(1, number + 1)]
    await known(world, titles)
    ids = items([world.ids[title] for title in titles])
    await world.services.library.playlists.create(world.admin, name, ids)


@given("the channel will {refuse} {title:text}")
async def _(world: World, refuse: str, title: str) -> None:
    reason, count = REFUSALS[refuse]
    world.channel.refuse_next(reason, count=count, media_id=world.urls([title])[0])


@given("the channel will find that {title:text} comes too fast")
async def _(world: World, title: str) -> None:
    world.channel.refuse_next("too_fast", count=2, media_id=world.urls([title])[0])


@given("the channel takes its time")
async def _(world: World) -> None:
    world.clock.frozen_sleep = True


# -- doing it ------------------------------------------------------------------------


@given("{who:who} has put {name:text} on the air, keeping what plays")
@when("{who:who} puts {name:text} on the air, keeping what plays")
async def _(world: World, who: str, name: str) -> None:
    await put_on_the_air(world, who, name, Mode.PRESERVE_CURRENT)


@when("{who:who} puts {name:text} on the air without choosing how")
async def _(world: World, who: str, name: str) -> None:
    order = ApplyOrder((await called(world, name)).playlist_id)
    await put_on_the_air(world, who, name, order.mode)


@when("{who:who} appends {name:text} to the queue")
async def _(world: World, who: str, name: str) -> None:
    await put_on_the_air(world, who, name, Mode.APPEND)


@given("{who:who} has replaced everything with {name:text}")
@when("{who:who} replaces everything with {name:text}")
async def _(world: World, who: str, name: str) -> None:
    await put_on_the_air(world, who, name, Mode.HARD_REPLACE)


@given("{who:who} has begun to put {name:text} on the air")
async def _(world: World, who: str, name: str) -> None:
    world.run = await begin(world, who, name, Mode.PRESERVE_CURRENT)
    while len(world.channel.commands()) == world.sent_before:
        await anyio.lowlevel.checkpoint()


@when("the channel has taken everything")
async def _(world: World) -> None:
    assert world.run is not None
    world.clock.frozen_sleep = False
    world.clock.advance(1)
    world.run = await world.services.queue.finished(world.run.run_id)


async def cancel(world: World, who: str) -> Run:
    assert world.run is not None
    return await world.services.queue.cancel(await world.actor(who, CANCEL), world.run.run_id)


@when("{who:who} cancels it")
async def _(world: World, who: str) -> None:
    await world.attempt(cancel(world, who))


@when("{who:who} takes it back")
async def _(world: World, who: str) -> None:
    await world.attempt(take_back(world, who))
    await to_its_end(world)


@when("{who:who} looks what putting {name:text} on the air would do")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(look_at_plan(world, who, name, Mode.PRESERVE_CURRENT))


@when("{who:who} looks what appending {name:text} would do")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(look_at_plan(world, who, name, Mode.APPEND))


# -- the queue -----------------------------------------------------------------------


def check_queue(world: World, titles: Sequence[str]) -> None:
    """The whole list, of which the first one plays."""
    queue = world.channel.queue
    assert [item.media_id for item in queue] == list(world.urls(titles))
    assert world.channel.now_playing is not None
    assert world.channel.now_playing.uid == queue[0].uid


@then("the channel plays {title:text}")
async def _(world: World, title: str) -> None:
    check_queue(world, [title])


@then("the channel plays {title:text}, followed by {others:texts}")
async def _(world: World, title: str, others: tuple[str, ...]) -> None:
    check_queue(world, [title, *others])


@then("the channel plays {title:text}, followed by the {number:d} titles of {name:text}")
async def _(world: World, title: str, number: int, name: str) -> None:
    titles = [str(item.title) for item in (await called(world, name)).items]
    assert len(titles) == number
    check_queue(world, [title, *titles])


@then("the queue is")
async def _(world: World, datatable: list[list[str]]) -> None:
    playing = world.channel.now_playing
    queue = [
        {
            "plays": "now" if playing and playing.uid == item.uid else "",
            "title": item.title,
            "manifest": item.media_id,
            "added by": item.queueby,
            "stays": "no" if item.temp else "yes",
        }
        for item in world.channel.queue
    ]
    rows = table(datatable)
    assert [{name: item[name] for name in rows[0]} for item in queue] == rows


@when("the title that plays has ended")
async def _(world: World) -> None:
    playing = world.channel.queue[0]
    # A lead-in of 3 s before, and 2 s behind its end (docs/cytube.md 5).
    world.clock.advance(playing.seconds + 5)


@then("the channel goes on with {title:text}")
async def _(world: World, title: str) -> None:
    playing = world.channel.now_playing
    assert playing is not None
    (url,) = (item.media_id for item in world.channel.queue if item.uid == playing.uid)
    assert url == world.urls([title])[0]


@then("the channel's queue has {one:text} and {other:text}, but not {missing:text}")
async def _(world: World, one: str, other: str, missing: str) -> None:
    queue = {item.media_id for item in world.channel.queue}
    assert queue & set(world.urls([one, other, missing])) == set(world.urls([one, other]))


@then("nothing is sent to the channel")
async def _(world: World) -> None:
    sent = world.channel.commands()[world.sent_before :]
    assert [each for each in sent if each.command != "pm"] == []
