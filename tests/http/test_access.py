"""Who may do what over HTTP: the table of CONTRACTS section 1, and the lists that admins keep."""

import pytest
from attrs import define, frozen
from falcon.testing import Result

from playlist_app.config import Settings
from playlist_app.http.door import SESSION_COOKIE, Call, Door, Nothing, operation
from playlist_core.domain.access import Action
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, BLESSED, NIGHT, NOW, VIEWER, House, open_house, refusal
from tests.unit.lagging import LaggingKV, make_lag

pytestmark = pytest.mark.anyio

# Method, address, least role; what is in braces is filled in so that nothing is changed.
TABLE = [
    ("GET", "auth/session", "viewer"),
    ("GET", "catalog/search", "viewer"),
    ("GET", "catalog/categories", "viewer"),
    ("GET", "catalog/items/{video_id}", "viewer"),
    ("GET", "playlists", "viewer"),
    ("GET", "playlists/{playlist_id}", "viewer"),
    ("GET", "playlists/{playlist_id}/versions", "viewer"),
    ("GET", "queue", "viewer"),
    ("GET", "queue/runs/{run_id}", "viewer"),
    ("POST", "playlists", "blessed"),
    ("PUT", "playlists/{playlist_id}", "blessed"),
    ("DELETE", "playlists/{playlist_id}", "blessed"),
    ("POST", "playlists/{playlist_id}/restore", "blessed"),
    ("POST", "marathons/preview", "blessed"),
    ("POST", "queue/plan", "blessed"),
    ("POST", "queue/apply", "blessed"),
    ("DELETE", "queue/runs/{run_id}", "blessed"),
    ("POST", "queue/runs/{run_id}/undo", "blessed"),
    ("POST", "catalog/refresh", "admin"),
    ("GET", "catalog/refresh", "admin"),
    ("GET", "auth/ipblocks", "admin"),
    ("DELETE", "auth/ipblocks/{ip}", "admin"),
    ("GET", "access/blessed", "admin"),
    ("PUT", "access/blessed/{username}", "admin"),
    ("DELETE", "access/blessed/{username}", "admin"),
    ("GET", "access/admins", "admin"),
    ("PUT", "access/admins/{username}", "admin"),
    ("DELETE", "access/admins/{username}", "admin"),
    ("DELETE", "access/lockouts/{username}", "admin"),
]
ROLES = {VIEWER: "viewer", BLESSED: "blessed", ADMIN: "admin"}
RANK = ["viewer", "blessed", "admin"]
FILLED = {
    "video_id": "nothing",
    "playlist_id": "nothing",
    "run_id": "nothing",
    "ip": "192.0.2.77",
    "username": "dave",
}
# Who asks for these may be told from what the store held within the last second (CONTRACTS section 1).
AT_A_GLANCE = {
    "GET /api/v1/auth/session",
    "GET /api/v1/catalog/search",
    "GET /api/v1/catalog/categories",
    "GET /api/v1/catalog/items/{video_id}",
    "GET /api/v1/playlists",
    "GET /api/v1/playlists/{playlist_id}",
    "GET /api/v1/playlists/{playlist_id}/versions",
    "GET /api/v1/queue",
    "GET /api/v1/queue/runs/{run_id}",
    "GET /api/v1/events",
}
# What changes something, or is for admins, asks the store itself.
ASKED = {
    "POST /api/v1/playlists",
    "PUT /api/v1/playlists/{playlist_id}",
    "DELETE /api/v1/playlists/{playlist_id}",
    "POST /api/v1/playlists/{playlist_id}/restore",
    "POST /api/v1/marathons/preview",
    "POST /api/v1/queue/plan",
    "POST /api/v1/queue/apply",
    "DELETE /api/v1/queue/runs/{run_id}",
    "POST /api/v1/queue/runs/{run_id}/undo",
    "POST /api/v1/catalog/refresh",
    "GET /api/v1/catalog/refresh",
    "GET /api/v1/auth/ipblocks",
    "DELETE /api/v1/auth/ipblocks/{ip}",
    "GET /api/v1/access/blessed",
    "PUT /api/v1/access/blessed/{username}",
    "DELETE /api/v1/access/blessed/{username}",
    "GET /api/v1/access/admins",
    "PUT /api/v1/access/admins/{username}",
    "DELETE /api/v1/access/admins/{username}",
    "DELETE /api/v1/access/lockouts/{username}",
}
# Not even JSON: whoever may not ask at all learns that, and nothing about his body.
RUBBISH = b"{"


