"""The permission table, and who is on which list."""

import json

import pytest

from playlist_adapters.kv.memory import Landed, Late, Lost, MemoryKV
from playlist_adapters.testing.time import EPOCH, ManualClock, SeededRandomness
from playlist_core.domain.access import Action, decide, permissions
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.login import Session
from playlist_core.errors import Conflict, Denied, InvalidInput, Unavailable
from playlist_core.services.access import Access, Member
from tests.unit.lagging import make_lag

pytestmark = pytest.mark.anyio

VIEWER = {"search_catalog", "read_playlists", "read_queue", "like"}
BLESSED = VIEWER | {"edit_playlists", "preview_marathon", "plan_apply", "apply", "read_rankings"}
ADMIN = BLESSED | {"cancel_any_run", "hard_replace", "refresh_catalog", "manage_access"}
ALICE = Actor(Username("Alice"), Role.ADMIN)
BOB = Username("Bob")


@pytest.fixture
def acl() -> MemoryKV:
    return MemoryKV()


@pytest.fixture
def access(acl: MemoryKV, clock: ManualClock, randomness: SeededRandomness) -> Access:
    admins = frozenset({Username("Alice")})
    return Access.over(acl, namespace="default", admins=admins, clock=clock, randomness=randomness)


async def put(acl: MemoryKV, key: str, value: object) -> None:
    await acl.create(f"ns/default/{key}", json.dumps(value).encode())


async def list_at(acl: MemoryKV, key: str) -> object:
    entry = await acl.get(f"ns/default/{key}")
    return None if entry is None else json.loads(entry.value)


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.VIEWER, VIEWER), (Role.BLESSED, BLESSED), (Role.ADMIN, ADMIN)]
)
def test_each_role_may_do_exactly_what_the_table_says(role: Role, allowed: set[str]) -> None:
    assert set(permissions(role)) == allowed


def test_blessed_users_may_replace_everything_only_where_the_config_lets_them() -> None:
    assert set(permissions(Role.BLESSED, allow_blessed_hard_replace=True)) == BLESSED | {"hard_replace"}
    assert set(permissions(Role.VIEWER, allow_blessed_hard_replace=True)) == VIEWER


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_the_decision_agrees_with_the_list_of_permissions(action: Action, role: Role, allow: bool) -> None:
    try:
        decide(role, action, allow_blessed_hard_replace=allow)
        decided = True
    except Denied:
        decided = False
    assert decided == (action.value in permissions(role, allow_blessed_hard_replace=allow))


@pytest.mark.parametrize(
    ("role", "action", "allow", "needs"),
    [
        (Role.VIEWER, Action.APPLY, False, "blessed"),
        (Role.VIEWER, Action.HARD_REPLACE, False, "admin"),
        (Role.VIEWER, Action.HARD_REPLACE, True, "blessed"),
        (Role.BLESSED, Action.HARD_REPLACE, False, "admin"),
        (Role.BLESSED, Action.MANAGE_ACCESS, True, "admin"),
    ],
)
def test_a_refusal_names_the_role_it_takes(role: Role, action: Action, allow: bool, needs: str) -> None:
    with pytest.raises(Denied) as refused:
        decide(role, action, allow_blessed_hard_replace=allow)
    assert (refused.value.code, refused.value.details) == ("forbidden", {"needs": needs})


async def test_whoever_is_on_no_list_is_a_viewer(access: Access) -> None:
    assert await access.role_of(BOB) is Role.VIEWER


async def test_a_blessing_counts_at_once_and_without_case(access: Access) -> None:
    await access.grant(ALICE, Username("bob"), Role.BLESSED)
    assert await access.role_of(Username("BOB")) is Role.BLESSED
    await access.revoke(ALICE, Username("bOb"), Role.BLESSED)
    assert await access.role_of(BOB) is Role.VIEWER


