"""Searching, arranging, saving and mixing in a browser: what the page does for whoever builds playlists."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.house import House
from tests.browser.visitor import Visit

pytestmark = pytest.mark.browser

COMEDIES, CYGNUS = "Silent Comedy Night", "Cygnus Outpost, Season 1"


def test_the_first_result_is_one_enter_away(visit: Visit) -> None:
    bob = visit("bob")
    bob.find("h1").click()
    bob.page.keyboard.press("/")
    bob.page.keyboard.type("wigns")
    bob.page.keyboard.press("Enter")
    expect(bob.find("#list .title")).to_have_text(["Wings 1927"])
    expect(bob.find("#search-summary")).to_have_text("Nothing matches “wigns”; these match “wings”: 1 title")


def test_more_results_follow_and_an_empty_result_offers_the_ways_out(visit: Visit) -> None:
    bob = visit("bob")
    rows = bob.find("#results > li")
    expect(rows).to_have_count(50)
    bob.button("Show more").click()
    expect(rows).to_have_count(100)
    ids = rows.evaluate_all("rows => rows.map(row => row.dataset.id)")
    assert len(set(ids)) == 100

    bob.find("#filters summary").click()
    bob.page.get_by_role("checkbox", name="Silent").check()
    bob.page.get_by_label("Search titles").fill("cygnus")
    expect(bob.find("#search-empty")).to_contain_text("No title has all of “cygnus” in Silent.")
    bob.button("Search in all categories").click()
    expect(bob.find("#results .title").first).to_contain_text("Cygnus Outpost")


def test_keys_lift_a_title_move_it_and_put_it_back(visit: Visit) -> None:
    bob = visit("bob")
    before = bob.open_saved(COMEDIES, 6)
    bob.find("#list .handle").first.focus()
    for key in ("Space", "ArrowDown", "ArrowDown"):
        bob.page.keyboard.press(key)
    assert bob.working_list() == [*before[1:3], before[0], *before[3:]]
    expect(bob.find("#live")).to_have_text("position 3 of 6")
    bob.page.keyboard.press("Escape")
    assert bob.working_list() == before
    for key in ("Space", "End", "Space", "ArrowUp"):
        bob.page.keyboard.press(key)
    assert bob.working_list() == [*before[1:], before[0]]
    expect(bob.find("#live")).to_contain_text("dropped, position 6 of 6")


def test_who_saves_later_chooses_whose_version_stays(visit: Visit, house: House) -> None:
    name = "Four hands"
    house.save_many("bob", name, 4, words="midnight")
    bob, alice = visit("bob"), visit("alice")
    bob.open_saved(name, 4)
    theirs = alice.open_saved(name, 4)
    alice.press("Move to the bottom", theirs[0])
    alice.save(name)
    playlist = alice.find("#saved .badge").locator("xpath=ancestor::li").get_attribute("data-id")
    bob.expected.add((412, f"/api/v1/playlists/{playlist}"))

    bob.press("Move to the bottom", theirs[1])
    bob.button("Save").click()
    expect(bob.find("#save-problem")).to_contain_text("alice saved this playlist in between")
    bob.button("Load theirs").click()
    expect(bob.find("#list .title")).to_have_text([*theirs[1:], theirs[0]])
    bob.button("Undo").click()
    bob.button("Save").click()
    bob.button("Save mine over it").click()
    expect(bob.find("#dirty")).to_be_hidden()
    alice.button(f"Open {name}").click()
    expect(alice.find("#list .title")).to_have_text([theirs[0], *theirs[2:], theirs[1]])


def test_a_name_that_is_taken_comes_with_one_that_is_free(visit: Visit) -> None:
    bob = visit("bob")
    bob.expected.add((409, "/api/v1/playlists"))
    bob.add("felix", 1)
    bob.page.get_by_label("Name of the playlist").fill(COMEDIES)
    bob.button("Save").click()
    bob.button(f"Save as “{COMEDIES} 2”").click()
    expect(bob.find("#saved-list .title")).to_contain_text([CYGNUS, COMEDIES, f"{COMEDIES} 2"])


def test_a_deleted_playlist_is_one_undo_away_and_stays_restorable(visit: Visit, house: House) -> None:
    name = "Here and gone"
    house.save_many("bob", name, 2)
    bob = visit("bob")
    there = bob.find("#saved-list .title").filter(has_text=name)
    for way_back in ("Undo", f"Restore {name}"):
        expect(there).to_have_count(1)
        bob.button(f"Delete {name}").click()
        expect(there).to_have_count(0)
        if way_back != "Undo":
            bob.page.get_by_text("Deleted playlists").click()
        bob.button(way_back).click()
    expect(there).to_have_count(1)


def test_markup_in_a_name_stays_text(visit: Visit) -> None:
    bob = visit("bob")
    bob.add("felix", 1)
    name = "<img src=x onerror=alert(1)> & <b>bold</b>"
    bob.save(name)
    expect(bob.find("#saved-list .title").filter(has_text="onerror")).to_have_text(f"{name} open")
    bob.open_saved(name, 1)
    assert bob.find("#desk img, #desk b, #toasts img").count() == 0


def test_a_pattern_shows_where_it_cannot_be_read_and_a_seed_shuffles_alike(visit: Visit) -> None:
    bob = visit("bob")
    bob.expected.add((400, "/api/v1/marathons/preview"))
    bob.mix(CYGNUS, COMEDIES)
    bob.page.get_by_label("Mixed by a pattern").check()
    bob.page.get_by_label("Pattern: a source").fill("A2?B1")
    expect(bob.find("#pattern-problem mark")).to_have_text("?")
    expect(bob.find("#pattern-problem .marked")).to_have_text("A2?B1")
    expect(bob.button("Take it as working playlist")).to_be_disabled()
    bob.page.get_by_label("Two of each").check()
    expect(bob.find("#preview .source").nth(3)).to_have_text("B")
    expect(bob.find("#pattern-problem")).to_be_hidden()

    bob.page.get_by_label("Shuffled").check()
    seed = bob.page.get_by_label("Seed")
    expect(seed).not_to_have_value("")
    shown, order = seed.input_value(), bob.find("#preview .what").all_inner_texts()
    bob.button("Shuffle again").click()
    expect(seed).not_to_have_value(shown)
    with bob.page.expect_response("**/marathons/preview"):
        seed.fill(shown)
    expect(bob.find("#preview .what")).to_have_text(order)


@pytest.mark.parametrize("phone", [False, True], ids=["1280", "390"])
def test_a_viewer_reads_and_is_told_who_can_change_that(visit: Visit, phone: bool) -> None:
    carol = visit("carol", phone=phone)
    expect(carol.find("#role-note")).to_contain_text("ask an admin of the channel to bless you")
    expect(carol.find("#results > li").first).to_be_visible()
    carol.open_saved(COMEDIES, 6)
    for name in ("Add", "Save", "Apply", "Remove", "Delete", "Marathon", "Move"):
        expect(carol.page.get_by_role("button", name=re.compile(f"^{name}"))).to_have_count(0)


def test_on_a_phone_everything_fits_and_can_be_touched(visit: Visit) -> None:
    bob = visit("bob", phone=True)
    wide = "document.documentElement.scrollWidth - innerWidth"
    small = """[...document.querySelectorAll('button, a, select, summary, .choice, input')]
        .filter(element => !['radio', 'checkbox'].includes(element.type))
        .filter(element => element.checkVisibility() && !element.matches('.skip'))
        .map(element => [element.textContent || element.id, element.getBoundingClientRect().height])
        .filter(([, height]) => height < 44)"""
    titles = bob.open_saved(COMEDIES, 6)
    bob.find("#list .more").first.click()
    expect(bob.button(f"Move down: {titles[0]}")).to_be_visible()
    for place in ("Playlist", "Search", "Channel", "Saved"):
        bob.tab(place)
        expect(bob.find(f"#{place.lower()}")).to_be_visible()
        assert (place, bob.page.evaluate(wide), bob.page.evaluate(small)) == (place, 0, [])
    bob.button(f"Apply {COMEDIES}").click()
    expect(bob.find("#plan dd").first).to_be_visible()
    assert (bob.page.evaluate(wide), bob.page.evaluate(small)) == (0, [])
    bob.button("Close").click()
    bob.mix(COMEDIES, CYGNUS)
    expect(bob.find("#preview tbody tr").first).to_be_visible()
    assert (bob.page.evaluate(wide), bob.page.evaluate(small)) == (0, [])
