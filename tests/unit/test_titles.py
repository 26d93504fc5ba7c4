"""What titles fold to, how they are shown and how they sort."""

import csv
import re
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from playlist_core.domain.titles import (
    UNTITLED,
    TitleText,
    category_key,
    category_label,
    display_title,
    fold,
)

REAL_TITLES = Path(__file__).parent.parent / "data" / "titles-4000.csv"
any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too


@cache
def real_titles() -> Sequence[str]:
    with REAL_TITLES.open(encoding="utf-8", newline="") as lines:
        return [row["title"] for row in csv.DictReader(lines)]


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Four.Christmases.[2008].mp4", "four christmases 2008 mp4"),
        ("  Wallace  &  Gromit ", "wallace and gromit"),
        ("S&M", "s and m"),
        ("＆", "and"),
        ("Don't", "dont"),
        ("don’t", "dont"),
        ("donʼt", "dont"),
        ("don´t", "dont"),
        ("don＇t", "dont"),
        ("`Twas.The.Night", "twas the night"),
        ("AMÉLIE", "amelie"),
        ("Ame\u0301lie", "amelie"),
        ("étoile ÉTOILE", "etoile etoile"),
        ("Straße", "strasse"),
        ("Søren Łódź Œuvre İstanbul ılık", "soren lodz oeuvre istanbul ilik"),
        ("ＷＡＬＬ－Ｅ　２００８", "wall e 2008"),
        ("ﬁlm Ⅳ", "film iv"),
        ("Creepshow ∕ Pesticide꞉ S1.E6∙Cradle", "creepshow pesticide s1 e6 cradle"),
        ("Lloyds Wife+Good", "lloyds wife good"),
        ("Anime アニメ", "anime アニメ"),
        ("ガ ガ ｶﾞ", "ガ ガ ガ"),  # composed, decomposed, half-width
        ("ДРАКУЛА Ёж", "дракула еж"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
        ("شَبَح", "شبح"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी", "हिन्दी"),
        ("한국", "한국"),
        ("🎃 Halloween ❤️", "halloween"),
        ("\u200fstar\u00adship\u200b", "starship"),
        ("star\0wars\x1b[31m", "star wars 31m"),
        ("\ud800star\udfff", "star"),
        ("%", ""),
        ("???", ""),
        ("", ""),
    ],
)
def test_case_accents_and_punctuation_do_not_matter(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("V.I.P. S01E01", "vip s01e01"),
        ("V.I.P", "vip"),
        ("v.i.p.", "vip"),
        ("V.I.P: the film", "vip the film"),
        ("L.A.Confidential.[1997]", "la confidential 1997"),
        ("Born.In.East.L.A..[1987]", "born in east la 1987"),
        ("E.T..The.Extra-Terrestrial", "et the extra terrestrial"),
        ("The D.E.N.N.I.S. System", "the dennis system"),
        ("V.H.S.2", "vhs 2"),
        ("É.T.", "et"),
        ("I.Robot", "i robot"),
        ("Love's.A.Beast", "loves a beast"),
        ("Pelham.1.2.3", "pelham 1 2 3"),
        ("Part.B.avi", "part b avi"),
    ],
)
def test_dotted_initials_are_one_word(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(any_text)
@example("か\u200d\u3099")
@example("a.b\u0301.")
@settings(deadline=None)
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert folded == " ".join(folded.split())
    assert folded.isascii() or not any(0xD800 <= ord(char) <= 0xDFFF for char in folded)


@given(any_text)
@settings(deadline=None)
def test_words_fold_one_by_one_as_they_fold_together(text: str) -> None:
    assert " ".join(filter(None, map(fold, text.split()))) == fold(text)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Four.Christmases.[2008].mp4", "Four Christmases (2008)"),
        ("Exit Speed [2008].mp4", "Exit Speed (2008)"),
        ("Boss Level (2020).mp4", "Boss Level (2020)"),
        ("Red Dwarf - S02E02 - Better Than Life", "Red Dwarf - S02E02 - Better Than Life"),
        ("Key.&.Peele - S01E01.avi", "Key & Peele - S01E01"),
        ("Freddys.Nightmares.S01E22.Safe Sex.mkv", "Freddys Nightmares S01E22 Safe Sex"),
        ("Tales.From.The.Crypt.s02e04.'Til Death.avi", "Tales From The Crypt s02e04 'Til Death"),
        ("The Simpsons S02E07 Bart vs. Thanksgiving.mp4", "The Simpsons S02E07 Bart vs. Thanksgiving"),
        ("WCW Saturday Night 5.9.87.mp4", "WCW Saturday Night 5.9.87"),
        ("Silk Stalkings S08E10 Dead Again...And Again.mkv", "Silk Stalkings S08E10 Dead Again...And Again"),
        ("welcome_animation.mpg", "welcome animation"),
        ("Hood 2 Hood S01_E10 - Compton & Los Angeles.mp4", "Hood 2 Hood S01 E10 - Compton & Los Angeles"),
        ("Small Wonder   Season 1 Episode 4.mp4", "Small Wonder Season 1 Episode 4"),
    ],
)
def test_dots_and_underscores_that_stand_for_blanks_become_blanks(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Mr..Mom.[1983].mp4", "Mr. Mom (1983)"),
        ("Guardians.Of.The.Galaxy.Vol..3.[2023].mp4", "Guardians Of The Galaxy Vol. 3 (2023)"),
        ("Better.Off.Dead....[1985].mp4", "Better Off Dead... (1985)"),
        ("Once.Upon.A.Time.....In.Hollywood.[2019].mp4", "Once Upon A Time.... In Hollywood (2019)"),
        ("E.T..The.Extra-Terrestrial.[1982].mkv", "E.T. The Extra-Terrestrial (1982)"),
        ("L.A.Confidential.[1997].mkv", "L.A. Confidential (1997)"),
        ("Born.In.East.L.A..[1987].mp4", "Born In East L.A. (1987)"),
        ("Babylon.A.D.[2008].mp4", "Babylon A.D. (2008)"),
        ("V.H.S.Halloween.[2025].mp4", "V.H.S. Halloween (2025)"),
        ("V.I.P. S01E18 K-Val.mkv", "V.I.P. S01E18 K-Val"),
        ("Parker.Lewis.S01E07.Love's.A.Beast.avi", "Parker Lewis S01E07 Love's A Beast"),
        ("M3GAN.2.0.[2025].mp4", "M3GAN 2.0 (2025)"),
        ("The.Naked.Gun.2.5[1991].mp4", "The Naked Gun 2.5 (1991)"),
        ("The.Taking.of.Pelham.1.2.3.[2009].mp4", "The Taking of Pelham 1 2 3 (2009)"),
        ("420 Grindhouse Dooky Bumper Ext..mp4", "420 Grindhouse Dooky Bumper Ext."),
        ("Silk Stalkings S03E12 T.K.O..mkv", "Silk Stalkings S03E12 T.K.O."),
        ("Active Shooter S01E04 Washington, D.C..mkv", "Active Shooter S01E04 Washington, D.C."),
    ],
)
def test_dots_that_are_meant_stay(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Raising.Cain.[1992[.mp4", "Raising Cain (1992)"),
        ("Alien.[1979}.mp4", "Alien (1979)"),
        ("The.Saint.]1997].mp4", "The Saint (1997)"),
        ("Transformers.Rise.Of.The.Beasts.[[2023].mkv", "Transformers Rise Of The Beasts (2023)"),
        ("Death.Proof[.2007].mkv", "Death Proof (2007)"),
        ("Sometimes.They.Come.Back....Again[.1996].mp4", "Sometimes They Come Back... Again (1996)"),
        ("Abominable.[2019.].mp4", "Abominable (2019)"),
        ("Austin.Powers.3.Goldmember[2002].mp4", "Austin Powers 3 Goldmember (2002)"),
        ("Police.Academy.3.Back.in.Training.[1986]mkv", "Police Academy 3 Back in Training (1986)"),
        (
            "MonsterVision- The Golden Voyage of Sinbad(1973) .mp4",
            "MonsterVision- The Golden Voyage of Sinbad (1973)",
        ),
        ("Cut.Off.[1999", "Cut Off (1999)"),
        ("The Final Girl(s).mkv", "The Final Girl(s)"),
        ("2010.The.Year.We.Make.Contact.[1984].mp4", "2010 The Year We Make Contact (1984)"),
        ("1941.[1979].mp4", "1941 (1979)"),
        ("Sealab 2021 S02E09 Vacation.mp4", "Sealab 2021 S02E09 Vacation"),
    ],
)
def test_years_stand_in_round_brackets_however_they_were_written(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Alien.Raiders.DVDrip.DD5.1.x264-SDxT.mkv", "Alien Raiders"),
        (
            "Great.Performances.Macbeth.2010.1080p.WEBRip.x264.AAC-[YTS.MX].mp4",
            "Great Performances Macbeth 2010",
        ),
        ("The.Ultimate.Fighter.S33E10.720p.WEB-DL.H264.Fight-BB.mkv", "The Ultimate Fighter S33E10"),
        ("The Outer Limits - 2x17 - Paradise (xvid-lol).avi", "The Outer Limits - 2x17 - Paradise"),
        ("Halloween.Wars.S15E02.1080p.[2025]", "Halloween Wars S15E02 (2025)"),
        ("Some.Film.x264-GRP.[1999].mkv", "Some Film (1999)"),
        (
            "Black Jesus - S02E02 - Jesus Gonna Get His WEBDL-1080p Proper.mkv",
            "Black Jesus - S02E02 - Jesus Gonna Get His",
        ),
        ("Red Dwarf - S03E05 - Timeslides DVD.avi", "Red Dwarf - S03E05 - Timeslides"),
        ("Robot Chicken S04E04 In a DVD Factory.mp4", "Robot Chicken S04E04 In a DVD Factory"),
        ("Lexx - 02x16 - The Web.mp4", "Lexx - 02x16 - The Web"),
        ("Predator.1987.1080p.Rifftrax.6ch.2ch.mkv", "Predator 1987 Rifftrax"),
        ("Battlefield.Earth.2000.1080p.Rifftrax.6ch.2ch_h2ugrND.mkv", "Battlefield Earth 2000 Rifftrax"),
        ("drivein_cartoon.mp4", "drivein cartoon"),  # seven letters, but no collision suffix
        ("Mr Belvedere SEASON 2 Episode 20 [9MiVsSjeYdE].mp4", "Mr Belvedere SEASON 2 Episode 20"),
        ("A Film [Documentary].mp4", "A Film [Documentary]"),
        ("ANIMANIACS - S01 E10 - King Yakko (480p - DVDRip).mp4", "ANIMANIACS - S01 E10 - King Yakko"),
    ],
)
def test_words_about_the_file_are_dropped(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (
            "Its Always Sunny in Philadelphia Season 03 Episode 06 - "
            "The Gang Solves the North Korea Situation.a",
            "Its Always Sunny in Philadelphia Season 03 Episode 06 - "
            "The Gang Solves the North Korea Situation",
        ),
        (
            "ANIMANIACS - S01 E26 - Testimonials, Babblin' Bijou, Potty Emergency, and Sir Yaksalot "
            "(480p - DVDR",
            "ANIMANIACS - S01 E26 - Testimonials, Babblin' Bijou, Potty Emergency, and Sir Yaksalot",
        ),
        (
            "ANIMANIACS - S01 E23 - Be Careful What You Eat, Up the Crazy River, and Ta Da Dump "
            "(480p - DVDRip).",
            "ANIMANIACS - S01 E23 - Be Careful What You Eat, Up the Crazy River, and Ta Da Dump",
        ),
        ("Short.a", "Short a"),
    ],
)
def test_what_mediacms_cut_in_half_is_dropped_too(title: str, shown: str) -> None:
    assert display_title(title) == shown


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (".mp4", ".mp4"),
        ("1080p.mkv", "1080p.mkv"),
        ("???", "???"),
        (" a\0b\ud800 ", "a b"),
        ("", UNTITLED),
        ("\0", UNTITLED),
    ],
)
def test_a_title_is_never_empty(title: str, shown: str) -> None:
    assert display_title(title) == shown


