"""Who may do what over HTTP: the table of CONTRACTS section 1, and the lists that admins keep."""

import pytest

from playlist_app.config import Settings
from playlist_app.http.door import SESSION_COOKIE
from playlist_core.domain.identity import Username
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, BLESSED, NIGHT, NOW, VIEWER, House, open_house, refusal

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
