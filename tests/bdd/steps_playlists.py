"""Steps about saved playlists: saving, reading, versions and the bin."""

from collections.abc import Sequence
from typing import Any

import anyio

from playlist_app.shapes.playlists import playlist_view
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.errors import PlaylistError
from tests.bdd.steps import given, then, when
from tests.bdd.steps_catalog import table
from tests.bdd.wishes import CREATE, DELETE, LIST_PLAYLISTS, READ, RESTORE, SAVE
from tests.bdd.world import World, title

NAMES = {
    "no name": "",
    "nothing but blanks": "   ",
    "a name of 101 letters": "x" * 101,
    "a name over two lines": "Friday\nNight",
}


def items(ids: Sequence[str]) -> list[PlaylistItem]:
    return [PlaylistItem(video_id) for video_id in ids]


async def known(world: World, titles: Sequence[str]) -> None:
    """The catalogue has these titles, from now on at the latest."""
    new = [title(each) for each in titles if each not in world.items]
    if new:
        await world.catalogue([*world.items.values(), *new])


async def create(world: World, who: str, name: str, ids: Sequence[str]) -> Playlist:
    actor = await world.actor(who, CREATE)
    return await world.services.library.playlists.create(actor, name, items(ids))


async def save(
    world: World, who: str, before: Playlist, ids: Sequence[str], *, seen: bool, name: str | None = None
) -> Playlist:
    """Save over a playlist; with `seen` only over the version that was loaded."""
    return await world.services.library.playlists.save(
        await world.actor(who, SAVE),
        before.playlist_id,
        name=name or before.name,
        items=items(ids),
        if_version=before.version if seen else None,
    )


async def load(world: World, who: str, name: str) -> Playlist:
    """As the page does it: found in the list, then read by its id."""
    await world.actor(who, READ)
    return await world.services.library.playlists.get((await called(world, name)).playlist_id)


async def called(world: World, name: str) -> Playlist:
    return await world.services.library.playlists.find(name)


def ids_of(playlist: Playlist) -> list[str]:
    return [item.video_id for item in playlist.items]


def titles_of(playlist: Playlist) -> list[str | None]:
    return [item.title for item in playlist.items]


# -- saving --------------------------------------------------------------------------


@given("the playlist {name:text} with {titles:texts}")
async def _(world: World, name: str, titles: tuple[str, ...]) -> None:
    await known(world, titles)
    ids = [world.ids[each] for each in titles]
    await world.services.library.playlists.create(world.admin, name, items(ids))


@given("the playlist {name:text} with nothing in it")
async def _(world: World, name: str) -> None:
    await world.services.library.playlists.create(world.admin, name, [])


@when("{who:who} saves a playlist with {title:text} as {name:text}")
async def _(world: World, who: str, title: str, name: str) -> None:
    await world.attempt(create(world, who, name, [world.ids[title]]))


@when("{who:who} saves a playlist with {title:text} under {name}")
async def _(world: World, who: str, title: str, name: str) -> None:
    await world.attempt(create(world, who, NAMES[name], [world.ids[title]]))


@when("{who:who} renames {old:text} to {new:text}")
async def _(world: World, who: str, old: str, new: str) -> None:
    before = await called(world, old)
    await world.attempt(save(world, who, before, ids_of(before), seen=True, name=new))


@given("{who:who} has added {title:text} to {name:text}")
@when("{who:who} adds {title:text} to {name:text}")
async def _(world: World, who: str, title: str, name: str) -> None:
    loaded = await load(world, who, name)
    await save(world, who, loaded, [*ids_of(loaded), world.ids[title]], seen=True)


@given("{name:text} has been saved {times:d} times more")
async def _(world: World, name: str, times: int) -> None:
    for _ in range(times):
        before = await called(world, name)
        saved = world.services.library.playlists.save
        await saved(world.admin, before.playlist_id, name=name, items=before.items)


async def both(world: World, one: Any, other: Any) -> list[Any]:
    """What two get who do something at the same time."""
    got: list[Any] = []

    async def do(what: Any) -> None:
        try:
            got.append(await what)
        except PlaylistError as exc:
            got.append(exc.code)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(do, one)
        tasks.start_soon(do, other)
    return got


@when("{one:who} and {other:who} save playlists as {name:text} at once", target_fixture="got")
async def _(world: World, one: str, other: str, name: str) -> list[Any]:
    ids = [world.ids["Häxan"]]
    return await both(world, create(world, one, name, ids), create(world, other, name, ids))


@when(
    "{one:who} and {other:who} add {first:text} and {second:text} to {name:text} at once",
    target_fixture="got",
)
async def _(world: World, one: str, other: str, first: str, second: str, name: str) -> list[Any]:
    loaded = await load(world, one, name)
    return await both(
        world,
        save(world, one, loaded, [*ids_of(loaded), world.ids[first]], seen=True),
        save(world, other, loaded, [*ids_of(loaded), world.ids[second]], seen=True),
    )


