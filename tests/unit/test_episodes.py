"""Season and episode from titles: every spelling of the PRD, the traps, and titles read by hand."""

import csv
from pathlib import Path

import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from playlist_core.domain.episodes import Episode, Rule, parse_episode, read_episodes

DATA = Path(__file__).parent.parent / "data"


@pytest.mark.parametrize(
    ("title", "number", "rule"),
    [
        ("Farscape S01E04 Throne.mp4", (1, 4), Rule.MARKED),
        ("farscape s01e4", (1, 4), Rule.MARKED),
        ("Farscape.s01.e04.mkv", (1, 4), Rule.MARKED),
        ("Farscape.S01.E04.mkv", (1, 4), Rule.MARKED),
        ("Farscape S01 E04.mkv", (1, 4), Rule.MARKED),
        ("Farscape S01_E04.mkv", (1, 4), Rule.MARKED),
        ("Farscape - S01 - E04.mkv", (1, 4), Rule.MARKED),
        ("Farscape_S1E1- Meet.avi", (1, 1), Rule.MARKED),
        ("Farscape [S01E04].mkv", (1, 4), Rule.MARKED),
        ("Farscape S01 Ep 04.mkv", (1, 4), Rule.MARKED),
        ("Farscape S01Ep.04.mkv", (1, 4), Rule.MARKED),
        ("Pistol.S01E01The Cloak.mkv", (1, 1), Rule.MARKED),
        ("Farscape S00E03 Special.mkv", (0, 3), Rule.MARKED),
        ("Farscape S2005E11.mkv", (2005, 11), Rule.MARKED),
        ("One Piece S11E999.mkv", (11, 999), Rule.MARKED),
        ("Show.S11E05.1080p.mkv", (11, 5), Rule.MARKED),
        ("Duckman - 4x22 - Short.mkv", (4, 22), Rule.CROSSED),
        ("Duckman 01x04.mkv", (1, 4), Rule.CROSSED),
        ("Workaholics - 2x10 - 6 Hours.mkv", (2, 10), Rule.CROSSED),
        ("Duckman 1x06 - 976 Ways.mkv", (1, 6), Rule.CROSSED),
        ("Its Always Sunny Season 05 Episode 02 - The Gang.avi", (5, 2), Rule.WORDED),
        ("Its.Always.Sunny.season.1.episode.2.avi", (1, 2), Rule.WORDED),
        ("Its Always Sunny Season 1, Episode 12.avi", (1, 12), Rule.WORDED),
        ("Blackadder Series 2 Episode 3.avi", (2, 3), Rule.WORDED),
    ],
)
def test_a_spelling_is_read(title: str, number: tuple[int, int], rule: Rule) -> None:
    episode = parse_episode(title)
    assert episode is not None
    assert (episode.number, episode.episode_end, episode.rule) == (number, None, rule)


@pytest.mark.parametrize(
    ("title", "first", "last"),
    [
        ("RoboCop S01E01E02 The Future.mkv", 1, 2),
        ("RoboCop S01E01E02E03 The Future.mkv", 1, 3),
        ("RoboCop S01E01-E02.mkv", 1, 2),
        ("RoboCop S01E01 - E02.mkv", 1, 2),
        ("RoboCop S01E01-02.mkv", 1, 2),
        ("RoboCop.S01E01& E02.The Embassy.mp4", 1, 2),
        ("RoboCop S01E01-S01E02.mkv", 1, 2),
        ("Thunder s01e06+07 Sealed.avi", 6, 7),
        ("Duckman 1x01-02.mkv", 1, 2),
        ("Duckman 1x01-1x02.mkv", 1, 2),
        ("Duckman 1x01x02.mkv", 1, 2),
        ("Sunny Season 05 Episode 13 & 14 - Christmas.avi", 13, 14),
        ("Sunny Season 05 Episodes 13-14.avi", 13, 14),
    ],
)
def test_a_double_is_one_item_with_a_range(title: str, first: int, last: int) -> None:
    episode = parse_episode(title)
    assert episode is not None
    assert (episode.episode, episode.episode_end) == (first, last)


@pytest.mark.parametrize(
    "title",
    [
        "Show S01E05-720p.mkv",
        "Show S01E05-1080p.mkv",
        "Show S01E05 - 12 Angry Men.mkv",
        "Show S01E05-03.mkv",
        "Show S01E05-S02E06.mkv",
        "Show S01E05.x264.mkv",
        "Show 1x05-720p.mkv",
        "Show 1x05 - 12 Angry Men.mkv",
        "Show Season 1 Episode 5 - 12 Angry Men.mkv",
    ],
)
def test_what_follows_an_episode_is_not_always_its_second_half(title: str) -> None:
    episode = parse_episode(title)
    assert episode is not None
    assert (episode.episode, episode.episode_end) == (5, None)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Trailer 1080x720.mp4",
        "Trailer 640x480.mp4",
        "Trailer 1920x1080.mp4",
        "Alien.Raiders.DVDrip.DD5.1.x264-SDxT.mkv",
        "Alien.Raiders.DD5.1x264.mkv",
        "Film.5x265.mkv",
        "420 Grindhouse Patreon Page BUMPER 01.mp4",
        "Four.Christmases.[2008].mp4",
        "Glitter.2001.720p.Rifftrax.6ch.2ch.mkv",
        "310.to.Yuma.[2007].mp4",
        "Movie 4x4.mp4",
        "Classe5E12.mp4",
        "Show S01E1080.mkv",
        "Show S123E04.mkv",
        "The Simpsons S31 Treehouse of Horror XXX.mkv",
        "Robot Chicken S04X01 Full-Assed Christmas Special.mp4",
        "Star.Wars.Episode.III.Revenge.of.the.Sith.[2005].mp4",
        "The.Karate.Kid.Part.3.[1989}.mp4",
        "Ｓ０１Ｅ０４",
        "Show S٠١E٠٤",
    ],
)
def test_no_episode_is_seen_where_there_is_none(title: str) -> None:
    assert parse_episode(title) is None


