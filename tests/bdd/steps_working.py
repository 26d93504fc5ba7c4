"""Steps about the working list that somebody has on the page."""

from attrs import define, field

from playlist_core.domain.playlists import Playlist
from tests.bdd.steps import given, when
from tests.bdd.steps_playlists import create, ids_of, load, save
from tests.bdd.wishes import DELETE, SEARCH
from tests.bdd.world import World


@define(eq=False)
class WorkingList:
    """What somebody's page holds: ids in order, and the playlist they were loaded from."""

    ids: list[str] = field(factory=list)
    loaded: Playlist | None = None


@given("{who:who} has an empty working list", target_fixture="working")
@when("{who:who} starts a working list", target_fixture="working")
async def _(who: str) -> WorkingList:
    return WorkingList()


@given("{who:who} has a working list of {titles:texts}", target_fixture="working")
async def _(world: World, who: str, titles: tuple[str, ...]) -> WorkingList:
    return WorkingList([world.ids[title] for title in titles])


@given("{who:who} has loaded {name:text} into the working list", target_fixture="working")
@when("{who:who} loads {name:text} into the working list", target_fixture="working")
async def _(world: World, who: str, name: str) -> WorkingList:
    loaded = await load(world, who, name)
    return WorkingList(ids_of(loaded), loaded)


@when("{who:who} searches for {text:text} and adds what he finds")
async def _(world: World, who: str, text: str, working: WorkingList) -> None:
    await world.actor(who, SEARCH)
    page = await world.services.library.catalog.search(text)
    working.ids.extend(item.video_id for item in page.items)


@when("{who:who} searches for {text:text} in the category {category:text} and adds what he finds")
async def _(world: World, who: str, text: str, category: str, working: WorkingList) -> None:
    await world.actor(who, SEARCH)
    page = await world.services.library.catalog.search(text, categories=[category])
    working.ids.extend(item.video_id for item in page.items)


@when("{who:who} removes {title:text} from the working list")
async def _(world: World, who: str, title: str, working: WorkingList) -> None:
    working.ids.remove(world.ids[title])


@when("{who:who} drags {title:text} to the top")
async def _(world: World, who: str, title: str, working: WorkingList) -> None:
    working.ids.remove(world.ids[title])
    working.ids.insert(0, world.ids[title])


@when("{who:who} saves the working list as {name:text}")
async def _(world: World, who: str, name: str, working: WorkingList) -> None:
    await world.attempt(create(world, who, name, working.ids))


@when("{who:who} saves the working list over {name:text}")
async def _(world: World, who: str, name: str, working: WorkingList) -> None:
    assert working.loaded is not None
    await world.attempt(save(world, who, working.loaded, working.ids, seen=True))


@when("{who:who} saves the working list over {name:text} all the same")
async def _(world: World, who: str, name: str, working: WorkingList) -> None:
    assert working.loaded is not None
    await world.attempt(save(world, who, working.loaded, working.ids, seen=False))


@when("{who:who} deletes what he has loaded")
async def _(world: World, who: str, working: WorkingList) -> None:
    assert working.loaded is not None
    actor = await world.actor(who, DELETE)
    playlist_id, version = working.loaded.playlist_id, working.loaded.version
    await world.attempt(world.services.library.playlists.delete(actor, playlist_id, if_version=version))
