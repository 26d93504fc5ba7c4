"""Signing in over HTTP: codes, cookies, sessions, blocks, and what is refused how."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count

import anyio
import pytest
from falcon.testing import Result

from playlist_adapters.kv.memory import MemoryKV
from playlist_app.config import Settings
from playlist_app.http.door import CHALLENGE_COOKIE, SESSION_COOKIE
from playlist_core.domain.identity import Username
from playlist_core.errors import Unavailable
from tests.http.house import ADMIN, BLESSED, NOW, VIEWER, WRONG, House, open_house, refusal
from tests.unit.lagging import make_lag

pytestmark = pytest.mark.anyio

STRANGER = "198.51.100.9"
VIEWER_MAY = ["search_catalog", "read_playlists", "read_queue", "like"]
BLESSED_MAY = [*VIEWER_MAY, "edit_playlists", "preview_marathon", "plan_apply", "apply", "read_rankings"]
ADMIN_MAY = [*BLESSED_MAY, "hard_replace", "cancel_any_run", "refresh_catalog", "manage_access"]
ABSENT = (404, "not_in_channel", {})


async def sign_in(house: House, name: str, *, peer: str = "127.0.0.1") -> Result:
    cookies = await house.ask(name, peer=peer)
    answer = await house.enter(name, house.code(name), cookies, peer=peer)
    assert answer.status_code == 200
    return answer


async def test_a_code_is_sent_as_a_private_message_and_signs_in(house: House) -> None:
    sent = await house.call("POST", "auth/otp/request", {"username": "BOB"})
    assert (sent.status_code, sent.json) == (200, {"status": "sent", "expires_in_seconds": 300})
    cookies = {CHALLENGE_COOKIE: sent.cookies[CHALLENGE_COOKIE].value}
    verified = await house.enter("bob", house.code("bob"), cookies)
    assert (verified.status_code, verified.json) == (200, {"status": "ok", "role": "blessed"})
    session = {SESSION_COOKIE: verified.cookies[SESSION_COOKIE].value}
    answer = await house.call("GET", "auth/session", cookies=session)
    assert answer.json == {
        "username": "bob",
        "role": "blessed",
        "expires_at": "2026-11-21T11:00:00.000000Z",
        "permissions": BLESSED_MAY,
    }


@pytest.mark.parametrize(
    ("name", "role", "allowed"),
    [(ADMIN, "admin", ADMIN_MAY), (BLESSED, "blessed", BLESSED_MAY), (VIEWER, "viewer", VIEWER_MAY)],
)
async def test_a_session_names_the_role_and_what_it_allows(
    house: House, name: str, role: str, allowed: list[str]
) -> None:
    answer = await house.call("GET", "auth/session", by=name)
    assert (answer.json["role"], answer.json["permissions"]) == (role, allowed)


async def test_a_code_may_be_typed_in_any_case_with_blanks_and_dashes(house: House) -> None:
    cookies = await house.ask("bob")
    code = house.code("bob").lower().replace("-", "")
    answer = await house.enter("Bob", f" {code[:3]} {code[3:5]}--{code[5:]} ", cookies)
    assert answer.json == {"status": "ok", "role": "blessed"}


@pytest.mark.parametrize(
    ("public_url", "suffix"),
    [
        (None, ""),
        ("http://playlist.example", ""),
        ("https://playlist.example", "; Secure"),
    ],
    ids=["no public url", "plain http", "https"],
)
async def test_cookies_are_out_of_reach_of_scripts_and_other_sites_and_secure_where_https_is(
    public_url: str | None, suffix: str
) -> None:
    async with open_house(Settings(public_url=public_url)) as house:
        sent = await house.call("POST", "auth/otp/request", {"username": "bob"})
        challenge = sent.cookies[CHALLENGE_COOKIE].value
        assert sent.headers["set-cookie"] == (
            f"{CHALLENGE_COOKIE}={challenge}; HttpOnly; Max-Age=86400; Path=/; SameSite=Strict{suffix}"
        )
        verified = await house.enter("bob", house.code("bob"), {CHALLENGE_COOKIE: challenge})
        session = verified.cookies[SESSION_COOKIE].value
        assert verified.headers["set-cookie"] == (
            f"{SESSION_COOKIE}={session}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Strict{suffix}"
        )
        assert len(session) >= 43
        assert len({session, challenge, house.code("bob")}) == 3


async def test_signing_out_ends_the_session_and_clears_the_cookie(house: House) -> None:
    verified = await sign_in(house, "bob")
    session = {SESSION_COOKIE: verified.cookies[SESSION_COOKIE].value}
    out = await house.call("POST", "auth/logout", cookies=session)
    assert (out.status_code, out.text) == (204, "")
    cleared = out.cookies[SESSION_COOKIE]
    assert (cleared.value, cleared.path) == ("", "/")
    assert cleared.expires is not None
    assert cleared.expires <= datetime.now(UTC)
    after = await house.call("GET", "auth/session", cookies=session)
    assert refusal(after) == (401, "not_signed_in", {})
    again = await house.call("POST", "auth/logout", cookies=session)
    assert again.status_code == 204


async def test_a_session_is_good_from_its_first_moment_and_ended_writes_nothing_any_more(
    house: House,
) -> None:
    lagging = make_lag(house.services.login.sessions.documents, house.clock)
    await lagging.catch_up()  # the copy for glances knows nothing of the sign-in that follows
    verified = await sign_in(house, "bob")
    session = {SESSION_COOKIE: verified.cookies[SESSION_COOKIE].value}
    assert (await house.call("GET", "auth/session", cookies=session)).status_code == 200
    assert (await house.call("GET", "playlists", cookies=session)).status_code == 200
    await lagging.catch_up()  # and nothing of the sign-out
    await house.call("POST", "auth/logout", cookies=session)
    refused = await house.call("POST", "playlists", {"name": "Mine", "items": []}, cookies=session)
    assert refusal(refused) == (401, "not_signed_in", {})


async def test_a_session_ends_after_twelve_hours_without_use_and_no_earlier(house: House) -> None:
    session = {SESSION_COOKIE: await house.token("bob")}
    house.clock.advance(timedelta(hours=11).total_seconds())
    assert (await house.call("GET", "auth/session", cookies=session)).status_code == 200
    house.clock.advance(timedelta(hours=11).total_seconds())
    assert (await house.call("GET", "auth/session", cookies=session)).status_code == 200
    house.clock.advance(timedelta(hours=13).total_seconds())
    late = await house.call("GET", "auth/session", cookies=session)
    assert refusal(late) == (401, "not_signed_in", {})


async def test_signing_in_mints_a_new_session_and_ends_the_one_presented(house: House) -> None:
    old = {SESSION_COOKIE: (await sign_in(house, "bob")).cookies[SESSION_COOKIE].value}
    cookies = await house.ask("bob")
    verified = await house.enter("bob", house.code("bob"), {**cookies, **old})
    new = {SESSION_COOKIE: verified.cookies[SESSION_COOKIE].value}
    assert new != old
    assert (await house.call("GET", "auth/session", cookies=new)).status_code == 200
    assert (await house.call("GET", "auth/session", cookies=old)).status_code == 401


async def test_a_session_of_the_attackers_choice_is_never_taken_over(house: House) -> None:
    chosen = {SESSION_COOKIE: "x" * 43}
    cookies = await house.ask("bob")
    verified = await house.enter("bob", house.code("bob"), {**cookies, **chosen})
    assert verified.cookies[SESSION_COOKIE].value != chosen[SESSION_COOKIE]
    assert (await house.call("GET", "auth/session", cookies=chosen)).status_code == 401


async def test_a_blank_that_a_phone_adds_to_a_name_does_not_matter(house: House) -> None:
    answer = await house.call("POST", "auth/otp/request", {"username": " bob "})
    assert answer.status_code == 200
    entry = {"username": "bob ", "otp": house.code("bob")}
    verified = await house.call("POST", "auth/otp/verify", entry)
    assert verified.json == {"role": "blessed", "status": "ok"}


@pytest.mark.parametrize(
    "name", ["dave", "", "b ob", "bob\t", "b" * 21, "bób", "bob\x00", "../bob", "KrytenBot2"]
)
async def test_whoever_is_not_in_the_channel_gets_no_code(house: House, name: str) -> None:
    answer = await house.call("POST", "auth/otp/request", {"username": name})
    assert refusal(answer) == ABSENT
    assert CHALLENGE_COOKIE not in answer.cookies


async def test_a_name_that_can_be_nobodys_has_no_code_to_verify(house: House) -> None:
    assert refusal(await house.enter("no body", WRONG)) == ABSENT


async def test_while_the_channel_is_away_nobody_gets_a_code(house: House) -> None:
    house.channel.disconnect()
    answer = await house.call("POST", "auth/otp/request", {"username": "bob"})
    assert refusal(answer) == (503, "channel_unavailable", {})


async def test_wrong_codes_count_down_and_lock_out(house: House) -> None:
    cookies = await house.ask("bob")
    answers = [(await house.enter("bob", WRONG, cookies)).json for _ in range(4)]
    assert answers == [
        {"status": "invalid", "attempts_remaining": 2},
        {"status": "invalid", "attempts_remaining": 1},
        {"status": "invalid", "attempts_remaining": 0},
        {"status": "locked", "retry_after_seconds": 60},
    ]
    right = await house.enter("bob", house.code("bob"), cookies)
    assert right.json == {"status": "locked", "retry_after_seconds": 60}
    assert SESSION_COOKIE not in right.cookies
    again = await house.call("POST", "auth/otp/request", {"username": "bob"})
    assert refusal(again) == (429, "locked", {"retry_after_seconds": 60})
    assert again.headers["retry-after"] == "60"
    house.clock.advance(60)
    assert (await sign_in(house, "bob")).json == {"status": "ok", "role": "blessed"}


async def test_a_stranger_who_burns_guesses_locks_out_only_himself(house: House) -> None:
    mine = await house.ask("bob")
    code = house.code("bob")
    theirs = await house.ask("bob", peer=STRANGER)
    for _ in range(3):
        await house.enter("bob", WRONG, theirs, peer=STRANGER)
    locked = await house.enter("bob", WRONG, theirs, peer=STRANGER)
    assert locked.json == {"status": "locked", "retry_after_seconds": 60}
    assert (await house.enter("bob", code, mine)).json == {"status": "ok", "role": "blessed"}


async def test_a_used_code_and_an_expired_one_ask_for_a_new_one(house: House) -> None:
    cookies = await house.ask("bob")
    code = house.code("bob")
    assert (await house.enter("bob", code, cookies)).json["status"] == "ok"
    used = await house.enter("bob", code, cookies)
    assert used.json == {"status": "locked", "retry_after_seconds": 0}
    cookies = await house.ask("bob")
    house.clock.advance(300)
    late = await house.enter("bob", house.code("bob"), cookies)
    assert late.json == {"status": "locked", "retry_after_seconds": 0}


async def test_a_code_signs_in_only_its_name(house: House) -> None:
    cookies = await house.ask("bob")
    answer = await house.enter("alice", house.code("bob"), cookies)
    assert answer.json == {"status": "unrequested", "can_block_ip": True, "default_block_hours": 72}


async def test_whoever_gets_a_code_unasked_can_block_his_address_right_then(house: House) -> None:
    order = {"action": "block", "hours": 5}
    early = await house.call("POST", "auth/ipblock", order)
    assert refusal(early) == (403, "block_not_offered", {})
    stray = await house.enter("bob", WRONG)
    assert stray.json == {"status": "unrequested", "can_block_ip": True, "default_block_hours": 72}
    elsewhere = await house.call("POST", "auth/ipblock", order, peer=STRANGER)
    assert refusal(elsewhere) == (403, "block_not_offered", {})
    blocked = await house.call("POST", "auth/ipblock", order)
    assert (blocked.status_code, blocked.json) == (
        200,
        {"status": "blocked", "blocked_until": "2026-11-21T04:00:00.000000Z"},
    )
    request = await house.call("POST", "auth/otp/request", {"username": "bob"})
    assert refusal(request) == (403, "ip_blocked", {"retry_after_seconds": 5 * 3600})
    verify = await house.enter("bob", WRONG)
    assert verify.json == {"status": "locked", "retry_after_seconds": 5 * 3600}
    assert (
        await house.call("POST", "auth/otp/request", {"username": "bob"}, peer=STRANGER)
    ).status_code == 200


async def test_the_offer_to_block_oneself_lapses(house: House) -> None:
    await house.enter("bob", WRONG)
    house.clock.advance(600)
    answer = await house.call("POST", "auth/ipblock", {"action": "block"})
    assert refusal(answer) == (403, "block_not_offered", {})


async def test_a_block_lasts_72_hours_unless_told_and_at_most_a_year(house: House) -> None:
    await house.enter("bob", WRONG)
    for hours in (0, -1, 8761):
        answer = await house.call("POST", "auth/ipblock", {"action": "block", "hours": hours})
        details = {"field": "hours", "problem": "must be from 1 to 8760"}
        assert refusal(answer) == (422, "invalid", details)
    answer = await house.call("POST", "auth/ipblock", {"action": "block"})
    assert answer.json == {"status": "blocked", "blocked_until": "2026-11-23T23:00:00.000000Z"}


async def test_admins_block_list_and_lift_any_address(house: House) -> None:
    order = {"action": "block", "ip": STRANGER, "hours": 1, "reason": "otp_abuse"}
    made = await house.call("POST", "auth/ipblock", order, by=ADMIN)
    assert made.json == {"status": "blocked", "blocked_until": "2026-11-21T00:00:00.000000Z"}
    second = await house.call("POST", "auth/ipblock", {"action": "block", "ip": "2001:db8::7"}, by=ADMIN)
    assert second.status_code == 200
    listed = await house.call("GET", "auth/ipblocks", by=ADMIN)
    assert listed.json == {
        "blocks": [
            {
                "ip": STRANGER,
                "blocked_until": "2026-11-21T00:00:00.000000Z",
                "reason": "otp_abuse",
                "created_at": NOW,
                "by": "alice",
            },
            {
                "ip": "2001:db8::7",
                "blocked_until": "2026-11-23T23:00:00.000000Z",
                "reason": "admin_action",
                "created_at": NOW,
                "by": "alice",
            },
        ]
    }
    kept_out = await house.call("POST", "auth/otp/request", {"username": "bob"}, peer=STRANGER)
    assert refusal(kept_out) == (403, "ip_blocked", {"retry_after_seconds": 3600})
    neighbour = await house.call("POST", "auth/otp/request", {"username": "bob"}, peer="2001:db8::8:1")
    assert refusal(neighbour)[1] == "ip_blocked"
    for ip in (STRANGER, "2001:db8::7", STRANGER):
        assert (await house.call("DELETE", f"auth/ipblocks/{ip}", by=ADMIN)).status_code == 204
    assert (await house.call("GET", "auth/ipblocks", by=ADMIN)).json == {"blocks": []}
    assert (
        await house.call("POST", "auth/otp/request", {"username": "bob"}, peer=STRANGER)
    ).status_code == 200


async def test_only_admins_block_other_addresses(house: House) -> None:
    order = {"action": "block", "ip": STRANGER, "hours": 1}
    await house.enter("bob", WRONG)
    assert refusal(await house.call("POST", "auth/ipblock", order)) == (401, "not_signed_in", {})
    refused = await house.call("POST", "auth/ipblock", order, by=BLESSED)
    assert refusal(refused) == (403, "forbidden", {"needs": "admin"})
    assert (await house.call("GET", "auth/ipblocks", by=ADMIN)).json == {"blocks": []}


async def test_a_block_ends_signing_in_but_no_session(house: House) -> None:
    await house.call("POST", "auth/ipblock", {"action": "block", "ip": "127.0.0.1"}, by=ADMIN)
    assert (await house.call("GET", "auth/session", by=BLESSED)).status_code == 200


async def test_requests_for_a_name_are_limited_and_say_when_to_come_back(house: House) -> None:
    for _ in range(3):
        await house.ask("bob")
    answer = await house.call("POST", "auth/otp/request", {"username": "bob"})
    assert refusal(answer) == (429, "rate_limited", {"retry_after_seconds": 900})
    assert answer.headers["retry-after"] == "900"
    house.clock.advance(899)
    assert (await house.call("POST", "auth/otp/request", {"username": "bob"})).status_code == 429
    house.clock.advance(1)
    assert (await house.call("POST", "auth/otp/request", {"username": "bob"})).status_code == 200


async def test_verifications_of_a_source_are_limited(house: House) -> None:
    names = [f"nobody{number}" for number in range(31)]
    answers = [await house.enter(name, WRONG, peer=STRANGER) for name in names]
    assert [answer.json.get("status") for answer in answers[:30]] == ["unrequested"] * 30
    assert refusal(answers[30]) == (429, "rate_limited", {"retry_after_seconds": 900})
    assert (await house.enter("nobody31", WRONG)).json["status"] == "unrequested"


async def test_an_admin_lets_a_locked_out_name_sign_in_again(house: House) -> None:
    cookies = await house.ask("bob")
    for _ in range(3):
        await house.enter("bob", WRONG, cookies)
    assert (await house.call("POST", "auth/otp/request", {"username": "bob"})).status_code == 429
    assert (await house.call("DELETE", "access/lockouts/bob", by=ADMIN)).status_code == 204
    assert (await sign_in(house, "bob")).json["status"] == "ok"


async def test_of_200_wrong_guesses_at_once_three_are_evaluated(house: House) -> None:
    cookies = await house.ask("bob")
    answers: list[Result] = []

    async def guess(number: int) -> None:
        answers.append(await house.enter("bob", f"WRONG{number:03}", cookies))

    async with anyio.create_task_group() as tasks:
        for number in range(200):
            tasks.start_soon(guess, number)
    said = Counter(answer.json["status"] for answer in answers if answer.status_code == 200)
    refused = {refusal(answer)[:2] for answer in answers if answer.status_code != 200}
    assert len(answers) == 200
    assert said["invalid"] == 3
    assert said.keys() <= {"invalid", "locked"}
    assert refused == {(429, "rate_limited")}


async def test_of_50_right_answers_at_once_one_signs_in(house: House) -> None:
    cookies = await house.ask("bob")
    answers: list[Result] = []

    async def answer() -> None:
        answers.append(await house.enter("bob", house.code("bob"), cookies))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(answer)
    said = Counter(each.json["status"] for each in answers if each.status_code == 200)
    assert said["ok"] == 1
    assert said.keys() <= {"ok", "locked"}
    assert [SESSION_COOKIE in each.cookies for each in answers].count(True) == 1


@pytest.mark.parametrize("read", range(5))
async def test_a_role_that_cannot_be_read_costs_nobody_his_code_or_his_session(
    house: House, read: int
) -> None:
    store = house.services.access.lists.store
    assert isinstance(store, MemoryKV)
    reads = count()

    async def blip(operation: str, key: str) -> None:
        away = Unavailable("The store is out for lunch.")
        store.fail_with = away if next(reads) == read else None

    cookies = await house.ask("bob")
    store.before_operation = blip
    answer = await house.enter("bob", house.code("bob"), cookies)
    if answer.status_code != 200:
        assert refusal(answer) == (503, "store_unavailable", {})
        assert SESSION_COOKIE not in answer.cookies
        answer = await house.enter("bob", house.code("bob"), cookies)
    store.before_operation = None
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "role": "blessed"})
    session = {SESSION_COOKIE: answer.cookies[SESSION_COOKIE].value}
    assert (await house.call("GET", "auth/session", cookies=session)).json["username"] == "bob"


async def test_no_secret_is_in_any_answer_or_error(house: House) -> None:
    verified = await sign_in(house, "bob")
    code, token = house.code("bob"), verified.cookies[SESSION_COOKIE].value
    session = {SESSION_COOKIE: token}
    for answer in (
        verified,
        await house.call("GET", "auth/session", cookies=session),
        await house.call("GET", "/health"),
        await house.enter("bob", code),
        await house.call("GET", f"playlists/{token}", cookies=session),
        await house.call("GET", "access/blessed", by=ADMIN),
    ):
        assert token not in answer.text
        assert code not in answer.text
        assert code.replace("-", "") not in answer.text


async def test_an_overlong_code_is_refused_before_it_costs_anything(house: House) -> None:
    cookies = await house.ask("bob")
    # Normalised as it is, this would take minutes: each accent below sorts before each one above.
    answer = await house.enter("bob", "\u0300" * 170_000 + "\u0316" * 170_000, cookies)
    details = {"field": "otp", "problem": "is longer than 100 characters"}
    assert refusal(answer) == (422, "invalid", details)
    assert (await house.enter("bob", house.code("bob"), cookies)).json["status"] == "ok"


async def test_config_admins_are_admins_in_whatever_case_they_sign_in() -> None:
    async with open_house(Settings(admins=(Username("ALICE"),))) as house:
        assert (await sign_in(house, "alice")).json == {"status": "ok", "role": "admin"}
