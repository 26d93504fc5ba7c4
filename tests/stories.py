"""What stands for each acceptance line of the product requirements; checked by test_stories.py."""

from collections.abc import Mapping
from typing import Final

from attrs import frozen


@frozen
class Elsewhere:
    """A test outside of the features: its file below tests/ and its name."""

    file: str
    name: str


@frozen
class Later:
    """What a later issue brings."""

    issue: str


# A plain text is the name of a scenario.
Evidence = str | Elsewhere | Later

_PAGE: Final = "browser/test_page.py"
_RACES: Final = "contracts/test_login_races.py"
_WHOLE: Final = "Bob signs in, finds, saves, weaves, saves again, and the channel plays it"
_ROLES: Final = "A viewer looks, a blessed user edits and applies, an admin does everything"
_DOORS: Final = Elsewhere(
    "http/test_access.py", "test_each_operation_asks_for_its_role_before_it_looks_at_the_body"
)
_BY_HAND: Final = Elsewhere(_PAGE, "test_a_programmer_gets_from_the_code_to_the_channel")
_SPELLINGS: Final = "Season and episode are read in the usual spellings"
_WEAVE: Final = "Woven by a pattern, until all that it names are used up"
_NATS: Final = Later("Kryten for real: NATS and JetStream KV")
_OUTAGE: Final = Later("outages of NATS: mirror and journal")
_STATISTICS: Final = Later("statistics")
_LIKES: Final = Later("likes")

