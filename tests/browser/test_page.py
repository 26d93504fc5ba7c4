"""The page in a browser, used as a person uses it, at a desk and on a phone."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

# conftest's Visitor and its factory; test modules cannot import from a conftest.
Visitor = Any
Visit = Callable[..., Visitor]

AT_A_DESK_AND_ON_A_PHONE = pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
COMEDIES, CYGNUS = "Silent Comedy Night", "Cygnus Outpost, Season 1"


def working_list(visitor: Visitor) -> list[str]:
    return visitor.find("#list .title").all_inner_texts()


def add(visitor: Visitor, words: str, count: int) -> list[str]:
    """Type `words` and add the first `count` results."""
    visitor.tab("Search")
    visitor.page.get_by_label("Search titles").press_sequentially(words, delay=20)
    expect(visitor.find("#results .title").first).to_contain_text(words, ignore_case=True)
    titles = visitor.find("#results .title").all_inner_texts()[:count]
    for title in titles:
        visitor.page.get_by_role("button", name=f"Add {title}", exact=True).click()
    return titles


def centre(element: Locator) -> tuple[float, float]:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(visitor: Visitor, handle: Locator, target: Locator, *, touch: bool) -> None:
    """From the middle of `handle` a little past the middle of `target`, which is further down."""
    (x, start), (_, end) = centre(handle), centre(target)
    places = [start + (end + 12 - start) * step / 6 for step in range(7)]
    if not touch:
        visitor.page.mouse.move(x, start)
        visitor.page.mouse.down()
        for y in places:
            visitor.page.mouse.move(x, y)
        visitor.page.mouse.up()
        return
    finger = visitor.page.context.new_cdp_session(visitor.page)
    for index, y in enumerate(places):
        kind = "touchStart" if index == 0 else "touchMove"
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def press(visitor: Visitor, label: str, title: str) -> None:
    """One of the buttons under a row of the working playlist."""
    button = visitor.page.get_by_role("button", name=f"{label}: {title}", exact=True)
    if not button.is_visible():
        visitor.find("#list .open-tools").filter(has_text=title).click()
    button.click()


def save(visitor: Visitor, name: str) -> None:
    visitor.tab("Playlist")
    visitor.page.get_by_label("Name of the playlist").fill(name)
    visitor.page.get_by_role("button", name="Save", exact=True).click()
    expect(visitor.find("#toasts")).to_contain_text(f"Saved “{name}”")
    expect(visitor.find("#dirty")).to_be_hidden()


@AT_A_DESK_AND_ON_A_PHONE
def test_a_programmer_gets_from_the_code_to_the_channel(visit: Visit, phone: bool) -> None:
    bob = visit("bob", phone=phone)
    one, two, three = add(bob, "felix", 3)

    bob.tab("Playlist")
    assert working_list(bob) == [one, two, three]
    press(bob, "Move to the top", three)
    assert working_list(bob) == [three, one, two]
    press(bob, "Move up", two)
    assert working_list(bob) == [three, two, one]
    handles = bob.find("#list .handle")
    drag(bob, handles.nth(0), handles.nth(2), touch=phone)
    assert working_list(bob) == [two, one, three]
    save(bob, "Felix first")

    bob.tab("Saved")
    bob.page.get_by_role("button", name=f"Use in a marathon: {CYGNUS}").click()
    bob.page.get_by_role("button", name="Use in a marathon: Felix first").click()
    bob.page.get_by_role("button", name="Marathon of 2 playlists…").click()
    bob.page.get_by_label("Mixed by a pattern").check()
    bob.page.get_by_label("Pattern: a source").fill("A2B1")
    expect(bob.find("#preview tbody tr")).to_have_count(16)
    sources = bob.find("#preview .source")
    expect(sources).to_have_text([*"AABAABAAB", *"AAAAAAA"])
    expect(bob.find("#preview tbody tr").nth(2)).to_contain_text(two)
    bob.page.get_by_role("button", name="Take it as working playlist").click()
    mixed = working_list(bob)
    assert (len(mixed), mixed[2], mixed[5], mixed[8]) == (16, two, one, three)
    press(bob, "Move to the top", two)
    mixed = [two, *mixed[:2], *mixed[3:]]
    assert working_list(bob) == mixed
    save(bob, "Felix in space")

    bob.stir("refuse_next")
    bob.page.get_by_role("button", name="Apply…", exact=True).click()
    expect(bob.find("#plan dd")).to_have_text(["0", "0", "16", "0"])
    bob.page.get_by_role("button", name="Apply now").click()
    result = bob.find("#apply")
    expect(result).to_contain_text("15 of 16 titles in the queue", timeout=30_000)
    expect(result.locator(".failures")).to_contain_text(two)
    expect(result.locator(".outcome .failed")).to_have_count(1)
    expect(result.locator(".outcome .done")).to_have_count(15)
    bob.page.get_by_role("button", name="See the channel").click()

    expect(bob.find("#now .title")).to_have_text(mixed[1])
    expect(bob.find("#queue .title")).to_have_text(mixed[2:])
    view = bob.channel()
    assert (len(view["queue"]), view["now_playing"]["uid"]) == (15, view["queue"][0]["uid"])


def test_undo_puts_the_queue_back(visit: Visit) -> None:
    bob = visit("bob")
    bob.page.get_by_role("button", name=f"Apply {COMEDIES}").click()
    bob.page.get_by_role("button", name="Apply now").click()
    bob.page.get_by_role("button", name="See the channel").click(timeout=30_000)
    before = [item["video_id"] for item in bob.channel()["queue"]]
    bob.page.get_by_role("button", name=f"Apply {CYGNUS}").click()
    bob.page.get_by_role("button", name="Apply now").click()
    bob.page.get_by_role("button", name="Undo").click(timeout=30_000)
    expect(bob.find("#apply-title")).to_have_text("The queue before", timeout=30_000)
    assert [item["video_id"] for item in bob.channel()["queue"]] == before


def test_a_run_goes_on_without_the_page_and_is_found_again(visit: Visit) -> None:
    bob, alice = visit("bob"), visit("alice")
    bob.save_many("A long night", 80)
    bob.page.reload()
    bob.page.get_by_role("button", name="Apply A long night").click()
    bob.page.get_by_role("button", name="Apply now").click()
    expect(bob.find("#apply-title")).to_have_text("Applying “A long night”")
    alice.expected.add((409, "/api/v1/queue/apply"))
    alice.page.get_by_role("button", name=f"Apply {COMEDIES}").click()
    alice.page.get_by_role("button", name="Apply now").click()
    expect(alice.find("#apply-problem")).to_contain_text("bob is putting a playlist on the air right now")
    bob.page.reload()
    expect(bob.find("#run-strip")).to_contain_text("Applying “A long night”")
    alice.page.get_by_role("button", name="Watch it").click()
    alice.page.get_by_role("button", name="Cancel").click()
    expect(alice.find("#run")).to_contain_text("Cancelled.", timeout=30_000)
    expect(bob.find("#run-strip")).to_contain_text("Applied “A long night”: cancelled")


def test_the_first_result_is_one_enter_away(visit: Visit) -> None:
    bob = visit("bob")
    bob.find("h1").click()
    bob.page.keyboard.press("/")
    bob.page.keyboard.type("wigns")
    bob.page.keyboard.press("Enter")
    expect(bob.find("#list .title")).to_have_text(["Wings 1927"])
    expect(bob.find("#search-summary")).to_have_text("Nothing matches “wigns”; these match “wings”: 1 title")


def test_an_empty_result_offers_the_ways_out(visit: Visit) -> None:
    bob = visit("bob")
    bob.find("#filters summary").click()
    bob.page.get_by_role("checkbox", name="Silent").check()
    bob.page.get_by_label("Search titles").fill("cygnus")
    expect(bob.find("#search-empty")).to_contain_text("No title has all of “cygnus” in Silent.")
    bob.page.get_by_role("button", name="Search in all categories").click()
    expect(bob.find("#results .title").first).to_contain_text("Cygnus Outpost")


def test_more_results_follow_without_repeating_any(visit: Visit) -> None:
    bob = visit("bob")
    rows = bob.find("#results > li")
    expect(rows).to_have_count(50)
    bob.page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(100)
    ids = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert len(set(ids)) == 100


def test_keys_lift_a_title_move_it_and_put_it_back(visit: Visit) -> None:
    bob = visit("bob")
    bob.open_saved(COMEDIES)
    expect(bob.find("#list > li")).to_have_count(6)
    before = working_list(bob)
    bob.find("#list .handle").first.focus()
    for key in ("Space", "ArrowDown", "ArrowDown"):
        bob.page.keyboard.press(key)
    assert working_list(bob) == [*before[1:3], before[0], *before[3:]]
    expect(bob.find("#live")).to_have_text("position 3 of 6")
    bob.page.keyboard.press("Escape")
    assert working_list(bob) == before
    for key in ("Space", "End", "Space", "ArrowUp"):
        bob.page.keyboard.press(key)
    assert working_list(bob) == [*before[1:], before[0]]
    expect(bob.find("#live")).to_contain_text("dropped, position 6 of 6")


def test_a_removed_title_comes_back_to_its_place(visit: Visit) -> None:
    bob = visit("bob")
    bob.open_saved(COMEDIES)
    expect(bob.find("#list > li")).to_have_count(6)
    before = working_list(bob)
    bob.page.get_by_role("button", name=f"Remove {before[2]}").click()
    press(bob, "Move to the bottom", before[0])
    assert working_list(bob) == [before[1], *before[3:], before[0]]
    bob.page.get_by_role("button", name="Undo").click()
    assert working_list(bob) == [before[1], before[3], before[2], *before[4:], before[0]]


def test_unsaved_work_survives_a_reload_and_another_person_does_not_see_it(visit: Visit) -> None:
    bob = visit("bob")
    titles = add(bob, "felix", 2)
    bob.page.reload()
    expect(bob.find("#list .title")).to_have_text(titles)
    expect(bob.find("#dirty")).to_be_visible()
    bob.page.get_by_role("button", name="Log out").click()
    bob.sign_in("alice")
    expect(bob.find("#list > li")).to_have_count(0)


def test_who_saves_later_chooses_whose_version_stays(visit: Visit) -> None:
    bob, alice = visit("bob"), visit("alice")
    bob.open_saved(COMEDIES)
    expect(bob.find("#list > li")).to_have_count(6)
    alice.open_saved(COMEDIES)
    expect(alice.find("#list > li")).to_have_count(6)
    theirs = working_list(alice)
    press(alice, "Move to the bottom", theirs[0])
    save(alice, COMEDIES)
    playlist = alice.find("#saved .badge").locator("xpath=ancestor::li").get_attribute("data-id")
    bob.expected.add((412, f"/api/v1/playlists/{playlist}"))

    press(bob, "Move to the bottom", theirs[1])
    bob.page.get_by_role("button", name="Save", exact=True).click()
    expect(bob.find("#save-problem")).to_contain_text("alice saved this playlist in between")
    bob.page.get_by_role("button", name="Load theirs").click()
    expect(bob.find("#list .title")).to_have_text([*theirs[1:], theirs[0]])
    bob.page.get_by_role("button", name="Undo").click()
    bob.page.get_by_role("button", name="Save", exact=True).click()
    bob.page.get_by_role("button", name="Save mine over it").click()
    expect(bob.find("#dirty")).to_be_hidden()
    alice.open_saved(COMEDIES)
    expect(alice.find("#list .title")).to_have_text([theirs[0], *theirs[2:], theirs[1]])


def test_a_name_that_is_taken_comes_with_one_that_is_free(visit: Visit) -> None:
    bob = visit("bob")
    bob.expected.add((409, "/api/v1/playlists"))
    add(bob, "felix", 1)
    bob.page.get_by_label("Name of the playlist").fill(COMEDIES)
    bob.page.get_by_role("button", name="Save", exact=True).click()
    bob.page.get_by_role("button", name=f"Save as “{COMEDIES} 2”").click()
    expect(bob.find("#saved-list .title")).to_contain_text([CYGNUS, COMEDIES, f"{COMEDIES} 2"])


def test_a_deleted_playlist_is_one_undo_away_and_stays_restorable(visit: Visit) -> None:
    bob = visit("bob")
    bob.page.get_by_role("button", name=f"Delete {COMEDIES}").click()
    expect(bob.find("#saved-list .title")).to_have_text([CYGNUS])
    bob.page.get_by_role("button", name="Undo").click()
    expect(bob.find("#saved-list .title")).to_have_text([CYGNUS, COMEDIES])
    bob.page.get_by_role("button", name=f"Delete {COMEDIES}").click()
    bob.page.get_by_text("Deleted playlists").click()
    bob.page.get_by_role("button", name=f"Restore {COMEDIES}").click()
    expect(bob.find("#saved-list .title")).to_have_text([CYGNUS, COMEDIES])


def test_a_pattern_that_cannot_be_read_shows_where(visit: Visit) -> None:
    bob = visit("bob")
    bob.expected.add((400, "/api/v1/marathons/preview"))
    for name in (CYGNUS, COMEDIES):
        bob.page.get_by_role("button", name=f"Use in a marathon: {name}").click()
    bob.page.get_by_role("button", name="Marathon of 2 playlists…").click()
    bob.page.get_by_label("Mixed by a pattern").check()
    bob.page.get_by_label("Pattern: a source").fill("A2?B1")
    expect(bob.find("#pattern-problem mark")).to_have_text("?")
    expect(bob.find("#pattern-problem .marked")).to_have_text("A2?B1")
    expect(bob.page.get_by_role("button", name="Take it as working playlist")).to_be_disabled()
    bob.page.get_by_label("Two of each").check()
    expect(bob.find("#preview .source").nth(3)).to_have_text("B")
    expect(bob.find("#pattern-problem")).to_be_hidden()


def test_a_seed_gives_the_same_shuffle_again(visit: Visit) -> None:
    bob = visit("bob")
    bob.page.get_by_role("button", name=f"Use in a marathon: {COMEDIES}").click()
    bob.page.get_by_role("button", name="Marathon of 1 playlist…").click()
    bob.page.get_by_label("Shuffled").check()
    seed = bob.page.get_by_label("Seed")
    expect(seed).not_to_have_value("")
    shown, order = seed.input_value(), bob.find("#preview .what").all_inner_texts()
    bob.page.get_by_role("button", name="Shuffle again").click()
    expect(seed).not_to_have_value(shown)
    with bob.page.expect_response("**/marathons/preview"):
        seed.fill(shown)
    expect(bob.find("#preview .what")).to_have_text(order)


def test_while_the_channel_is_away_applying_waits_and_searching_goes_on(visit: Visit) -> None:
    bob = visit("bob")
    bob.page.get_by_role("button", name=f"Apply {COMEDIES}").click()
    go = bob.page.get_by_role("button", name="Apply now")
    expect(go).to_be_enabled()
    bob.stir("disconnect")
    expect(bob.find("#away-note")).to_be_visible()
    expect(go).to_be_disabled()
    expect(bob.find("#apply-problem")).to_contain_text("cannot be reached")
    bob.stir("reconnect")
    expect(go).to_be_enabled()
    bob.page.get_by_role("button", name="Close", exact=True).click()
    bob.page.get_by_role("button", name="Disconnect").click()
    add(bob, "felix", 1)
    expect(bob.find("#now")).to_contain_text("not known")
    bob.page.get_by_role("button", name="Reconnect").click()
    expect(bob.find("#away-note")).to_be_hidden()


@AT_A_DESK_AND_ON_A_PHONE
def test_a_viewer_reads_and_is_told_who_can_change_that(visit: Visit, phone: bool) -> None:
    carol = visit("carol", phone=phone)
    expect(carol.find("#role-note")).to_contain_text("ask an admin of the channel to bless you")
    expect(carol.find("#results > li").first).to_be_visible()
    carol.open_saved(COMEDIES)
    expect(carol.find("#list > li")).to_have_count(6)
    for name in ("Add", "Save", "Apply", "Remove", "Delete", "Marathon", "Move"):
        expect(carol.page.get_by_role("button", name=re.compile(f"^{name}"))).to_have_count(0)


def test_only_who_may_replace_everything_is_offered_it(visit: Visit) -> None:
    bob, alice = visit("bob"), visit("alice")
    for visitor in (bob, alice):
        visitor.page.get_by_role("button", name=f"Apply {COMEDIES}").click()
    expect(bob.page.get_by_label("Replace everything")).to_have_count(0)
    alice.page.get_by_label("Replace everything").check()
    expect(alice.find("#apply-hard")).to_contain_text("removed")
    alice.page.get_by_role("button", name="Replace everything now").click()
    expect(alice.find("#apply")).to_contain_text("6 of 6 titles in the queue", timeout=30_000)


def test_wrong_codes_are_counted_and_then_there_is_a_wait(visit: Visit) -> None:
    somebody = visit()
    problem = somebody.find("#signin-problem")
    code = somebody.page.get_by_label("Code from the private message")
    somebody.page.get_by_label("Your name in the channel").fill("bob")
    somebody.page.get_by_role("button", name="Send me a code").click()
    for answer in ("2 tries are left", "One try is left", "last try for this code"):
        code.fill("AAAA-AAAA")
        somebody.page.get_by_role("button", name="Sign in").click()
        expect(problem).to_contain_text(answer)
    code.fill("AAAA-AAAA")
    somebody.page.get_by_role("button", name="Sign in").click()
    expect(problem).to_contain_text("Too many wrong codes. Wait")
    expect(somebody.page.get_by_role("button", name="Sign in")).to_be_disabled()


def test_a_code_nobody_asked_for_here_offers_to_block_the_address(visit: Visit) -> None:
    somebody = visit()
    somebody.expected.add((403, "/api/v1/auth/otp/request"))
    problem = somebody.find("#signin-problem")
    somebody.page.get_by_label("Your name in the channel").fill("bob")
    somebody.page.get_by_role("button", name="I have a code already").click()
    somebody.page.get_by_label("Code from the private message").fill("ABCD-EFGH")
    somebody.page.get_by_role("button", name="Sign in").click()
    expect(problem).to_contain_text("Did you ask for this code?")
    somebody.page.get_by_role("button", name="I did not ask: block for 72 hours").click()
    expect(problem).to_contain_text("nobody can sign in from this address for 72 hours")
    somebody.page.get_by_role("button", name="Send me a code").click()
    expect(problem).to_contain_text("Signing in from this address is blocked")


def test_somebody_new_joins_the_demo_channel_and_signs_in_as_a_viewer(visit: Visit) -> None:
    zoe = visit()
    zoe.expected.add((404, "/api/v1/auth/otp/request"))
    zoe.page.get_by_label("Your name in the channel").fill("zoe")
    zoe.page.get_by_role("button", name="Send me a code").click()
    expect(zoe.find("#signin-problem")).to_contain_text("Nobody of that name is in the channel")
    zoe.page.get_by_role("button", name="Let zoe join").click()
    zoe.page.get_by_role("button", name="Send me a code").click()
    zoe.page.get_by_role("button", name="Fill in").click()
    zoe.page.get_by_role("button", name="Sign in").click()
    expect(zoe.find("#who")).to_contain_text("zoe viewer")


def test_markup_in_a_name_stays_text(visit: Visit) -> None:
    bob = visit("bob")
    add(bob, "felix", 1)
    name = "<img src=x onerror=alert(1)> & <b>bold</b>"
    save(bob, name)
    expect(bob.find("#saved-list .title").filter(has_text="onerror")).to_have_text(f"{name} open")
    bob.open_saved(name)
    assert bob.find("#desk img, #desk b, #toasts img").count() == 0


@pytest.mark.parametrize("place", ["Search", "Playlist", "Saved", "Channel"])
def test_on_a_phone_everything_fits_and_can_be_touched(visit: Visit, place: str) -> None:
    bob = visit("bob", phone=True)
    bob.open_saved(COMEDIES)
    bob.tab(place)
    expect(bob.find(f"#{place.lower()}")).to_be_visible()
    wide = "document.documentElement.scrollWidth - innerWidth"
    small = """[...document.querySelectorAll('button, a, select, summary, .choice, input')]
        .filter(element => !['radio', 'checkbox'].includes(element.type))
        .filter(element => element.checkVisibility() && !element.matches('.skip'))
        .map(element => [element.textContent || element.id, element.getBoundingClientRect().height])
        .filter(([, height]) => height < 44)"""
    assert (bob.page.evaluate(wide), bob.page.evaluate(small)) == (0, [])