def test_an_episode_tells_its_series_as_written_and_folded() -> None:
    assert parse_episode("Arrested Development (2003) - S01E02 - Top Banana.mkv") == Episode(
        series="Arrested Development (2003)",
        series_key="arrested development 2003",
        season=1,
        episode=2,
        episode_end=None,
        rule=Rule.MARKED,
    )


def test_all_spellings_of_a_series_share_a_key() -> None:
    titles = ["Key.&.Peele - S01E04.avi", "Key.and.Peele - S02E06.mp4", "KEY & PEELE [1x05].mkv"]
    assert {episode.series_key for episode in read_episodes(titles) if episode} == {"key and peele"}


def test_a_title_that_begins_with_its_number_has_no_series_name() -> None:
    episode = parse_episode("S01E04.mkv")
    assert episode is not None
    assert (episode.series, episode.series_key) == ("", "")


def _numbers(titles: list[str]) -> list[tuple[int, int] | None]:
    return [episode.number if episode else None for episode in read_episodes(titles)]


def test_three_digits_count_when_three_distinct_siblings_agree() -> None:
    siblings = ["Morel Orel 102 God's Chef.avi", "Morel.Orel.103.Charity.avi", "MOREL OREL - 210"]
    assert _numbers(siblings) == [(1, 2), (1, 3), (2, 10)]


def test_two_siblings_and_a_copy_are_not_enough() -> None:
    assert _numbers(["Morel Orel 102 a", "Morel Orel 103 b", "Morel Orel 103 b copy"]) == [None, None, None]


def test_siblings_of_another_series_do_not_help() -> None:
    assert _numbers(["Morel Orel 102", "Morel Orel 103", "Danger 5 - 104"]) == [None, None, None]


def test_a_channel_called_420_is_no_season_four() -> None:
    bumpers = [f"420 Grindhouse Bumper {number:02}.mp4" for number in range(1, 9)]
    guests = [f"Chuck Norris 420 Grindhouse Bumper {number:02}.mp4" for number in range(1, 9)]
    assert _numbers(bumpers + guests) == [None] * 16


def test_a_second_three_digit_number_may_be_the_confirmed_one() -> None:
    titles = [f"Hosts of 420 Grindhouse {number}.mp4" for number in (101, 102, 103)]
    assert _numbers(titles) == [(1, 1), (1, 2), (1, 3)]


def test_resolutions_years_and_round_hundreds_are_no_siblings() -> None:
    for trap in (
        ["480", "576", "720"],
        ["1980", "1981", "1982"],
        ["100", "200", "300"],
        ["480p", "576p", "1080p"],
    ):
        assert _numbers([f"Concert {number}" for number in trap]) == [None, None, None]


@frozen
class Score:
    """What was found of what people had read by hand."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_titles_read_by_hand_are_read_alike() -> None:
    """The labels are a sample, so the three-digit titles find their siblings in the file beside it.

    A title counts as right when season, episode and the end of a double all are; one that has no season
    and episode and gets some, or gets wrong ones, counts against precision.
    """
    rows = _rows("episode-labels.csv") + _rows("episode-three-digits.csv")
    wanted = [
        (int(row["season"]), int(row["episode"]), row.get("episode_end") or None)
        if row["kind"] == "episode"
        else None
        for row in rows
    ]
    found = [
        (*episode.number, str(episode.episode_end) if episode.episode_end else None) if episode else None
        for episode in read_episodes([row["raw_title"] for row in rows])
    ]
    pairs = list(zip(wanted, found, strict=True))
    score = Score(
        right=sum(want is not None and want == have for want, have in pairs),
        wrong=sum(have is not None and want != have for want, have in pairs),
        missed=sum(want is not None and have is None for want, have in pairs),
    )
    assert score.right + score.missed > 160
    assert score.precision >= 0.99
    assert score.recall >= 0.99


def test_the_one_known_miss_is_a_lone_three_digit_title() -> None:
    rows = _rows("episode-three-digits.csv")
    found = _numbers([row["raw_title"] for row in rows])
    missed = [
        row["raw_title"]
        for row, number in zip(rows, found, strict=True)
        if row["kind"] == "episode" and number is None
    ]
    assert missed == ["Bobby's World 108 The Night of the Living Pumpkin.mp4"]


@given(st.lists(st.text(max_size=60), max_size=20))
def test_any_text_can_be_read_and_alone_or_together_marks_mean_the_same(titles: list[str]) -> None:
    together = read_episodes(titles)
    assert len(together) == len(titles)
    for title, episode in zip(titles, together, strict=True):
        alone = parse_episode(title)
        assert episode == alone or (alone is None and episode and episode.rule is Rule.THREE_DIGITS)


@given(
    st.text(alphabet="abc &.-_'", max_size=20),
    st.integers(0, 99),
    st.integers(0, 999),
    st.sampled_from([".", " ", " - ", "_"]),
)
def test_what_is_written_as_sxxexx_is_what_is_read(name: str, season: int, episode: int, gap: str) -> None:
    read = parse_episode(f"{name}{gap}S{season:02}E{episode:02}{gap}Title.mkv")
    assert read is not None
    assert read.number == (season, episode)