@pytest.mark.parametrize(("method", "address", "least"), TABLE, ids=[f"{m} {a}" for m, a, _ in TABLE])
async def test_each_operation_asks_for_its_role_before_it_looks_at_the_body(
    house: House, method: str, address: str, least: str
) -> None:
    path = address.format(**FILLED)
    body = RUBBISH if method in ("POST", "PUT") else None
    anonymous = await house.call(method, path, body)
    assert refusal(anonymous) == (401, "not_signed_in", {})
    forged = await house.call(method, path, body, cookies={SESSION_COOKIE: "forged"})
    assert refusal(forged) == (401, "not_signed_in", {})
    for name, role in ROLES.items():
        answer = await house.call(method, path, body, by=name)
        if RANK.index(role) < RANK.index(least):
            assert refusal(answer) == (403, "forbidden", {"needs": least})
        else:
            assert answer.status_code not in (401, 403)
            assert answer.status_code < 500


async def test_a_blessing_counts_at_once_also_for_a_session_that_exists(house: House) -> None:
    body = {"name": "Mine", "items": []}
    refused = await house.call("POST", "playlists", body, by=VIEWER)
    assert refusal(refused) == (403, "forbidden", {"needs": "blessed"})
    assert (await house.call("PUT", "access/blessed/CAROL", by=ADMIN)).status_code == 204
    assert (await house.call("POST", "playlists", body, by=VIEWER)).status_code == 201
    assert (await house.call("GET", "auth/session", by=VIEWER)).json["role"] == "blessed"
    assert (await house.call("DELETE", "access/blessed/Carol", by=ADMIN)).status_code == 204
    again = await house.call("POST", "playlists", {"name": "Mine too", "items": []}, by=VIEWER)
    assert refusal(again) == (403, "forbidden", {"needs": "blessed"})


async def test_an_admin_by_name_is_one_at_once_and_until_taken_off(house: House) -> None:
    assert (await house.call("PUT", "access/admins/carol", by=ADMIN)).status_code == 204
    assert (await house.call("GET", "access/admins", by=VIEWER)).json == {
        "admins": [
            {"username": "alice", "by": None, "at": None, "fixed": True},
            {"username": "carol", "by": "alice", "at": NOW, "fixed": False},
        ]
    }
    assert (await house.call("DELETE", "access/admins/carol", by=VIEWER)).status_code == 204
    assert (await house.call("GET", "access/admins", by=VIEWER)).status_code == 403


async def test_the_lists_keep_spellings_compare_without_case_and_are_idempotent(house: House) -> None:
    for name in ("Dave", "DAVE", "dave"):
        assert (await house.call("PUT", f"access/blessed/{name}", by=ADMIN)).status_code == 204
    listed = await house.call("GET", "access/blessed", by=ADMIN)
    assert listed.json == {
        "blessed": [
            {"username": "bob", "by": "alice", "at": NOW, "fixed": False},
            {"username": "Dave", "by": "alice", "at": NOW, "fixed": False},
        ]
    }
    for name in ("dAVE", "Dave"):
        assert (await house.call("DELETE", f"access/blessed/{name}", by=ADMIN)).status_code == 204
    listed = await house.call("GET", "access/blessed", by=ADMIN)
    assert [member["username"] for member in listed.json["blessed"]] == ["bob"]