async def test_a_role_at_a_glance_is_of_the_last_second_and_the_one_asked_for_of_this_moment(
    access: Access, clock: ManualClock
) -> None:
    lagging = make_lag(access.lists, clock)
    session = Session(username=BOB, created_at=EPOCH, expires_at=EPOCH, ip="192.0.2.1")
    await lagging.catch_up()
    for before, change, after in (
        (Role.VIEWER, access.grant, Role.BLESSED),
        (Role.BLESSED, access.revoke, Role.VIEWER),
    ):
        await change(ALICE, BOB, Role.BLESSED)
        assert await access.role_of(BOB) is after
        assert await access.actor(session) == Actor(BOB, after)
        assert await access.role_of(BOB, glance=True) is before
        assert await access.actor(session, glance=True) == Actor(BOB, before)
        clock.advance(1)
        assert await access.role_of(BOB, glance=True) is after


async def test_a_session_acts_with_the_role_of_this_moment(access: Access) -> None:
    session = Session(username=BOB, created_at=EPOCH, expires_at=EPOCH, ip="192.0.2.1")
    before = await access.actor(session)
    await access.grant(ALICE, BOB, Role.ADMIN)
    assert (before, await access.actor(session)) == (Actor(BOB, Role.VIEWER), Actor(BOB, Role.ADMIN))


async def test_the_lists_are_bare_arrays_that_other_tools_can_read(access: Access, acl: MemoryKV) -> None:
    await access.grant(ALICE, BOB, Role.BLESSED)
    await access.grant(ALICE, Username("carol"), Role.BLESSED)
    await access.grant(ALICE, BOB, Role.ADMIN)
    assert await list_at(acl, "blessed") == ["Bob", "carol"]
    assert await list_at(acl, "admins") == ["Bob"]


async def test_a_list_another_tool_wrote_counts_and_is_kept_as_it_is(access: Access, acl: MemoryKV) -> None:
    await put(acl, "blessed", ["BOB", "some body", "", "bob"])
    assert await access.role_of(BOB) is Role.BLESSED
    await access.grant(ALICE, Username("carol"), Role.BLESSED)
    assert await list_at(acl, "blessed") == ["BOB", "some body", "", "bob", "carol"]
    await access.revoke(ALICE, BOB, Role.BLESSED)
    assert await list_at(acl, "blessed") == ["some body", "", "carol"]


async def test_the_list_says_who_was_added_by_whom_and_when(access: Access, acl: MemoryKV) -> None:
    await put(acl, "blessed", ["Zed"])
    await access.grant(ALICE, BOB, Role.BLESSED)
    assert await access.members(ALICE, Role.BLESSED) == [
        Member(username="Bob", by="Alice", at=EPOCH),
        Member(username="Zed"),
    ]


async def test_admins_of_the_config_are_listed_and_cannot_be_removed(access: Access, acl: MemoryKV) -> None:
    alice = Username("aLICE")
    with pytest.raises(Conflict) as refused:
        await access.revoke(ALICE, alice, Role.ADMIN)
    assert refused.value.code == "fixed_by_config"
    await access.grant(ALICE, alice, Role.ADMIN)
    assert await access.members(ALICE, Role.ADMIN) == [Member(username="Alice", fixed=True)]
    assert await list_at(acl, "admins") is None


async def test_an_admin_of_the_config_is_one_even_without_the_store(access: Access, acl: MemoryKV) -> None:
    acl.fail_with = Unavailable("the store is away")
    assert await access.role_of(Username("ALICE")) is Role.ADMIN


async def test_adding_twice_and_removing_twice_changes_nothing(
    access: Access, acl: MemoryKV, clock: ManualClock
) -> None:
    await access.grant(ALICE, BOB, Role.BLESSED)
    listed = await access.members(ALICE, Role.BLESSED)
    clock.advance(60)
    await access.grant(Actor(Username("Other"), Role.ADMIN), Username("BOB"), Role.BLESSED)
    assert await access.members(ALICE, Role.BLESSED) == listed
    for _ in range(2):
        await access.revoke(ALICE, BOB, Role.BLESSED)
        assert await list_at(acl, "blessed") == []