STORIES: Final[Mapping[str, Mapping[str, tuple[Evidence, ...]]]] = {
    "GH-001": {
        "A user can submit a CyTube username and request a code.": (
            "The code arrives and is entered",
            "Only somebody who is in the channel gets a code",
            Elsewhere("http/test_auth.py", "test_a_code_is_sent_as_a_private_message_and_signs_in"),
        ),
        "The system sends an alphanumeric code by CyTube private message.": (
            "The code arrives and is entered",
            "A code may be typed as people type",
        ),
        "The code expires after a configurable time.": ("A code expires when the config says so",),
        "The code is single-use.": (
            "A code is used once",
            "Of several who enter the right code at once, one is signed in",
            Elsewhere(_RACES, "test_of_50_right_answers_at_once_one_signs_in"),
        ),
        "Attempts are limited to 3 per code.": (
            "Three attempts, and even the right code is of no use any more",
            "Who guesses in somebody's name shuts out nobody but himself",
            Elsewhere(
                "contracts/test_login_races.py", "test_of_200_wrong_guesses_at_once_three_are_evaluated"
            ),
        ),
        "Requests are rate-limited per username and per IP.": (
            "A name may be asked for only so often, and the rest is kept for its owner",
            "An address may ask only so often, whatever the names",
        ),
        "Verifications are rate-limited per username and per IP.": (
            "Codes for a name are entered only so often",
            "From an address codes are entered only so often",
        ),
        "Without a request, the page says so and offers to block the IP.": (
            "Nobody asked, and the address is blocked for three days",
            "Without the offer nobody blocks an address",
            Elsewhere(_PAGE, "test_a_code_nobody_asked_for_here_offers_to_block_the_address"),
        ),
        "The block lasts 72 hours by default, configurable.": (
            "Nobody asked, and the address is blocked for three days",
            "How long a block lasts can be set, or chosen at the moment",
            "An admin lifts a block",
        ),
        "Failed entry is eventually locked out, backing off per configuration.": (
            "Each wait is longer than the one before, as the config says",
            "A new code does not shorten the wait",
            "Signing in lets the waits begin anew",
            "An admin lets somebody in again who is locked out",
        ),
    },
    "GH-002": {
        "Titles are searched by substring.": (
            "A few letters are enough, in any order, case and spelling",
            "What people type is never wrong, whatever it is",
            "A slip of the finger is helped",
        ),
        "Results are filtered by one or more categories.": (
            "One category or several, alone or with a title",
            "The categories can be looked through",
        ),
        "Results come within a performance target; p95 is tracked.": (
            Later("the catalogue: benchmarks/search.py holds the target; p95 in /metrics with operations"),
        ),
        "Results display at least title, video_id and categories.": (
            "Every title is shown with its id and its categories",
        ),
    },
    "GH-003": {
        "An admin can trigger a refresh by CLI and/or admin UI.": (
            "An admin refreshes the catalogue",
            Elsewhere("cli/test_cli.py", "test_a_refresh_tells_how_many_titles_it_found"),
        ),
        "A refresh produces a time-frozen snapshot.": (
            "The snapshot stands still while the site changes",
            "A site that breaks off leaves the catalogue as it was",
            "A catalogue that suddenly shrinks is left alone unless an admin means it",
            "What one replica has refreshed the other one has, too",
            Elsewhere(
                "process/test_refresh_killed.py",
                "test_kill_9_at_any_statement_or_file_leaves_one_snapshot_whole",
            ),
        ),
        "Users go on searching the previous snapshot while a refresh runs.": (
            "Searching goes on in the snapshot before while a refresh runs",
            "Who is reading page after page goes on in the snapshot it began in",
        ),
        "After a refresh new sessions use the updated snapshot.": (
            "Searching goes on in the snapshot before while a refresh runs",
        ),
    },
    "GH-004": {
        "A user can add an item from the results to a working list.": (
            "What was found and added is saved in this order",
            _BY_HAND,
        ),
        "A user can remove items from the working list.": (
            "What was removed from the working list is not saved",
            Elsewhere(_PAGE, "test_a_removed_title_comes_back_to_its_place"),
        ),
        "Items in the working list retain their order.": (
            "What was found and added is saved in this order",
            _BY_HAND,
        ),
    },
    "GH-005": {
        "A user can drag and drop to reorder the working playlist.": (_BY_HAND,),
        "The new order persists in the page and is saved with the playlist.": (
            "The order that the working list was dragged into is the order saved",
            "Reordered, shortened and saved again",
            Elsewhere(_PAGE, "test_unsaved_work_survives_a_reload_and_another_person_does_not_see_it"),
        ),
    },
    "GH-006": {
        "A user can save a playlist with a name.": (
            "What was found and added is saved in this order",
            "Any other name comes back as it was typed",
        ),
        "Names are unique, and errors are surfaced clearly.": (
            "A taken name is refused, and another one suggested",
            "Blanks around a name do not make it another one",
            "Of two people who save under one name at once, one is told",
            "Some names cannot be",
            "Renaming frees the name and takes the new one",
            Elsewhere("unit/test_name_claims.py", "test_no_interleaving_shares_a_name_or_leaves_one_stuck"),
        ),
        "A saved playlist has an ordered list of video ids.": (
            "A saved playlist keeps ids in order, and what was known of each title",
            "A title may stand in a playlist twice",
        ),
    },
    "GH-007": {
        "A user can list saved playlists.": ("The list of playlists tells what is in them",),
        "A user can load a saved playlist into an editor.": ("Reordered, shortened and saved again",),
        "A user can reorder and remove items and save again.": (
            "Reordered, shortened and saved again",
            "Who did not see the last save cannot overwrite it unawares",
            "An earlier version comes back",
        ),
        "A user can delete a saved playlist.": (
            "A deleted playlist is gone from the list, and its name is free",
            "It comes back as it was",
            "After thirty days it is gone for good",
        ),
    },
    "GH-008": {
        "A user can select several saved playlists.": (_WEAVE, _BY_HAND),
        "Method: concatenate (default).": ("Without a choice they stand one behind the other",),
        "Method: shuffle.": (
            "With one seed the shuffle is always the same",
            "Another seed is another order",
            "A shuffle without a seed names the one it took, so that it can be had again",
        ),
        "Method: interleave.": (_WEAVE,),
        "Pattern: round-robin (A, B, A, B, …).": (_WEAVE,),
        "Pattern: weighted blocks (A, A, B, B, …).": (_WEAVE,),
        "Pattern: custom and repeating (A, A, B, C, C, A, …).": (
            _WEAVE,
            "A pattern that cannot be read is refused with the place and what would be right",
            "A source that the pattern never names is left out, and bob is told",
        ),
        "The system creates a combined order by the method chosen.": (_WEAVE, _WHOLE),
        "The result can be reordered before it is saved as a new playlist.": (
            "The order is changed by hand before it is saved",
            _BY_HAND,
        ),
    },
    "GH-009": {
        "A user can select a saved playlist to apply.": (_WHOLE, _BY_HAND),
        "Modes: preserve-current (default) or append.": (
            "The playing title stays, and all that was behind it is replaced",
            "That is also what happens when nobody chooses",
            "The queue stays as it is, and the playlist comes behind it",
        ),
        "Items are enqueued by their derived manifest URL.": (
            "Each title is queued by the address of its manifest",
            "The address of a title's manifest follows from its id",
        ),
        "It is shown which items failed, and why.": (
            "The channel refuses one title, takes the others, and says why",
            "A title that is not in the catalogue any more is reported, and never sent",
            "The channel takes no title twice, and what plays now is not added again",
            _BY_HAND,
        ),
    },
    "GH-010": {
        "Hard-replace is available only to admins by default.": (
            "The queue is exactly the playlist, and its first title plays at once",
            "Blessed users may not",
            "Nor may they take the playing title off the air by taking something back",
        ),
        "A configuration option enables it for blessed users.": (
            "The config can let blessed users replace everything",
        ),
        "The page warns that the playing item will be removed.": (
            Elsewhere(_PAGE, "test_only_who_may_replace_everything_is_offered_it"),
        ),
    },
    "GH-011": {
        "An admin can add and remove blessed users.": (
            "The list says who was blessed by whom",
            "A name is blessed whatever its case, and only once",
        ),
        "The list is stored in NATS KV.": (
            Elsewhere("unit/test_access.py", "test_the_lists_are_bare_arrays_that_other_tools_can_read"),
            _NATS,
        ),
        "Changes take effect without a restart.": (
            "A blessing counts at once, for who is signed in already",
            "So does its end",
        ),
    },
    "GH-012": {
        "A viewer cannot create, edit or delete playlists.": (
            _ROLES,
            Elsewhere(
                "http/test_access.py", "test_each_operation_asks_for_its_role_before_it_looks_at_the_body"
            ),
        ),
        "A viewer cannot apply playlists.": (_ROLES,),
        "Blessed users create, edit, delete, and apply preserve-current and append.": (_ROLES,),
        "An admin can do everything, hard-replace included.": (_ROLES,),
    },
    "GH-013": {
        "Without NATS, applying is disabled with a clear message.": (
            "While the bot is away nothing is sent, and it is said",
            Elsewhere(_PAGE, "test_while_the_channel_is_away_applying_waits_and_searching_goes_on"),
            _OUTAGE,
        ),
        "Browsing and editing playlists go on from local stores.": (_OUTAGE,),
    },
    "GH-014": {
        "The former product's terminology is gone from code and docs.": (
            "The predecessor's word for whoever runs a channel is nowhere",
        ),
        "The runtime version comes from pyproject.toml.": (
            "The version that runs is the one that stands in pyproject.toml",
        ),
    },
    "GH-015": {
        "Season and episode are read from S01E04, s01e4.": (_SPELLINGS,),
        "Season and episode are read from s01.e04, S01.E04.": (_SPELLINGS,),
        "Season and episode are read from S01 E04.": (_SPELLINGS,),
        "Run order is preserved within a source while interleaving.": (
            _SPELLINGS,
            "Two series in one playlist are not mixed up with each other",
        ),
        "Run order is preserved in shuffles.": (
            "A shuffle mixes the series with the rest, and keeps the run order of each",
        ),
        "What has no number falls back to the order of its source.": (
            "What has no number keeps its place in the playlist",
            "Without any numbers the order of the playlist stays",
        ),
        "The order is previewed before saving or applying.": ("The preview tells what starts when", _BY_HAND),
    },
    "GH-016": {
        "Queued count, played count and plays per item are recorded.": (_STATISTICS,),
        "Totals of durations are recorded where they are known.": (_STATISTICS,),
        "Statistics are in NATS KV and survive restarts.": (_STATISTICS,),
        'There is a "top played" view for a configurable window.': (_STATISTICS,),
    },
    "GH-017": {
        "Any user can like the playing item.": (_LIKES,),
        "Likes are rate-limited per user.": (_LIKES,),
        "Likes are optionally deduplicated per user, item and window.": (_LIKES,),
        "Likes are in NATS KV and survive restarts.": (_LIKES,),
        'A privileged user sees likes of an item and a "top liked" list.': (_LIKES,),
    },
}