async def test_an_admin_of_the_config_cannot_be_taken_off(house: House) -> None:
    answer = await house.call("DELETE", "access/admins/Alice", by=ADMIN)
    assert refusal(answer) == (409, "fixed_by_config", {})
    assert (await house.call("GET", "access/admins", by=ADMIN)).status_code == 200


async def test_lifting_lock_outs_of_nobody_in_particular_is_no_error(house: House) -> None:
    assert (await house.call("DELETE", "access/lockouts/nobody", by=ADMIN)).status_code == 204


@pytest.mark.parametrize("list_", ["blessed", "admins"])
async def test_only_cytube_names_come_onto_a_list(house: House, list_: str) -> None:
    before = await house.stored()
    for name in ("b" * 21, "no%20body", "%00", "b%C3%B3b", "%E2%80%AE", ""):
        answer = await house.call("PUT", f"access/{list_}/{name}", by=ADMIN)
        assert refusal(answer)[:2] == (422, "invalid")
        assert refusal(answer)[2]["field"] == "username"
    assert await house.stored() == before


async def test_blessed_users_replace_the_queue_only_where_the_settings_let_them(house: House) -> None:
    playlist = await house.save("Night", NIGHT)
    refused = await house.apply(playlist, "hard_replace", by=BLESSED)
    assert refusal(refused) == (403, "forbidden", {"needs": "admin"})
    assert house.queued() == []
    allowing = Settings(admins=(Username(ADMIN),), allow_blessed_hard_replace=True)
    async with open_house(allowing) as other:
        playlist = await other.save("Night", NIGHT)
        assert (await other.apply(playlist, "hard_replace", by=BLESSED)).status_code == 200
        session = await other.call("GET", "auth/session", by=BLESSED)
        assert "hard_replace" in session.json["permissions"]
        assert (await other.apply(playlist, "hard_replace", by=VIEWER)).status_code == 403


async def test_a_list_that_cannot_be_read_is_an_error_and_nobodys_role(house: House) -> None:
    token = await house.token(BLESSED)
    store = house.services.access.lists.store
    store.fail_with = Unavailable("the store is away", dependency="store")  # type: ignore[attr-defined]
    answer = await house.call("GET", "playlists", cookies={SESSION_COOKIE: token})
    assert refusal(answer) == (503, "store_unavailable", {"dependency": "store"})


@frozen
class LaggingHouse:
    """A house with copies of sessions and lists that lag a second behind; carol was an admin by then."""

    house: House
    auth: LaggingKV
    acl: LaggingKV

    async def catch_up(self) -> None:
        await self.auth.catch_up()
        await self.acl.catch_up()

    async def grant(self) -> None:
        await self.house.services.access.grant(ALICE, CAROL, Role.ADMIN)

    async def revoke(self) -> None:
        await self.house.services.access.revoke(ALICE, CAROL, Role.ADMIN)

    async def call(self, operation: str) -> Result:
        """By carol, in vain: what is in braces is nothing there is."""
        method, path = operation.split()
        body = RUBBISH if method in ("POST", "PUT") else None
        return await self.house.call(method, path.format(**FILLED), body, by=VIEWER)


ALICE = Actor(Username(ADMIN), Role.ADMIN)
CAROL = Username(VIEWER)


@pytest.fixture
async def lagging(house: House) -> LaggingHouse:
    services = house.services
    made = LaggingHouse(
        house,
        make_lag(services.login.sessions.documents, house.clock),
        make_lag(services.access.lists, house.clock),
    )
    services.events.stop()  # so that nobody listens for ever
    await made.grant()
    await house.token(VIEWER)
    await made.catch_up()
    return made


async def test_every_operation_is_known_to_ask_the_store_or_to_be_content_with_a_glance(house: House) -> None:
    document = (await house.call("GET", "/api/v1/openapi.json")).json
    for_people = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, described in methods.items()
        if described["security"]
    }
    assert for_people == AT_A_GLANCE | ASKED
    assert not AT_A_GLANCE & ASKED


