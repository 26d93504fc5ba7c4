"""Steps about the media site, searching, and refreshing."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
import anyio.lowlevel
from attrs import define, field

from playlist_core.domain.catalog import CatalogItem, SearchPage
from playlist_core.domain.refresh import Phase, RefreshReport, TellProgress, ignore_progress
from playlist_core.ports import CatalogSource
from tests.bdd.steps import given, then, when
from tests.bdd.wishes import REFRESH, SEARCH, SEE_CATEGORIES, SEE_REFRESH
from tests.bdd.world import World, title


@define(eq=False)
class SlowSource:
    """A source that hands out its first title and then nothing, until `go_on`."""

    source: CatalogSource
    waiting: anyio.Event = field(factory=anyio.Event)
    go_on: anyio.Event = field(factory=anyio.Event)

    @property
    def name(self) -> str:
        return self.source.name

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        async for item in self.source.iter_catalog_items(tell):
            yield item
            self.waiting.set()
            await self.go_on.wait()


def table(rows: list[list[str]]) -> list[dict[str, str]]:
    """A data table by the names of its columns."""
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def item_of(row: dict[str, str]) -> CatalogItem:
    return CatalogItem(
        video_id=row["video_id"],
        title=row["title"],
        categories=tuple(name.strip() for name in row["categories"].split(",")),
        duration_seconds=int(row["minutes"]) * 60 if row["minutes"] else None,
    )


# -- the site ------------------------------------------------------------------------


@given("the media site has these titles")
async def _(world: World, datatable: list[list[str]]) -> None:
    world.publish([item_of(row) for row in table(datatable)])


@given("the media site gets the title {text:text}")
@when("the media site gets the title {text:text}")
async def _(world: World, text: str) -> None:
    world.publish([*world.items.values(), title(text)])


@when("the media site has only the title {text:text}")
async def _(world: World, text: str) -> None:
    world.publish([title(text)])


@when("the media site has these titles instead")
async def _(world: World, datatable: list[list[str]]) -> None:
    world.publish([item_of(row) for row in table(datatable)])


@when("the title {text:text} vanishes from the media site")
async def _(world: World, text: str) -> None:
    world.publish([item for item in world.items.values() if item.title != text])


@given("the catalogue has {titles:texts}")
async def _(world: World, titles: tuple[str, ...]) -> None:
    await world.catalogue([*world.items.values(), *map(title, titles)])


@when("the titles {titles:texts} are gone from the catalogue")
async def _(world: World, titles: tuple[str, ...]) -> None:
    await world.catalogue([item for item in world.items.values() if item.title not in titles])


@given("the media site breaks off in the middle")
async def _(world: World) -> None:
    world.site.break_off()


@given("the media site answers slowly", target_fixture="slow")
async def _(world: World) -> SlowSource:
    refreshing = world.services.library.refreshing
    assert refreshing.source is not None
    refreshing.source = SlowSource(refreshing.source)
    return refreshing.source


# -- searching -----------------------------------------------------------------------


async def search(world: World, who: str, text: str, **choice: Any) -> SearchPage:
    await world.actor(who, SEARCH)
    return await world.services.library.catalog.search(text, **choice)


@when("{who:who} searches for {text:text}")
async def _(world: World, who: str, text: str) -> None:
    await world.attempt(search(world, who, text))


@when("{who:who} signs in and searches for {text:text}")
async def _(world: World, who: str, text: str) -> None:
    world.channel.join(who)
    await world.sign_in(who)
    await world.attempt(search(world, who, text))


@when("{who:who} searches for {text:text} in {match:w} of {categories:texts}")
async def _(world: World, who: str, text: str, match: str, categories: tuple[str, ...]) -> None:
    await world.attempt(search(world, who, text, categories=categories, match=match))


@given("{who:who} has seen the first title that {text:text} finds, {title:text}", target_fixture="page")
async def _(world: World, who: str, text: str, title: str) -> tuple[str, SearchPage]:
    page = await search(world, who, text, limit=1)
    assert [item.title for item in page.items] == [title]
    return text, page


@when("{who:who} asks for the next one")
async def _(world: World, who: str, page: tuple[str, SearchPage]) -> None:
    text, first = page
    await world.attempt(search(world, who, text, limit=1, offset=1, snapshot_id=first.snapshot_id))


@then("{who:who} sees {title:text} of {number:d} titles")
async def _(world: World, who: str, title: str, number: int) -> None:
    assert [item.title for item in found(world).items] == [title]
    assert found(world).total == number


def found(world: World) -> SearchPage:
    assert isinstance(world.answer, SearchPage)
    return world.answer


@then("{who:who} finds nothing")
async def _(world: World, who: str) -> None:
    assert (found(world).items, found(world).total) == ((), 0)


@then("{who:who} finds {titles:texts}")
async def _(world: World, who: str, titles: tuple[str, ...]) -> None:
    assert [item.title for item in found(world).items] == list(titles)
    assert found(world).total == len(titles)


@then("{who:who} finds {number:d} titles")
async def _(world: World, who: str, number: int) -> None:
    assert (len(found(world).items), found(world).total) == (number, number)


@then("{who:who} sees")
async def _(world: World, who: str, datatable: list[list[str]]) -> None:
    assert list(found(world).items) == [item_of(row) for row in table(datatable)]


@then("{who:who} is told that this is what was found for {text:text}")
async def _(world: World, who: str, text: str) -> None:
    assert found(world).corrected == text


@then("what CyTube would play is {url:text}")
async def _(world: World, url: str) -> None:
    template = world.services.settings.manifest_url_template
    assert [template.url(item.video_id) for item in found(world).items] == [url]


@when("{who:who} looks at the categories")
async def _(world: World, who: str) -> None:
    await world.actor(who, SEE_CATEGORIES)
    await world.attempt(world.services.library.catalog.categories())


@then("{who:who} sees the categories {names:texts}")
async def _(world: World, who: str, names: tuple[str, ...]) -> None:
    _, counts = world.answer
    assert tuple(counts) == names


# -- refreshing ----------------------------------------------------------------------


@given("the catalogue has been refreshed")
async def _(world: World) -> None:
    await world.services.library.refreshing.refresh()


async def begin(world: World, who: str, *, allow_shrink: bool = False) -> str:
    await world.actor(who, REFRESH)
    return await world.services.library.refreshing.begin(allow_shrink=allow_shrink)


async def ended(world: World) -> RefreshReport:
    """How the refresh under way ends."""
    refreshing = world.services.library.refreshing
    while refreshing.state.phase is not Phase.IDLE:
        await anyio.lowlevel.checkpoint()
    last = refreshing.state.last
    assert last is not None
    return last


@when("{who:who} refreshes the catalogue", target_fixture="report")
async def _(world: World, who: str) -> RefreshReport:
    await begin(world, who)
    return await ended(world)


@when("{who:who} refreshes the catalogue although it shrinks", target_fixture="report")
async def _(world: World, who: str) -> RefreshReport:
    await begin(world, who, allow_shrink=True)
    return await ended(world)


@when("{who:who} starts to refresh the catalogue")
async def _(world: World, who: str, slow: SlowSource) -> None:
    await world.attempt(begin(world, who))
    await slow.waiting.wait()


@when("the media site has answered and the refresh has ended")
async def _(world: World, slow: SlowSource) -> None:
    slow.go_on.set()
    assert (await ended(world)).code is None


@then("the refresh is still running")
async def _(world: World) -> None:
    assert world.services.library.refreshing.state.phase is Phase.READING


@then("{who:who} is told that the catalogue has {count:d} titles now, {unknown:d} of them without a length")
async def _(world: World, who: str, report: RefreshReport, count: int, unknown: int) -> None:
    await world.actor(who, SEE_REFRESH)
    snapshot = await world.services.library.catalog.snapshot()
    told = (report.snapshot_id, report.item_count, report.without_duration, report.code, report.shared)
    assert told == (snapshot.snapshot_id, count, unknown, None, True)
    assert snapshot.item_count == count


@then("{who:who} is told that the refresh failed")
async def _(report: RefreshReport, who: str) -> None:
    assert (report.code, report.snapshot_id) == ("invalid", None)
    assert report.message


@then("{who:who} is told that the catalogue would lose {lost:d} of its {before:d} titles")
async def _(report: RefreshReport, who: str, lost: int, before: int) -> None:
    assert (report.code, report.snapshot_id) == ("would_shrink", None)
    assert f"would lose {lost} of its {before} titles" in (report.message or "")


@then(
    "{who:who} is told that {new:d} titles are new, {changed:d} have changed, {gone:d} are gone"
    " and {duplicates:d} have the title of another one"
)
async def _(report: RefreshReport, who: str, new: int, changed: int, gone: int, duplicates: int) -> None:
    told = (report.new, report.changed, report.gone, report.duplicates)
    assert told == (new, changed, gone, duplicates)
