"""Steps about roles: what each may do, and who gives and takes them."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from playlist_core.domain.identity import ClientAddress, Role, Username
from playlist_core.domain.queue import Mode
from playlist_core.errors import Denied
from playlist_core.services.access import Member
from playlist_core.services.marathons import FromPlaylist
from tests.bdd import wishes
from tests.bdd.steps import given, then, when
from tests.bdd.steps_catalog import begin as begin_refresh
from tests.bdd.steps_catalog import ended, search, table
from tests.bdd.steps_playlists import called, create, items, known, load, save
from tests.bdd.steps_queue import begin, look_at_plan, play
from tests.bdd.world import World

PEOPLE: Final = {"viewer": "carol", "blessed": "bob", "admin": "alice"}
SOMEWHERE: Final = ClientAddress.parse("203.0.113.7")
FRESH: Final = "Metropolis"


def own(who: str) -> str:
    """The playlist that is there for this one to do something with."""
    return f"For {who}"


def gone(who: str) -> str:
    return f"Deleted for {who}"


async def read(world: World, who: str) -> None:
    await load(world, who, own(who))


async def see_queue(world: World, who: str) -> None:
    await world.actor(who, wishes.SEE_QUEUE)
    await world.services.queue.state()


async def create_one(world: World, who: str) -> None:
    await create(world, who, f"New by {who}", [world.ids[FRESH]])


async def edit(world: World, who: str) -> None:
    await save(world, who, await called(world, own(who)), [world.ids[FRESH]] * 2, seen=True)


async def rename(world: World, who: str) -> None:
    before = await called(world, own(who))
    await save(world, who, before, [world.ids[FRESH]], seen=True, name=f"Renamed by {who}")


async def delete(world: World, who: str) -> None:
    actor = await world.actor(who, wishes.DELETE)
    await world.services.library.playlists.delete(actor, (await called(world, own(who))).playlist_id)


async def restore(world: World, who: str) -> None:
    actor = await world.actor(who, wishes.RESTORE)
    playlists = world.services.library.playlists
    buried = next(each.playlist for each in await playlists.deleted() if each.playlist.name == gone(who))
    await playlists.restore(actor, buried.playlist_id, buried.version)


async def marathon(world: World, who: str) -> None:
    await world.actor(who, wishes.PREVIEW_MARATHON)
    await world.services.library.marathons.preview(
        [FromPlaylist((await called(world, own(who))).playlist_id)]
    )


async def plan(world: World, who: str) -> None:
    await look_at_plan(world, who, own(who), Mode.PRESERVE_CURRENT)


def apply(mode: Mode) -> Callable[[World, str], Awaitable[None]]:
    async def act(world: World, who: str) -> None:
        run = await begin(world, who, own(who), mode)
        assert (await world.services.queue.finished(run.run_id)).status == "done"

    return act


async def refresh(world: World, who: str) -> None:
    await begin_refresh(world, who)
    assert (await ended(world)).code is None


async def see_blessed(world: World, who: str) -> None:
    await world.services.access.members(await world.actor(who, wishes.SEE_BLESSED), Role.BLESSED)


def grant(wish: str, role: Role) -> Callable[[World, str], Awaitable[None]]:
    async def act(world: World, who: str) -> None:
        await world.services.access.grant(await world.actor(who, wish), Username("erin"), role)

    return act


async def let_in(world: World, who: str) -> None:
    await world.services.login.lift_lockouts(await world.actor(who, wishes.LET_IN), Username("erin"))


async def block(world: World, who: str) -> None:
    # Everybody may come to this door; the use-case asks who names an address.
    await world.services.login.blocks.block(await world.actor(who, wishes.SEE_SESSION), SOMEWHERE)


async def lift(world: World, who: str) -> None:
    await world.services.login.blocks.lift(await world.actor(who, wishes.LIFT_BLOCK), SOMEWHERE)


ACTS: Final[dict[str, Callable[[World, str], Awaitable[Any]]]] = {
    "search the catalogue": lambda world, who: search(world, who, "metropolis"),
    "read a playlist": read,
    "see the queue": see_queue,
    "create a playlist": create_one,
    "edit a playlist": edit,
    "rename a playlist": rename,
    "delete a playlist": delete,
    "restore a deleted playlist": restore,
    "preview a marathon": marathon,
    "see what putting it on the air would do": plan,
    "put it on the air, keeping what plays": apply(Mode.PRESERVE_CURRENT),
    "append it to the queue": apply(Mode.APPEND),
    "replace everything with it": apply(Mode.HARD_REPLACE),
    "refresh the catalogue": refresh,
    "see who is blessed": see_blessed,
    "bless somebody": grant(wishes.BLESS, Role.BLESSED),
    "make somebody an admin": grant(wishes.MAKE_ADMIN, Role.ADMIN),
    "let a locked-out user in": let_in,
    "block an address": block,
    "lift a block": lift,
}


async def picture(world: World) -> Sequence[Any]:
    """Everything that somebody might have changed."""
    services, admin = world.services, world.admin
    return [
        await services.library.playlists.all(),
        await services.library.playlists.deleted(),
        await services.library.catalog.snapshot(),
        services.library.refreshing.state,
        await services.access.members(admin, Role.BLESSED),
        await services.access.members(admin, Role.ADMIN),
        await services.login.blocks.active(admin),
        world.channel.queue,
    ]


@given("there is something to do it with")
async def _(world: World) -> None:
    await known(world, [FRESH])
    await play(world, ["Nosferatu", "Häxan"])
    playlists = world.services.library.playlists
    for who in PEOPLE.values():
        await playlists.create(world.admin, own(who), items([world.ids[FRESH]]))
        deleted = await playlists.create(world.admin, gone(who), items([world.ids[FRESH]]))
        await playlists.delete(world.admin, deleted.playlist_id)


@when("{person:who} user tries to {act}")
@when("{person:who} tries to {act}")
async def _(world: World, person: str, act: str) -> None:
    before = await picture(world)
    await world.attempt(ACTS[act](world, PEOPLE[person]))
    world.untouched = before == await picture(world)


@then("that is allowed")
async def _(world: World) -> None:
    world.overlook_nothing()


@then("that is refused")
async def _(world: World) -> None:
    assert isinstance(world.refusal(), Denied)
    assert world.untouched


# -- the lists -----------------------------------------------------------------------


@when("{admin:who} blesses {name:w}")
async def _(world: World, admin: str, name: str) -> None:
    await world.services.access.grant(await world.actor(admin, wishes.BLESS), Username(name), Role.BLESSED)


@when("{admin:who} takes the blessing from {name:w}")
async def _(world: World, admin: str, name: str) -> None:
    await world.services.access.revoke(await world.actor(admin, wishes.UNBLESS), Username(name), Role.BLESSED)


@given("{admin:who} has made {name:w} an admin")
async def _(world: World, admin: str, name: str) -> None:
    await world.services.access.grant(await world.actor(admin, wishes.MAKE_ADMIN), Username(name), Role.ADMIN)


async def take_admin(world: World, who: str, name: str) -> None:
    await world.services.access.revoke(
        await world.actor(who, wishes.UNMAKE_ADMIN), Username(name), Role.ADMIN
    )


@when("{who:who} takes the admin's role from {name:w}")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(take_admin(world, who, name))


@then("{name:who} is still an admin")
async def _(world: World, name: str) -> None:
    assert await world.services.access.role_of(Username(name)) is Role.ADMIN


@then("{admin:who} sees on the list of the blessed")
async def _(world: World, admin: str, datatable: list[list[str]]) -> None:
    now = world.clock.now()
    expected = [Member(username=row["name"], by=row["by"], at=now) for row in table(datatable)]
    members = await world.services.access.members(await world.actor(admin, wishes.SEE_BLESSED), Role.BLESSED)
    assert list(members) == expected


@given("{who:w} has rank {rank:d} in the channel and is signed in")
async def _(world: World, who: str, rank: int) -> None:
    world.channel.join(who, rank)
    await world.sign_in(who)


@when("{who:who} saves a playlist of nothing as {name:text}")
async def _(world: World, who: str, name: str) -> None:
    await world.attempt(create(world, who, name, []))