@given(any_text | st.lists(st.sampled_from([*".([_ -x]", "720p", "1999", "V.I.P."])).map("".join))
@settings(deadline=None)
def test_no_title_is_shown_as_nothing_or_as_something_unprintable(title: str) -> None:
    shown = display_title(title)
    assert shown.strip()
    assert display_title(title) == shown
    shown.encode()


@pytest.mark.parametrize("soup", ["a.b.", "(", " - ", "[2008]", "..", "_a", "720p ", "(1"])
def test_long_byte_soup_takes_no_long_time(soup: str) -> None:
    for length in (990, 100_000):
        began = time.process_time()
        TitleText.of((soup * length)[:length])
        assert time.process_time() - began < 1


def test_real_titles_lose_no_words_but_those_about_the_file() -> None:
    about_the_file = re.compile(r"\d[pP]\b|SDTV|DVD|xvid|x264|\[[\w-]{11}\]")
    shortened = [
        title
        for title in real_titles()
        if len(fold(display_title(title)).split()) < len(fold(title).split()) - 1  # the extension
    ]
    assert len(shortened) > 100
    assert [title for title in shortened if not about_the_file.search(title)] == []


def _natural(title: str) -> str:
    return TitleText.of(title).natural


@pytest.mark.parametrize(
    "in_order",
    [
        ["Part 2.mp4", "Part 10.mp4"],
        ["Show S01E02.avi", "Show S01E10.avi", "Show S02E01.avi", "Show S10E01.avi"],
        ["Halloween.[1978].mp4", "Halloween.[2007].mp4", "Halloween.2.[1981].mp4", "Halloween.10.[1995].mp4"],
        ["A Zebra", "The Apple", "Zoo"],  # leading articles stay where they are
        ["99999999", "100000000", "999999999", "1000000000", "1" * 5000],
        ["2 Fast", "007", "Ten"],
        ["Alien", "Alien 3", "Aliens"],
        ["", "a"],
    ],
)
def test_numbers_sort_as_numbers_and_a_film_before_its_sequels(in_order: list[str]) -> None:
    titles = in_order[::-1]
    titles.sort(key=_natural)
    assert titles == in_order


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 3))
@settings(deadline=None)
def test_natural_order_is_the_order_of_the_numbers(one: int, other: int, zeros: int) -> None:
    first, second = (_natural(f"Part {'0' * zeros}{n} x") for n in (one, other))
    assert (first.split("\x01")[0] < second.split("\x01")[0]) == (one < other)


