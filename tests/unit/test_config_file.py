"""Settings files: TOML and JSON, and what is said of files that are neither."""

from pathlib import Path, PosixPath
from typing import Any, NoReturn

import pytest

from playlist_app.config import CatalogSettings, Settings, load
from tests.unit.config_world import problems, write


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("c.toml", "http_port = 1\n[catalog]\nmax_shrink = 1"),
        ("c.TOML", 'http_port = 1\r\n"catalog.max_shrink" = 1\r\n'),
        ("c.json", '{"http_port": 1, "catalog": {"max_shrink": 1}}'),
        ("c.conf", '\n {"http_port": 1, "catalog.max_shrink": 1}'),
        ("c", "http_port = 1\ncatalog.max_shrink = 1.0"),
        ("c.json", b'\xef\xbb\xbf{"http_port": 1, "catalog": {"max_shrink": 1}}'),
    ],
)
def test_toml_and_json_say_the_same(tmp_path: Path, name: str, content: str | bytes) -> None:
    expected = Settings(http_port=1, catalog=CatalogSettings(max_shrink=1.0))
    assert load(write(tmp_path, content, name), {}).settings == expected


@pytest.mark.parametrize("content", ["", "# nothing\n", "[catalog]\n"])
def test_an_empty_toml_file_leaves_the_defaults(tmp_path: Path, content: str) -> None:
    assert load(write(tmp_path, content, "c.toml"), {}).settings == Settings()


@pytest.mark.parametrize(
    ("name", "content", "place", "problem"),
    [
        ("c.toml", "a = 1\nb = [1, ?]\n", ":2:9", "is no TOML: Invalid value"),
        ("c.toml", "http_port = 1\n\nservice_name =", ":3:15", "is no TOML: Invalid value"),
        ("c.json", '{\n  "http_port": 1,\n}', ":3:1", "is no JSON: "),
        ("c.json", "", ":1:1", "is no JSON: "),
        ("c.json", "[1]", "", "must hold one object"),
        ("c.json", '{"a": 1, "b": 2, "a": 3}', "", "has more than one a"),
        ("c.json", '{"catalog": {"source": "a", "source": "b"}}', "", "has more than one source"),
        ("c.json", "[" * 20_000, "", "is nested too deeply"),
        ("c.toml", "a = " + "[" * 20_000, "", "is nested too deeply"),
        ("c.json", '{"http_port": ' + "9" * 5_000 + "}", "", "holds a number with too many digits"),
        ("c.toml", "http_port = " + "9" * 5_000, "", "holds a number with too many digits"),
        ("c.toml", b"\n\nname = '\xff'", ":3:9", "is not UTF-8 from here on"),
        ("c.toml", "# " + "x" * 65_536, "", "is larger than 65536 bytes"),
    ],
)
def test_a_broken_file_is_named_with_the_place(
    tmp_path: Path, name: str, content: str | bytes, place: str, problem: str
) -> None:
    path = write(tmp_path, content, name)
    found = problems(path)
    assert list(found) == [f"{path}{place}"]
    assert found[f"{path}{place}"].startswith(problem)


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", write(tmp_path, "{}") / "config.json"):
        assert problems(path) == {str(path): "there is no such file: write it, or name another one"}


def test_a_directory_is_no_settings_file(tmp_path: Path) -> None:
    assert problems(tmp_path) == {str(tmp_path): "is a directory: name the file in it"}


@pytest.mark.parametrize(
    ("failure", "problem"),
    [
        (PermissionError(13, "Permission denied"), "may not be read: give this user the right to"),
        (OSError(5, "Input/output error"), "cannot be read: Input/output error"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(failure: OSError, problem: str) -> None:
    class FailingPath(PosixPath):
        def open(self, *_: Any, **__: Any) -> NoReturn:
            raise failure

    assert problems(FailingPath("c.json")) == {"c.json": problem}


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_a_path_that_no_file_can_have_is_refused(name: str) -> None:
    [(where, problem)] = problems(Path(name)).items()
    assert (where.isprintable(), problem) == (True, "cannot be the name of a file")


def test_an_endless_file_is_not_read_to_its_end() -> None:
    assert problems(Path("/dev/zero")) == {"/dev/zero": "is larger than 65536 bytes: is it the right file?"}
