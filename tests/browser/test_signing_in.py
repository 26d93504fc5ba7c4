"""What a browser shows to those whose code was wrong, and to those the channel does not know yet."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visit

pytestmark = pytest.mark.browser


def test_wrong_codes_are_counted_and_then_there_is_a_wait(visit: Visit) -> None:
    somebody = visit()
    problem = somebody.find("#signin-problem")
    code = somebody.page.get_by_label("Code from the private message")
    somebody.page.get_by_label("Your name in the channel").fill("bob")
    somebody.button("Send me a code").click()
    for answer in ("2 tries are left", "One try is left", "last try for this code"):
        code.fill("AAAA-AAAA")
        somebody.button("Sign in").click()
        expect(problem).to_contain_text(answer)
    code.fill("AAAA-AAAA")
    somebody.button("Sign in").click()
    expect(problem).to_contain_text("Too many wrong codes. Wait")
    expect(somebody.button("Sign in")).to_be_disabled()


def test_somebody_new_joins_the_demo_channel_and_signs_in_as_a_viewer(visit: Visit) -> None:
    zoe = visit()
    zoe.expected.add((404, "/api/v1/auth/otp/request"))
    zoe.page.get_by_label("Your name in the channel").fill("zoe")
    zoe.button("Send me a code").click()
    expect(zoe.find("#signin-problem")).to_contain_text("Nobody of that name is in the channel")
    zoe.button("Let zoe join").click()
    zoe.sign_in("zoe")
    expect(zoe.find("#who")).to_contain_text("zoe viewer")


def test_outside_of_a_demo_the_page_asks_nothing_of_one(visit: Visit) -> None:
    somebody = visit()
    asked: list[str] = []
    somebody.page.on("request", lambda request: asked.append(request.url.removeprefix(somebody.house.url)))
    somebody.page.route(
        "**/health", lambda route: route.fulfill(json={**route.fetch().json(), "demo": False})
    )
    somebody.page.reload()
    somebody.page.get_by_label("Your name in the channel").fill("bob")
    somebody.button("I have a code already").click()
    expect(somebody.page.get_by_label("Code from the private message")).to_be_visible()
    expect(somebody.find("#inbox")).to_be_hidden()
    assert "/health" in asked
    assert [path for path in asked if path.startswith("/demo")] == []


def test_a_code_that_was_used_is_not_offered_again(visit: Visit) -> None:
    alice = visit()
    alice.sign_in("alice")
    alice.button("Log out").click()
    alice.page.get_by_label("Your name in the channel").fill("alice")
    expect(alice.find("#inbox-messages")).to_contain_text("sign-in code")
    expect(alice.find(".fill-code")).to_have_count(0)
    alice.button("Send me a code").click()
    expect(alice.find(".fill-code")).to_have_count(1)
