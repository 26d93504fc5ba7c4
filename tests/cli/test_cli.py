"""The command line as people use it: real commands, in process, on real files."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from playlist_adapters.kv.datadir import lock_data_dir
from playlist_app.cli import catalog, serving
from playlist_app.cli.main import run
from playlist_app.cli.output import length_text, print_json
from playlist_app.cli.settings import with_source
from playlist_app.config import Settings
from playlist_app.version import version
from playlist_core.domain.identity import Role

HERE = Path(__file__).parent
TITLES = HERE.parent / "data" / "titles-4000.csv"

# As people type them; each must come first.
TYPED = {
    "four christmases": "Four.Christmases.[2008].mp4",
    "wallace gromit": "Wallace.and.Gromit.The.Curse.of.the.Were-Rabbit.[2005].mp4",
    "walle": "WALL-E.[2008].mp4",
    "wall e": "WALL-E.[2008].mp4",
    "spiderman 3": "Spider.Man.3.[2007].mp4",
    "vip s01e02": "V.I.P. S01E02 What To Do With Vallery When You're Dead.mkv",
    "key and peele s01e01": "Key.&.Peele - S01E01.avi",
    "nightmare elm street": "A.Nightmare.on.Elm.Street.[1984].mp4",
    "exit speed 2008": "Exit Speed [2008].mp4",
    "silent night deadly 4": "Silent.Night.Deadly.Night.4.Initiation.[1990].mp4",
    "newsroom s01e07": "The Newsroom (1996) - S01E07.mkv",
    "chun li": "Street.Fighter.The.Legend.Of.Chun-Li.[2009].mp4",
}

Result = tuple[int, str, str]
Kryten = Callable[..., Result]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def kryten(capsys: pytest.CaptureFixture[str]) -> Kryten:
    def call(*words: str) -> Result:
        code = run(words)
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("catalogue")
    assert run(["refresh", "--source", str(TITLES), "--data-dir", str(directory), "--json"]) == 0
    return directory


def test_a_refresh_tells_how_many_titles_it_found(kryten: Kryten, tmp_path: Path) -> None:
    code, out, err = kryten("refresh", "--source", str(TITLES), "--data-dir", str(tmp_path / "d"))
    assert (code, err) == (0, "")
    assert out.startswith("4,000 titles from export titles-4000.csv in ")
    known = ["With the title of another one: 24.", "Without a duration: 7."]
    where = f"Kept in {tmp_path / 'd'}; no running service was asked."
    assert out.splitlines()[1:] == ["New: 4,000, changed: 0, gone: 0.", *known, where]
    _, out, _ = kryten("refresh", "--source", str(TITLES), "--data-dir", str(tmp_path / "d"))
    assert out.splitlines()[1:] == ["Nothing is different.", *known, where]


def test_a_catalogue_that_would_shrink_names_the_option_that_allows_it(
    kryten: Kryten, tmp_path: Path
) -> None:
    data = ("--data-dir", str(tmp_path / "d"))
    few = tmp_path / "few.csv"
    few.write_text("video_id,title,categories,duration_seconds\nmine,My own film,,60\n", encoding="utf-8")
    assert kryten("refresh", "--source", str(TITLES), *data)[0] == 0
    code, out, err = kryten("refresh", "--source", str(few), *data)
    assert (code, out) == (1, "")
    assert "would lose 4,000 of its 4,000 titles and then have 1" in err
    assert "--allow-shrink" in err
    code, out, _ = kryten("refresh", "--source", str(few), "--allow-shrink", "--json", *data)
    told = json.loads(out)
    assert (code, told["item_count"], told["gone"], told["shared"]) == (0, 1, 4000, True)


@pytest.mark.parametrize("words", TYPED)
def test_what_people_type_finds_what_they_mean(kryten: Kryten, catalogue: Path, words: str) -> None:
    code, out, _ = kryten("search", "--json", "--limit", "3", "--data-dir", str(catalogue), *words.split())
    assert code == 0
    assert json.loads(out)["items"][0]["title"] == TYPED[words]


def test_a_search_prints_id_length_and_title(kryten: Kryten, catalogue: Path) -> None:
    code, out, err = kryten("search", "--data-dir", str(catalogue), "four", "christmases")
    lines = ["FBcbiqGTc   1:28:32  Four Christmases (2008)", f"{'':21}Four.Christmases.[2008].mp4"]
    assert (code, out.splitlines(), err) == (0, lines, "")


def test_a_search_that_finds_nothing_says_so_and_is_no_failure(kryten: Kryten, catalogue: Path) -> None:
    assert kryten("search", "--data-dir", str(catalogue), "qqqqqq") == (0, "Nothing matches.\n", "")


@pytest.mark.parametrize(
    ("words", "last"),
    [
        (("christmas", "--limit", "2"), "1 to 2 of 44."),
        (("christmas", "--offset", "60"), "Nothing on this page; 44 titles match."),
        (("four", "christmases", "--offset", "5"), "Nothing on this page; 1 title matches."),
        (("--limit", "2", "--offset", "1500"), "1,501 to 1,502 of 4,000."),
        (("--offset", "4000"), "Nothing on this page; 4,000 titles match."),
    ],
)
def test_a_page_tells_where_it_is_in_the_whole(
    kryten: Kryten, catalogue: Path, words: tuple[str, ...], last: str
) -> None:
    code, out, err = kryten("search", "--data-dir", str(catalogue), *words)
    assert (code, out.splitlines()[-1], err) == (0, last, "")


def test_a_typing_slip_is_named(kryten: Kryten, catalogue: Path) -> None:
    _, out, _ = kryten("search", "--data-dir", str(catalogue), "four", "chrismases")
    assert out.splitlines()[0] == "Nothing matches “four chrismases”; this is for “four christmases”:"


def test_categories_filter(kryten: Kryten, catalogue: Path) -> None:
    words = (
        "search",
        "--json",
        "--data-dir",
        str(catalogue),
        "--category",
        "2.Horror",
        "--category",
        "Drama",
    )
    either = json.loads(kryten(*words)[1])["total"]
    both = json.loads(kryten(*words, "--match", "all")[1])["total"]
    assert either > both > 0


def test_a_marathon_is_previewed_with_labels_and_start_times(kryten: Kryten, catalogue: Path) -> None:
    data = ("--data-dir", str(catalogue))
    code, out, _ = kryten("marathon", *data, "search:newsroom", "search:wallace", "--pattern", "A2B1")
    assert code == 0
    assert [line[11] for line in out.splitlines()[:4]] == ["A", "A", "B", "A"]
    assert "S01E02  The Newsroom (1996) - S01E02" in out


def test_a_shuffle_names_its_seed_and_repeats(kryten: Kryten, catalogue: Path) -> None:
    words = ("marathon", "--data-dir", str(catalogue), "search:nightmare", "--method", "shuffle", "--json")
    first = json.loads(kryten(*words)[1])
    again = json.loads(kryten(*words, "--seed", first["seed"])[1])
    assert again == first


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("marathon", "search:x", "--pattern", "A2?B"), "Pattern, character 3: "),
        (("marathon", "newsroom"), "SOURCE: “newsroom” is none; write playlist:NAME"),
        (("marathon", "playlist:none"), "There is no playlist called “none”."),
        (("refresh",), "No catalogue source is configured: set catalog.source."),
        (("refresh", "--source", "nowhere.csv"), "nowhere.csv: there is no such file"),
        (("search", "x" * 501), "q: is longer than 500 characters"),
        (("search", "--category", "Horror films"), "category: there is no “Horror films”; the nearest is “"),
        (("marathon", "category:drama"), "category: there is no “drama”; the nearest is “Drama”"),
    ],
)
def test_a_failure_is_one_sentence_and_exit_code_1(
    kryten: Kryten, catalogue: Path, words: tuple[str, ...], sentence: str
) -> None:
    code, out, err = kryten(*words, "--data-dir", str(catalogue))
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"kryten-playlist: {sentence}")
    code, out, err = kryten(*words, "--data-dir", str(catalogue), "--json")
    assert (code, err) == (1, "")
    assert set(json.loads(out)["error"]) == {"code", "message", "details"}


def test_without_a_catalogue_a_search_says_what_to_do(kryten: Kryten, tmp_path: Path) -> None:
    code, _, err = kryten("search", "--data-dir", str(tmp_path / "new"), "x")
    sentence = "There is no catalogue yet: run a refresh first. (kryten-playlist refresh --source SOURCE)"
    assert (code, err) == (1, f"kryten-playlist: {sentence}\n")
    assert kryten("marathon", "--data-dir", str(tmp_path / "new"), "search:x")[0] == 1
    assert not (tmp_path / "new").exists()


def test_a_directory_in_use_is_left_alone(kryten: Kryten, tmp_path: Path) -> None:
    with lock_data_dir(tmp_path / "d"):
        code, _, err = kryten("search", "--data-dir", str(tmp_path / "d"), "x")
    assert code == 1
    assert f"{tmp_path / 'd'} is in use by process" in err


@pytest.mark.parametrize(
    "words", [(), ("nonsense",), ("search", "--limit", "0"), ("demo", "--port", "65536")]
)
def test_what_is_not_understood_is_exit_code_2(kryten: Kryten, words: tuple[str, ...]) -> None:
    code, out, err = kryten(*words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: kryten-playlist")


def test_the_version_is_that_of_the_installed_package(kryten: Kryten) -> None:
    assert kryten("--version") == (0, f"kryten-playlist {version()}\n", "")


def test_serve_without_nats_points_to_the_demo(kryten: Kryten) -> None:
    code, out, err = kryten("serve")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "NATS" in err
    assert err.endswith("to try everything without it: kryten-playlist demo\n")
    code, out, nothing = kryten("serve", "--json")
    assert (code, nothing) == (2, "")
    assert err == f"kryten-playlist: {json.loads(out)['error']['message']}\n"


def test_the_demo_takes_no_settings(kryten: Kryten, tmp_path: Path) -> None:
    assert kryten("demo", "--config", str(tmp_path / "c.json"))[0] == 1


def test_config_check_lists_every_problem(
    kryten: Kryten, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kryten("config", "check", "--offline")[0] == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('http_prt = 1\nadmins = "x"\n')
    monkeypatch.setenv("KRYTEN_PLAYLIST_HTTP_PORT", "x")
    code, out, err = kryten("config", "check", "--config", str(bad))
    assert (code, out) == (1, "")
    assert all(each in err for each in ("http_prt", "http_port", "admins", "KRYTEN_PLAYLIST_HTTP_PORT"))
    code, out, _ = kryten("config", "check", "--config", str(bad), "--json")
    assert (code, json.loads(out)["ok"], len(json.loads(out)["problems"])) == (1, False, 3)


def test_config_show_tells_where_each_value_comes_from(kryten: Kryten, tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text('{"http_port": 9000, "nats_url": "nats://bob:secret@nats.example:4222"}')
    code, out, _ = kryten("config", "show", "--config", str(file))
    assert code == 0
    assert any(line.split() == ["http_port", "9000", "(file)"] for line in out.splitlines())
    assert "secret" not in out
    rows = json.loads(kryten("config", "show", "--config", str(file), "--json")[1])
    assert {"key": "http_host", "value": "127.0.0.1", "origin": "default"} in rows


@pytest.mark.parametrize(
    ("samples", "bob", "told"),
    [
        ((), Role.BLESSED, ("bob (blessed)", "sign in as bob;")),
        (("One", "Two"), Role.BLESSED, ("Saved already: “One” and “Two”.", "sign in as bob;")),
        (("One",), Role.VIEWER, ("Saved already: “One”.", "bob (viewer)", "sign in as alice;")),
    ],
)
def test_the_demo_tells_who_and_what_is_there(
    capsys: pytest.CaptureFixture[str], samples: tuple[str, ...], bob: Role, told: tuple[str, ...]
) -> None:
    people = {"alice": Role.ADMIN, "bob": bob, "carol": Role.VIEWER}
    serving._announce(Settings(), "http://localhost:1", people, samples, as_json=False)
    out = capsys.readouterr().out
    assert all(each in out for each in (*told, "alice (admin), ", " and carol (viewer).\n"))
    assert ("Saved already" in out) is bool(samples)


def test_titles_cannot_move_the_cursor(kryten: Kryten, tmp_path: Path) -> None:
    export = tmp_path / "odd.csv"
    export.write_text('video_id,title,categories,duration_seconds\nodd,"\x1b[2Jodd",,\n')
    data = ("--data-dir", str(tmp_path / "d"))
    assert kryten("refresh", "--source", str(export), *data)[0] == 0
    assert "\x1b" not in kryten("search", *data)[1]


def test_an_export_whose_name_is_no_text_is_called_by_what_can_be_shown(
    kryten: Kryten, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = tmp_path / "c\udcff.csv"
    export.write_text("video_id,title,categories,duration_seconds\nodd,Odd,,60\n")
    settings = with_source(Settings(), export).kept_in(tmp_path / "d")
    monkeypatch.setattr(catalog, "settings_of", lambda _: settings)
    code, out, err = kryten("refresh", "--json")
    assert (code, err, json.loads(out)["source"]) == (0, "", "export c\ufffd.csv")
    export.write_text("nothing\n")
    code, out, _ = kryten("refresh", "--json")
    assert (code, json.loads(out)["error"]["details"]["file"]) == (1, "c\ufffd.csv")


def test_json_goes_where_there_are_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    monkeypatch.setattr("sys.stdout", written)
    print_json({"title": "Amélie \udcff"})
    assert written.getvalue() == '{\n  "title": "Amélie ?"\n}\n'


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "?"), (0, "0:00"), (59, "0:59"), (1408, "23:28"), (5525, "1:32:05")]
)
def test_lengths_read_as_people_say_them(seconds: int | None, text: str) -> None:
    assert length_text(seconds) == text
