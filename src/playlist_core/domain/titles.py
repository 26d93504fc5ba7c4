"""What a title says: folded for searching, mended for reading, keyed for sorting."""

import re
import unicodedata
from functools import lru_cache

from attrs import field, frozen

UNTITLED = "(no title)"

# Written in many ways and skipped when typing: don't, don’t, dont.
_APOSTROPHES = frozenset("'`´‘’‚‛′‵ʹʻʼʽˈꞌ＇")
# Letters that Unicode does not take apart, though people type them without the stroke.
_STROKED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe"})
# Marks that people leave out: accents, Hebrew points, Arabic vowel signs and tatweel, and the selectors that
# follow an emoji. The marks of other scripts (dakuten, matras, viramas) are part of the spelling and stay.
_OMITTED_MARKS = re.compile(
    "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u0591-\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)


class _Folding(dict[int, str]):
    """For `str.translate`: what each character becomes; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        if category[0] in "LNM":
            folded = char
        elif char == "&":
            folded = " and "
        elif category == "Cf":  # invisible, such as a right-to-left mark
            folded = ""
        else:
            folded = "." if char == "." else " "
        self[code] = folded
        return folded


_FOLDING = _Folding({ord(char): "" for char in _APOSTROPHES})
_INITIALS = r"(?<![^\W_])(?<!['’])(?:(?:[^\W\d_]\.)+[^\W\d_](?![^\W_]|\.)|(?:[^\W\d_]\.){2,})"
_FOLDED_INITIALS = re.compile(_INITIALS)


def fold(text: str) -> str:
    """The words of any text as a search compares them, separated by single blanks; "" if there are none.

    Case, accents, apostrophes and compatibility forms (full-width, ligatures, `⅓`) do not matter, `&` is
    `and`, other punctuation parts words, and dotted initials are one word (`V.I.P.` is `vip`). Letters,
    digits and marks of every script stay; lone surrogates and other non-characters part words.
    Folding what is folded changes nothing.
    """
    folded = text.lower().translate(_FOLDING) if text.isascii() else _fold_script(text)
    if "." in folded:
        folded = _FOLDED_INITIALS.sub(lambda initials: initials[0].replace(".", "") + " ", folded)
        folded = folded.replace(".", " ")
    return " ".join(folded.split())


def _fold_script(text: str) -> str:
    # Apostrophes first: NFKD would make a blank and an accent of `´`.
    plain = "".join(char for char in text if char not in _APOSTROPHES)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", plain).casefold())
    plain = _OMITTED_MARKS.sub("", plain).translate(_STROKED).translate(_FOLDING)
    # Recomposed, so that a syllable of Hangul or a kana with its dakuten counts as the one letter it is.
    return unicodedata.normalize("NFC", plain)


_EXTENSIONS = "mp4|mkv|avi|webm|mpe?g|m4v|divx|mov|wmv|flv|og[vm]|vob|3gp|m2?ts"
_EXTENSION = re.compile(rf"(?:\s*\.|(?<=[\])}}]))(?:{_EXTENSIONS})\s*$", re.IGNORECASE)
# MediaCMS cuts titles at its column's width, and with them the extension (facts: PEERS section 5).
_CUT_EXTENSION = re.compile(r"\.(?:mp?|mkv?|av?|web?m?|w|di?v?)?$", re.IGNORECASE)
_CUT_LENGTH = 99
_LONGEST_TITLE = 1000  # nobody's file name; left as it is, for some patterns here take quadratic time
# Django's suffix for a file name that was taken: seven random characters; dropped only when no word looks so.
_COLLISION = re.compile(r"_(?=[A-Za-z0-9]{7}$)(?=.*[a-z])(?=.*[A-Z])(?=.*\d).*$")
_VIDEO_SITE_ID = re.compile(r"\s*\[(?=[^\]]*(?:[\d_-]|[a-z][A-Z]))[A-Za-z0-9_-]{11}\]$")
_BLANK = re.compile(r"\s")
_A_YEAR = r"(?:18|19|20)\d\d"
# With the dot that stood for a blank before it, which is not the last one of A.D. or of an ellipsis.
_YEAR = re.compile(
    rf"(?:(?<!\.)(?<!\.[^\W\d_])\.|\s)?[\[\](){{}}]+[\s.]*({_A_YEAR})[\s.]*(?:[\[\](){{}}]+|$)",
)
_DATED = re.compile(rf"\s*\({_A_YEAR}\)|(?<=\S)\s+{_A_YEAR}$")
_DECIMAL = r"(?<![^\W_])(?<!\d\.)\d\.\d(?![^\W_])(?!\.\d)"
_DOTS_FOR_BLANKS = re.compile(rf"(?P<initials>{_INITIALS})\.?|{_DECIMAL}|(?P<dots>\.+)")
_DOTS_AMONG_BLANKS = re.compile(rf"(?P<initials>{_INITIALS})|\d\.(?=\d)|(?<=[^\s.])(?P<dots>\.)(?=[\w&(\['])")
_UNDERSCORE = re.compile(r"(?<=[^\W_])_+(?=[^\W_])")

_RELEASE_WORD = (
    r"(?:240|360|480|540|576|720|1080|1440|2160)[pi]|dvd-?r(?:ip?)?|dvdscr|(?:bd|br|web|tv|hd|vhs)-?rip|web-?dl"
    r"|[hs]d-?tv|pdtv|blu-?ray|remux|10-?bit|e?ac-?3|aac(?:[ .]?[257][ .][01])?|dd[p+]?[ .]?[257][ .][01]"
    r"|[1-9]ch"
)
_RELEASE_WORDS = re.compile(
    rf"(?<![\w'])(?:{_RELEASE_WORD})(?:[\s-]+(?:{_RELEASE_WORD}|proper|repack))*(?![\w'])", re.IGNORECASE
)
# From the codec on it is all about the file (sound, release group), but for a year.
_CODEC = re.compile(
    rf"(?<![\w'])(?:[xh][ .]?26[45]|hevc|xvid|divx)(?![\w']).*?(?=\s*\({_A_YEAR}\)|$)", re.IGNORECASE
)
_LAST_DVD = re.compile(r"(?<=\S)[\s-]+dvd$", re.IGNORECASE)
_RELEASE_HINT = re.compile(
    r"\d[pi]\b|rip|dvd|tv|ray|web|bit|26[45]|hevc|xvid|divx|ch\b|remux|aac|ac-?3", re.IGNORECASE
)
_EMPTY_BRACKETS = re.compile(r"[\[({][\s,.-]*(?:[\])}]|$)")
_LOOSE_DASHES = re.compile(r"^(?:[-–]+\s+)+|(?:\s+[-–]+)+$")


@lru_cache(maxsize=16_384)
def display_title(title: str) -> str:
    """The title as people would write it: never empty, always the same for the same title.

    Without file extension and release words, with blanks where dots and underscores stood for them, and
    the year, however it was bracketed, as `(2008)`. What is doubtful stays as it is; so does the title as
    a whole if nothing would be left of it. `Rifftrax` stays: it tells another work, not another file.
    """
    text = " ".join((title if title.isprintable() else _printable(title)).split())
    if len(text) > _LONGEST_TITLE:
        return text
    stem = _EXTENSION.sub("", text)
    if len(title) >= _CUT_LENGTH and stem == text:
        stem = _CUT_EXTENSION.sub("", text)
    stem = _VIDEO_SITE_ID.sub("", _COLLISION.sub("", stem))
    stem = _with_blanks(stem)
    if _RELEASE_HINT.search(stem):
        stem = _without_release_words(stem)
    return _tidy(stem) or text or UNTITLED


def _printable(title: str) -> str:
    """Without what no browser could show: control characters and lone surrogates become blanks."""
    return "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in title)


def _with_blanks(stem: str) -> str:
    among_blanks = _BLANK.search(stem)
    stem = _YEAR.sub(r" (\1) ", stem)
    if "." in stem:
        stem = (_DOTS_AMONG_BLANKS if among_blanks else _DOTS_FOR_BLANKS).sub(_undotted, stem)
    return _UNDERSCORE.sub(" ", stem)


def _undotted(dots: re.Match[str]) -> str:
    if dots["initials"]:
        glued = dots.string[dots.end() : dots.end() + 1].isalnum() or dots[0].endswith("..")
        return dots["initials"] + (" " if glued else "")
    if dots["dots"]:  # of several dots the last stood for the blank: Mr..Mom, Better.Off.Dead....[1985]
        return dots["dots"][1:] + " "
    return dots[0]


def _without_release_words(stem: str) -> str:
    stem = _CODEC.sub("", stem)
    stem = _RELEASE_WORDS.sub("", stem)
    return _LAST_DVD.sub("", _tidy(stem))


def _tidy(text: str) -> str:
    if "(" in text or "[" in text or "{" in text:
        text = _EMPTY_BRACKETS.sub("", text)
    return _LOOSE_DASHES.sub("", " ".join(text.split())).strip()


_NUMBER = re.compile("[0-9]+")


def _natural(folded: str) -> str:
    """Text whose order by characters is the natural one: each number led by the count of its digits."""
    return _NUMBER.sub(_with_length, folded)


def _with_length(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0") or "0"
    # A single digit says up to eight; beyond, 9 and then the length at full width.
    return f"{len(digits)}{digits}" if len(digits) < 9 else f"9{len(digits):09}{digits}"


def category_label(name: str) -> str:
    """A category's name as shown: without the order number (`3. Sci-Fi`), but never empty."""
    return re.sub(r"^\d+\.\s*", "", name) or name


def category_key(name: str) -> tuple[str, str]:
    """A key that sorts category names as stored: by their order number, then by name."""
    return _natural(fold(name)), name


@frozen
class TitleText:
    """One title in the forms a search needs, computed once when it is indexed.

    `raw` is the title as the site has it, `folded` all its words, `shown` the words of its display title.
    `wholes` are the texts, without blanks, that count as having typed the whole title: all of it; without
    extension and release words; without the year too. `natural` sorts it among other titles.
    """

    raw: str
    folded: str = field(kw_only=True)
    shown: str = field(kw_only=True)
    wholes: frozenset[str] = field(kw_only=True)
    natural: str = field(kw_only=True)

    @classmethod
    def of(cls, title: str) -> "TitleText":
        folded = fold(title)
        display = display_title(title) if folded else ""
        shown, name = fold(display), fold(_DATED.sub("", display))
        return cls(
            title,
            folded=folded,
            shown=shown,
            wholes=frozenset(words.replace(" ", "") for words in (folded, shown, name) if words),
            # \x01 sorts before the blank: Halloween (1978) comes before Halloween 2 (1981).
            natural=f"{_natural(name)}\x01{_natural(folded)}",
        )