def test_category_labels_lose_their_order_number_but_never_everything() -> None:
    names = ["3. Sci-Fi", "04.Action", "2.Horror", "100% Cult", "TV", "7.", "Anime アニメ", "24"]
    assert [category_label(name) for name in names] == [
        *("Sci-Fi", "Action", "Horror", "100% Cult", "TV", "7.", "Anime アニメ", "24")
    ]


def test_categories_sort_by_their_order_number() -> None:
    in_order = ["1.Family", "2.Horror", "3. Sci-Fi", "04.Action", "10.Late", "Drama", "drama", "Éros", "TV"]
    names = in_order[::-1]
    names.sort(key=category_key)
    assert names == in_order


@given(st.sampled_from(real_titles()))
@settings(max_examples=50, deadline=None)
def test_what_people_see_is_the_whole_title(title: str) -> None:
    text = TitleText.of(title)
    assert {fold(title).replace(" ", ""), fold(display_title(title)).replace(" ", "")} <= text.wholes


def test_a_whole_title_may_leave_out_extension_release_words_and_year() -> None:
    assert TitleText.of("Four.Christmases.[2008].720p.mp4") == TitleText(
        "Four.Christmases.[2008].720p.mp4",
        folded="four christmases 2008 720p mp4",
        shown="four christmases 2008",
        wholes=frozenset({"fourchristmases2008720pmp4", "fourchristmases2008", "fourchristmases"}),
        natural="four christmases\x01four christmases 42008 3720p mp14",
    )
    assert TitleText.of("It Follows 2014.mkv").wholes == {"itfollows2014mkv", "itfollows2014", "itfollows"}
    assert TitleText.of("2012.mp4").wholes == {"2012mp4", "2012"}