async def test_removing_an_admin_leaves_the_blessing(access: Access) -> None:
    await access.grant(ALICE, BOB, Role.BLESSED)
    await access.grant(ALICE, BOB, Role.ADMIN)
    await access.revoke(ALICE, BOB, Role.ADMIN)
    assert await access.role_of(BOB) is Role.BLESSED


@pytest.mark.parametrize("role", [Role.VIEWER, Role.BLESSED])
async def test_only_admins_see_and_change_the_lists(access: Access, acl: MemoryKV, role: Role) -> None:
    somebody = Actor(Username("dave"), role)
    for attempt in (
        access.members(somebody, Role.BLESSED),
        access.grant(somebody, BOB, Role.BLESSED),
        access.revoke(somebody, BOB, Role.ADMIN),
    ):
        with pytest.raises(Denied) as refused:
            await attempt
        assert refused.value.details == {"needs": "admin"}
    assert await acl.entries() == []


async def test_nobody_can_be_put_on_a_list_of_viewers(access: Access) -> None:
    with pytest.raises(InvalidInput):
        await access.grant(ALICE, BOB, Role.VIEWER)


async def test_an_unreachable_store_is_an_error_and_never_an_empty_list(
    access: Access, acl: MemoryKV
) -> None:
    await access.grant(ALICE, BOB, Role.BLESSED)
    acl.fail_with = Unavailable("the store is away")
    for attempt in (
        access.role_of(BOB),
        access.members(ALICE, Role.BLESSED),
        access.grant(ALICE, Username("carol"), Role.BLESSED),
        access.revoke(ALICE, Username("carol"), Role.BLESSED),
    ):
        with pytest.raises(Unavailable):
            await attempt
    acl.fail_with = None
    assert await list_at(acl, "blessed") == ["Bob"]


@pytest.mark.parametrize("value", [{"names": ["bob"]}, ["bob", 7], "bob", None])
async def test_a_list_that_is_none_is_an_error_and_left_as_it_is(
    access: Access, acl: MemoryKV, value: object
) -> None:
    await put(acl, "blessed", value)
    with pytest.raises(Unavailable) as refused:
        await access.grant(ALICE, BOB, Role.BLESSED)
    assert refused.value.code == "store_unreadable"
    assert await list_at(acl, "blessed") == value


@pytest.mark.parametrize("fate", [Lost(), Landed(), Late()])
@pytest.mark.parametrize("ordinary", [0, 1])
async def test_a_blessing_whose_answer_is_lost_still_stands_once(
    access: Access, acl: MemoryKV, fate: Lost | Landed | Late, ordinary: int
) -> None:
    await put(acl, "blessed", ["Zed"])
    writes = 0

    async def script(operation: str, _: str) -> None:
        nonlocal writes
        if operation in ("create", "update"):
            if writes == ordinary:
                acl.next_writes = [fate]
            writes += 1

    acl.before_operation = script
    await access.grant(ALICE, BOB, Role.BLESSED)
    acl.deliver_late()
    assert await list_at(acl, "blessed") == ["Zed", "Bob"]
    assert await access.members(ALICE, Role.BLESSED) == [
        Member(username="Bob", by="Alice", at=EPOCH),
        Member(username="Zed"),
    ]


async def test_a_blessing_that_got_only_half_way_is_completed_by_the_next_try(
    access: Access, acl: MemoryKV
) -> None:
    async def fail_at_the_record(_: str, key: str) -> None:
        acl.fail_with = Unavailable("the store is away") if "/roles/" in key else None

    acl.before_operation = fail_at_the_record
    with pytest.raises(Unavailable):
        await access.grant(ALICE, BOB, Role.BLESSED)
    acl.before_operation = acl.fail_with = None
    assert await access.role_of(BOB) is Role.BLESSED
    await access.grant(ALICE, BOB, Role.BLESSED)
    assert await access.members(ALICE, Role.BLESSED) == [Member(username="Bob", by="Alice", at=EPOCH)]
