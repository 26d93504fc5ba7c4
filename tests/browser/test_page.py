"""What the requirements promise, walked in a browser at a desk and on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.visitor import Visit

pytestmark = pytest.mark.browser

COMEDIES = "Silent Comedy Night"
# Longer than a page waits before it looks at the channel again.
A_WHILE = 4


@pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
def test_a_programmer_gets_from_the_code_to_the_channel(visit: Visit, own_house: House, phone: bool) -> None:
    bob = visit(at=own_house, phone=phone)
    bob.sign_in("bob")
    one, two, three = bob.add("felix", 3)

    bob.tab("Playlist")
    assert bob.working_list() == [one, two, three]
    bob.press("Move to the top", three)
    assert bob.working_list() == [three, one, two]
    bob.press("Move up", two)
    assert bob.working_list() == [three, two, one]
    handles = bob.find("#list .handle")
    bob.drag(handles.nth(0), handles.nth(2), touch=phone)
    assert bob.working_list() == [two, one, three]
    bob.save("Felix first")

    bob.mix(COMEDIES, "Felix first")
    bob.page.get_by_label("Mixed by a pattern").check()
    bob.page.get_by_label("Pattern: a source").fill("A1B2")
    expect(bob.find("#preview .source")).to_have_text([*"ABBABAAAA"])
    expect(bob.find("#preview tbody tr").nth(1)).to_contain_text(two)
    bob.button("Take it as working playlist").click()
    mixed = bob.working_list()
    assert (len(mixed), mixed[1], mixed[2], mixed[4]) == (9, two, one, three)
    bob.press("Move to the top", two)
    bob.tab("Search")
    bob.button(f"Add {one}").click()
    bob.tab("Playlist")
    mixed = [two, mixed[0], *mixed[2:], one]
    assert bob.working_list() == mixed
    bob.save("Felix in the dark")

    own_house.stir("refuse_next")
    bob.button("Apply…").click()
    expect(bob.find("#plan dd")).to_have_text(["0", "0", "9", "0"])
    expect(bob.find("#plan .failures .title")).to_have_text([one])
    bob.button("Apply now").click()
    result = bob.find("#apply")
    expect(result).to_contain_text("8 of 10 titles in the queue", timeout=30_000)
    expect(result.locator(".failures .title")).to_have_text([two, one])
    expect(result.locator(".outcome li")).to_have_class(["failed", *["done"] * 8, "failed"])
    bob.button("See the channel").click()

    expect(bob.find("#now .title")).to_have_text(mixed[1])
    expect(bob.find("#queue .title")).to_have_text(mixed[2:-1])
    view = own_house.channel()
    assert (len(view["queue"]), view["now_playing"]["uid"]) == (8, view["queue"][0]["uid"])


def test_undo_puts_the_queue_back(visit: Visit, own_house: House) -> None:
    own_house.save_many("bob", "Cats", 3, words="felix")
    own_house.save_many("bob", "Ghosts", 2, words="midnight")
    bob = visit("bob", at=own_house)
    bob.apply("Cats")
    bob.button("See the channel").click()
    before = [item["video_id"] for item in own_house.channel()["queue"]]
    bob.apply("Ghosts")
    bob.button("Undo").click()
    expect(bob.find("#apply-title")).to_have_text("The queue before", timeout=30_000)
    after = [item["video_id"] for item in own_house.channel()["queue"]]
    assert (after, len(after)) == (before, 3)


def test_a_run_goes_on_without_the_page_and_is_found_again(visit: Visit, own_house: House) -> None:
    own_house.save_many("bob", "A long night", 80)
    bob, alice = visit("bob", at=own_house), visit("alice", at=own_house)
    bob.button("Apply A long night").click()
    bob.button("Apply now").click()
    expect(bob.find("#apply-title")).to_have_text("Applying “A long night”")
    alice.expected.add((409, "/api/v1/queue/apply"))
    alice.button(f"Apply {COMEDIES}").click()
    alice.button("Apply now").click()
    expect(alice.find("#apply-problem")).to_contain_text("bob is putting a playlist on the air right now")
    bob.page.reload()
    expect(bob.find("#run-strip")).to_contain_text("Applying “A long night”")
    alice.button("Watch it").click()
    alice.button("Cancel").click()
    expect(alice.find("#run")).to_contain_text("Cancelled.", timeout=30_000)
    expect(bob.find("#run-strip")).to_contain_text("Applied “A long night”: cancelled")


def test_only_who_may_replace_everything_is_offered_it(visit: Visit, own_house: House) -> None:
    bob, alice = visit("bob", at=own_house), visit("alice", at=own_house)
    for visitor in (bob, alice):
        visitor.button(f"Apply {COMEDIES}").click()
    expect(bob.page.get_by_label("Keep what is playing")).to_be_visible()
    expect(bob.page.get_by_label("Replace everything")).to_have_count(0)
    alice.page.get_by_label("Replace everything").check()
    expect(alice.find("#apply-hard")).to_contain_text("removed")
    alice.button("Replace everything now").click()
    expect(alice.find("#apply")).to_contain_text("6 of 6 titles in the queue", timeout=30_000)


def test_while_the_channel_is_away_applying_waits_and_searching_goes_on(
    visit: Visit, own_house: House
) -> None:
    bob = visit("bob", at=own_house, clockwork=True)
    bob.button(f"Apply {COMEDIES}").click()
    go = bob.button("Apply now")
    expect(go).to_be_enabled()
    own_house.stir("disconnect")
    bob.later(A_WHILE)
    expect(bob.find("#away-note")).to_be_visible()
    expect(go).to_be_disabled()
    expect(bob.find("#apply-problem")).to_contain_text("cannot be reached")
    own_house.stir("reconnect")
    bob.later(A_WHILE)
    expect(go).to_be_enabled()
    bob.button("Close").click()
    bob.button("Disconnect").click()
    bob.add("felix", 1)
    expect(bob.find("#now")).to_contain_text("not known")
    bob.button("Reconnect").click()
    expect(bob.find("#away-note")).to_be_hidden()


def test_a_removed_title_comes_back_to_its_place(visit: Visit) -> None:
    bob = visit("bob")
    before = bob.open_saved(COMEDIES, 6)
    bob.button(f"Remove {before[2]}").click()
    bob.press("Move to the bottom", before[0])
    assert bob.working_list() == [before[1], *before[3:], before[0]]
    bob.button("Undo").click()
    assert bob.working_list() == [before[1], before[3], before[2], *before[4:], before[0]]


def test_unsaved_work_survives_a_reload_and_another_person_does_not_see_it(
    visit: Visit, own_house: House
) -> None:
    bob = visit("bob", at=own_house)
    titles = bob.add("felix", 2)
    bob.page.reload()
    expect(bob.find("#list .title")).to_have_text(titles)
    expect(bob.find("#dirty")).to_be_visible()
    bob.button("Log out").click()
    bob.sign_in("alice")
    expect(bob.find("#list > li")).to_have_count(0)
    bob.button("Log out").click()
    bob.sign_in("bob")
    expect(bob.find("#list .title")).to_have_text(titles)


def test_a_code_nobody_asked_for_here_offers_to_block_the_address(visit: Visit, own_house: House) -> None:
    somebody = visit(at=own_house)
    somebody.expected.add((403, "/api/v1/auth/otp/request"))
    problem = somebody.find("#signin-problem")
    somebody.page.get_by_label("Your name in the channel").fill("bob")
    somebody.button("I have a code already").click()
    somebody.page.get_by_label("Code from the private message").fill("ABCD-EFGH")
    somebody.button("Sign in").click()
    expect(problem).to_contain_text("Did you ask for this code?")
    somebody.button("I did not ask: block for 72 hours").click()
    expect(problem).to_contain_text("nobody can sign in from this address for 72 hours")
    somebody.button("Send me a code").click()
    expect(problem).to_contain_text("Signing in from this address is blocked")