@then("one of them has saved {name:text} and the other is told that the name is taken")
async def _(world: World, name: str, got: list[Any]) -> None:
    assert sorted(got, key=str) == sorted([await called(world, name), "name_taken"], key=str)


@then("one of them has saved {name:text} and the other is told that it was saved meanwhile")
async def _(world: World, name: str, got: list[Any]) -> None:
    assert sorted(got, key=str) == sorted([await called(world, name), "stale_version"], key=str)


@then("{who:who} is offered the name {name:text} instead")
async def _(world: World, who: str, name: str) -> None:
    assert world.told is not None
    assert world.told.details["suggestion"] == name
    assert name in world.told.message


@then("{who:who} is told that version {version:d} is the current one")
async def _(world: World, who: str, version: int) -> None:
    assert world.told is not None
    assert world.told.details == {"current_version": version}


# -- reading -------------------------------------------------------------------------


@then("{name:text} holds {titles:texts}")
async def _(world: World, name: str, titles: tuple[str, ...]) -> None:
    playlist = await called(world, name)
    assert playlist.name == name
    assert titles_of(playlist) == list(titles)
    assert ids_of(playlist) == [world.ids[title] for title in titles]


@then("{name:text} is kept as")
async def _(world: World, name: str, datatable: list[list[str]]) -> None:
    kept = [PlaylistItem(row["video_id"], row["title"], int(row["minutes"]) * 60) for row in table(datatable)]
    assert list((await called(world, name)).items) == kept


@then("{name:text} is version {version:d}, by {who:who}")
async def _(world: World, name: str, version: int, who: str) -> None:
    playlist = await called(world, name)
    assert (playlist.version, playlist.updated_by) == (version, who)


@then("{title:text} is shown in {name:text} as unavailable: {reason:text}")
async def _(world: World, title: str, name: str, reason: str) -> None:
    playlist = await called(world, name)
    known = await world.services.library.catalog.known({item.video_id for item in playlist.items})
    shown = playlist_view(playlist, known)
    assert {each.title: each.unavailable_reason for each in shown.items if not each.available} == {
        title: reason
    }


@when("{who:who} looks at the playlists")
async def _(world: World, who: str) -> None:
    await world.actor(who, LIST_PLAYLISTS)
    await world.attempt(world.services.library.playlists.all())


@then("{who:who} reads")
async def _(world: World, who: str, datatable: list[list[str]]) -> None:
    read = [
        {
            "name": each.name,
            "items": str(len(each.items)),
            "minutes": str(each.total_duration_seconds // 60),
            "version": str(each.version),
            "by": each.updated_by,
        }
        for each in world.answer
    ]
    assert read == table(datatable)


@then("the playlists are none")
async def _(world: World) -> None:
    assert await world.services.library.playlists.all() == []


# -- versions and the bin ------------------------------------------------------------


@then("the versions of {name:text} are {versions}")
async def _(world: World, name: str, versions: str) -> None:
    playlist = await called(world, name)
    states = await world.services.library.playlists.versions(playlist.playlist_id)
    assert ", ".join(str(state.version) for state in states) == versions


@when("{who:who} goes back to version {version:d} of {name:text}")
async def _(world: World, who: str, version: int, name: str) -> None:
    actor = await world.actor(who, RESTORE)
    playlist = await called(world, name)
    await world.attempt(world.services.library.playlists.restore(actor, playlist.playlist_id, version))


@given("{who:who} has deleted {name:text}")
@when("{who:who} deletes {name:text}")
async def _(world: World, who: str, name: str) -> None:
    actor = await world.actor(who, DELETE)
    playlist = await called(world, name)
    await world.services.library.playlists.delete(actor, playlist.playlist_id)


@when("{who:who} restores the deleted {name:text}")
async def _(world: World, who: str, name: str) -> None:
    actor = await world.actor(who, RESTORE)
    playlists = world.services.library.playlists
    buried = next(each.playlist for each in await playlists.deleted() if each.playlist.name == name)
    await world.attempt(playlists.restore(actor, buried.playlist_id, buried.version))


@then("what can be restored is nothing")
@then("nothing is left to restore")
async def _(world: World) -> None:
    assert await world.services.library.playlists.deleted() == []


@then("what can be restored is {names:texts}")
async def _(world: World, names: tuple[str, ...]) -> None:
    buried = await world.services.library.playlists.deleted()
    assert [each.playlist.name for each in buried] == list(names)


@when("the service tidies up")
async def _(world: World) -> None:
    await world.services.sweep()
