"""Steps about marathons: sources, methods, the order that comes of them."""

from collections.abc import Sequence
from typing import Any

import pytest

from playlist_core.domain.marathon import Marathon, Method
from playlist_core.services.marathons import FromCategory, FromPlaylist, FromSearch, Gathered
from tests.bdd.steps import given, then, when
from tests.bdd.steps_catalog import item_of, table
from tests.bdd.steps_playlists import called, items, known
from tests.bdd.steps_working import WorkingList
from tests.bdd.wishes import PREVIEW_MARATHON
from tests.bdd.world import World, title


@pytest.fixture
def previews() -> list[Marathon]:
    """The previews of this scenario, the latest last."""
    return []


async def preview(world: World, who: str, names: Sequence[str], previews: list[Marathon], **how: Any) -> None:
    sources = [FromPlaylist((await called(world, name)).playlist_id) for name in names]
    await combine(world, who, sources, previews, **how)


async def combine(
    world: World, who: str, sources: Sequence[Gathered], previews: list[Marathon], **how: Any
) -> None:
    await world.actor(who, PREVIEW_MARATHON)
    await world.attempt(world.services.library.marathons.preview(sources, **how))
    if isinstance(world.answer, Marathon):
        previews.append(world.answer)


def order_of(marathon: Marathon) -> list[str]:
    return [entry.title for entry in marathon.entries]


# -- what is there -------------------------------------------------------------------


@given("the catalogue holds these titles")
async def _(world: World, datatable: list[list[str]]) -> None:
    await world.catalogue([item_of(row) for row in table(datatable)])


@given("the catalogue has the titles {titles:texts} in {category:text}")
async def _(world: World, titles: tuple[str, ...], category: str) -> None:
    await world.catalogue([*world.items.values(), *(title(each, categories=[category]) for each in titles)])


@given("the playlists")
async def _(world: World, datatable: list[list[str]]) -> None:
    playlists = {row["name"]: row["titles"].split() for row in table(datatable)}
    await known(world, [each for titles in playlists.values() for each in titles])
    for name, titles in playlists.items():
        ids = [world.ids[each] for each in titles]
        await world.services.library.playlists.create(world.admin, name, items(ids))


# -- methods -------------------------------------------------------------------------


@when("{who:who} merges {names:texts}")
async def _(world: World, who: str, names: tuple[str, ...], previews: list[Marathon]) -> None:
    await preview(world, who, names, previews)


@when("{who:who} merges no playlists")
async def _(world: World, who: str, previews: list[Marathon]) -> None:
    await preview(world, who, [], previews)


@when("{who:who} merges {names:texts} without regard to episodes")
async def _(world: World, who: str, names: tuple[str, ...], previews: list[Marathon]) -> None:
    await preview(world, who, names, previews, preserve_episode_order=False)


@when("{who:who} weaves {names:texts} by {pattern:text}")
async def _(world: World, who: str, names: tuple[str, ...], pattern: str, previews: list[Marathon]) -> None:
    await preview(world, who, names, previews, method=Method.INTERLEAVE, pattern=pattern)


@when(
    "{who:who} weaves the category {category:text}, the search {q:text} and the playlist {name:text}"
    " by {pattern:text}"
)
async def _(
    world: World, who: str, category: str, q: str, name: str, pattern: str, previews: list[Marathon]
) -> None:
    playlist = FromPlaylist((await called(world, name)).playlist_id)
    sources = [FromCategory(category), FromSearch(q), playlist]
    await combine(world, who, sources, previews, method=Method.INTERLEAVE, pattern=pattern)


@when("{who:who} shuffles {names:texts}")
async def _(world: World, who: str, names: tuple[str, ...], previews: list[Marathon]) -> None:
    await preview(world, who, names, previews, method=Method.SHUFFLE)


@when("{who:who} shuffles {names:texts} with the seed {seed:text}")
async def _(world: World, who: str, names: tuple[str, ...], seed: str, previews: list[Marathon]) -> None:
    await preview(world, who, names, previews, method=Method.SHUFFLE, seed=seed)


@when("{who:who} shuffles {names:texts} with the seed that was named")
async def _(world: World, who: str, names: tuple[str, ...], previews: list[Marathon]) -> None:
    await preview(world, who, names, previews, method=Method.SHUFFLE, seed=previews[-1].seed)


@when("{who:who} takes the order into the working list", target_fixture="working")
async def _(who: str, previews: list[Marathon]) -> WorkingList:
    return WorkingList([entry.video_id for entry in previews[-1].entries])


# -- what comes of it ----------------------------------------------------------------


@then("the order is {titles:texts}")
async def _(titles: tuple[str, ...], previews: list[Marathon]) -> None:
    assert order_of(previews[-1]) == list(titles)


@then("the order is {titles:words}")
async def _(titles: tuple[str, ...], previews: list[Marathon]) -> None:
    assert order_of(previews[-1]) == list(titles)


@then("both orders are the same")
async def _(previews: list[Marathon]) -> None:
    one, other = previews
    assert one.seed is not None
    assert one == other


@then("the orders differ")
async def _(previews: list[Marathon]) -> None:
    one, other = map(order_of, previews)
    assert one != other
    assert sorted(one) == sorted(other)


@then("every title occurs once, in another order than that of the playlists")
async def _(world: World, previews: list[Marathon]) -> None:
    playlists = await world.services.library.playlists.all()
    one_behind_the_other = [item.title for playlist in playlists for item in playlist.items]
    assert sorted(order_of(previews[-1])) == sorted(map(str, one_behind_the_other))
    assert order_of(previews[-1]) != one_behind_the_other


@then("{titles:texts} come in this order")
async def _(titles: tuple[str, ...], previews: list[Marathon]) -> None:
    order = order_of(previews[-1])
    assert [each for each in order if each in titles] == list(titles)
    assert order[: len(titles)] != list(titles)


@then("{who:who} is shown character {character:d}, {token:text}, and patterns that would be right")
async def _(world: World, who: str, character: int, token: str) -> None:
    assert world.told is not None
    details = world.told.details
    assert (details["position"] + 1, details["token"]) == (character, token)
    assert details["examples"] == ["A B", "A2B1", "A,A,B"]
    assert world.told.message.startswith(f"Pattern, character {character}: ")


@then("{who:who} is warned {message:text}")
async def _(who: str, message: str, previews: list[Marathon]) -> None:
    assert [warning.message for warning in previews[-1].warnings] == [message]


@then("{who:who} sees the plan")
async def _(who: str, datatable: list[list[str]], previews: list[Marathon]) -> None:
    seen = [
        {
            "title": entry.title,
            "source": entry.source,
            "minutes": "" if entry.duration_seconds is None else str(entry.duration_seconds // 60),
            "starts after": str(entry.starts_at_offset_seconds // 60),
        }
        for entry in previews[-1].entries
    ]
    assert seen == table(datatable)


@then("it lasts {minutes:d} minutes at least, with {unknown:d} titles of unknown length")
async def _(minutes: int, unknown: int, previews: list[Marathon]) -> None:
    latest = previews[-1]
    assert (latest.total_duration_seconds, latest.unknown_durations) == (minutes * 60, unknown)


@then("the playlists are {names:texts}")
async def _(world: World, names: tuple[str, ...]) -> None:
    assert [playlist.name for playlist in await world.services.library.playlists.all()] == list(names)