@pytest.mark.parametrize("operation", sorted(ASKED))
async def test_what_changes_something_or_is_for_admins_sees_no_session_and_no_role_of_before(
    lagging: LaggingHouse, operation: str
) -> None:
    assert (await lagging.call(operation)).status_code not in (401, 403)
    await lagging.revoke()
    assert refusal(await lagging.call(operation))[:2] == (403, "forbidden")
    await lagging.grant()
    assert (await lagging.call(operation)).status_code not in (401, 403)
    await lagging.house.services.login.sessions.revoke(await lagging.house.token(VIEWER))
    assert refusal(await lagging.call(operation)) == (401, "not_signed_in", {})


@pytest.mark.parametrize("operation", sorted(AT_A_GLANCE))
async def test_what_is_only_read_may_see_a_session_that_has_ended_for_a_second_and_no_longer(
    lagging: LaggingHouse, operation: str
) -> None:
    await lagging.house.services.login.sessions.revoke(await lagging.house.token(VIEWER))
    assert (await lagging.call(operation)).status_code in (200, 404)
    lagging.house.clock.advance(0.9)
    assert (await lagging.call(operation)).status_code in (200, 404)
    lagging.house.clock.advance(0.1)
    assert refusal(await lagging.call(operation)) == (401, "not_signed_in", {})


@define(eq=False)
class Wish:
    """What everybody who is signed in may read, and may change."""

    door: Door

    @operation("Read", needs=Action.READ_PLAYLISTS)
    async def on_get(self, call: Call[Nothing, Nothing]) -> None: ...

    @operation("Change", needs=Action.READ_PLAYLISTS)
    async def on_post(self, call: Call[Nothing, Nothing]) -> None: ...


async def test_a_change_that_everybody_may_make_asks_the_store_all_the_same(lagging: LaggingHouse) -> None:
    services = lagging.house.services
    door = Door(
        services.login.sessions, services.access, allow_blessed_hard_replace=False, secure_cookies=False
    )
    lagging.house.client.app.add_route("/api/v1/wish", Wish(door))
    assert (await lagging.house.call("POST", "wish", by=VIEWER)).status_code == 200
    await services.login.sessions.revoke(await lagging.house.token(VIEWER))
    assert (await lagging.house.call("GET", "wish", by=VIEWER)).status_code == 200
    assert refusal(await lagging.house.call("POST", "wish", by=VIEWER)) == (401, "not_signed_in", {})


async def test_the_role_that_is_told_is_of_the_last_second(lagging: LaggingHouse) -> None:
    await lagging.revoke()
    assert (await lagging.call("GET /api/v1/auth/session")).json["role"] == "admin"
    lagging.house.clock.advance(1)
    assert (await lagging.call("GET /api/v1/auth/session")).json["role"] == "viewer"


async def test_a_blessing_counts_at_once_for_what_changes_something(lagging: LaggingHouse) -> None:
    await lagging.revoke()
    await lagging.catch_up()
    assert (await lagging.house.call("PUT", "access/blessed/carol", by=ADMIN)).status_code == 204
    assert (await lagging.call("GET /api/v1/auth/session")).json["role"] == "viewer"
    saved = await lagging.house.call("POST", "playlists", {"name": "Mine", "items": []}, by=VIEWER)
    assert saved.status_code == 201


async def test_who_blocks_another_address_is_asked_for_at_the_store(lagging: LaggingHouse) -> None:
    order = {"action": "block", "ip": "192.0.2.77"}
    await lagging.revoke()
    refused = await lagging.house.call("POST", "auth/ipblock", order, by=VIEWER)
    assert refusal(refused) == (403, "forbidden", {"needs": "admin"})
    await lagging.grant()
    await lagging.house.services.login.sessions.revoke(await lagging.house.token(VIEWER))
    refused = await lagging.house.call("POST", "auth/ipblock", order, by=VIEWER)
    assert refusal(refused) == (401, "not_signed_in", {})
