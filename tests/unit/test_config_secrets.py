"""Secrets of the settings: from files of their own, and shown to nobody."""

from pathlib import Path

import pytest

from playlist_app.config import (
    ConfigInvalid,
    Notice,
    Origin,
    Settings,
    Shown,
    describe,
    environment_name,
    load,
)
from playlist_app.config.secret_files import SECRET_FILES, read_secret
from tests.unit.config_world import problems, write

SECRET = "hunter2hunter2"
OPEN = "names a file that others than its owner and group may read: chmod 640 it"


def secret_file(directory: Path, content: str | bytes = f"{SECRET}\n", *, mode: int = 0o600) -> Path:
    path = directory / "secret"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)
    return path


def test_every_secret_may_stand_in_a_file() -> None:
    assert SECRET_FILES == {
        "nats_password_file": "nats_password",
        "nats_token_file": "nats_token",
        "catalog.token_file": "catalog.token",
        "catalog.password_file": "catalog.password",
    }


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"{SECRET}\r\n", f"{SECRET}\nand a remark\n"])
def test_the_first_line_of_the_file_is_the_secret(tmp_path: Path, content: str) -> None:
    file = secret_file(tmp_path, content)
    loaded = load(write(tmp_path, {"nats_token_file": str(file)}), {})
    assert (loaded.settings, loaded.notices) == (Settings(nats_token=SECRET), ())
    assert loaded.origins["nats_token"] is Origin.FILE


def test_a_section_and_the_environment_may_name_the_file(tmp_path: Path) -> None:
    file = str(secret_file(tmp_path))
    in_section = load(write(tmp_path, {"catalog": {"token_file": file}}), {})
    assert in_section.settings.catalog.token == SECRET
    for name in (environment_name("catalog.token") + "_FILE", "KRYTEN_PLAYLIST_CATALOG__TOKEN_FILE"):
        loaded = load(None, {name: file})
        assert (loaded.settings.catalog.token, loaded.origins["catalog.token"]) == (
            SECRET,
            Origin.ENVIRONMENT,
        )


def test_a_secret_that_is_given_twice_in_one_place_is_a_problem(tmp_path: Path) -> None:
    file = str(secret_file(tmp_path))
    path = write(tmp_path, {"nats_token": SECRET, "nats_token_file": file})
    name = environment_name("catalog.token")
    assert problems(path, {name: SECRET, f"{name}_FILE": file}) == {
        "nats_token_file": "is the same as nats_token, which is given, too: leave one of them",
        f"{name}_FILE": "sets catalog.token, which another variable sets, too: leave one of them",
    }


def test_the_environment_overrides_the_file_in_either_form(tmp_path: Path) -> None:
    file = str(secret_file(tmp_path))
    name = environment_name("nats_token")
    assert load(write(tmp_path, {"nats_token": "x"}), {f"{name}_FILE": file}).settings.nats_token == SECRET
    assert load(write(tmp_path, {"nats_token_file": file}), {name: "x"}).settings.nats_token == "x"


@pytest.mark.parametrize(
    ("mode", "told"), [(0o400, 0), (0o440, 0), (0o640, 0), (0o660, 1), (0o644, 1), (0o604, 1), (0o444, 1)]
)
def test_a_file_that_others_may_read_is_told(tmp_path: Path, mode: int, told: int) -> None:
    file = secret_file(tmp_path, mode=mode)
    path = write(tmp_path, {"nats_token_file": str(file)})
    assert load(path, {}).notices == (Notice(f"{path}: nats_token_file", OPEN),) * told


def test_a_file_that_holds_no_secret_is_a_problem_that_repeats_nothing(tmp_path: Path) -> None:
    unreadable = "names a file that cannot be read: "
    empty = "names a file whose first line is empty, or no text in UTF-8"
    for content, problem in (
        ("", empty),
        ("\nsecret", empty),
        (b"\xff" + SECRET.encode(), empty),
        ("x" * 1_001, "names a file whose first line must be a token of at most 1000 characters"),
        ("x" * 10_000, "names a file whose first line must be a token of at most 1000 characters"),
    ):
        path = write(tmp_path, {"nats_token_file": str(secret_file(tmp_path, content))})
        assert problems(path) == {"nats_token_file": problem}
    for named, problem in (
        (f"{tmp_path}/{SECRET}", f"{unreadable}No such file or directory"),
        (str(tmp_path), f"{unreadable}Is a directory"),
        ("a\0b", "must be the path of a file that holds it"),
        ("", "must be the path of a file that holds it"),
        (5, "must be the path of a file that holds it"),
    ):
        assert problems(write(tmp_path, {"nats_token_file": named})) == {"nats_token_file": problem}


@pytest.mark.parametrize(
    "content",
    [
        {"nats_url": "nats://n", "nats_user": "u", "nats_password": SECRET},
        {"nats_url": "nats://n", "nats_token": SECRET},
        {"nats_url": f"nats://u:{SECRET}@n"},
        {"nats_url": f"nats://{SECRET}@n, nats://m"},
        {"nats": {"servers": ["nats://n"], "user": "u", "password": SECRET}},
        {"nats": {"servers": [f"nats://u:{SECRET}@n"]}},
        {"base_url": "https://v.example", "catalog": {"token": SECRET}, "api_key": SECRET},
    ],
)
def test_a_secret_is_neither_shown_nor_in_a_repr(tmp_path: Path, content: object) -> None:
    loaded = load(write(tmp_path, content), {})
    shown = repr((loaded, loaded.settings.nats, describe(loaded), loaded.notices))
    assert SECRET not in shown
    settings = loaded.settings
    held = (settings.nats and settings.nats.password, settings.nats and settings.nats.token)
    assert SECRET in (*held, settings.catalog.token)


@pytest.mark.parametrize(
    "content",
    [
        {"nats_password": SECRET},
        {"nats_url": f"nats://u:{SECRET}@n", "nats_token": SECRET},
        {"nats_url": f"nats://u:{SECRET}@a,nats://u:x@b"},
        {"nats": {"servers": [f"nats://u:{SECRET}/@n"]}},
        {"nats": {"servers": SECRET, "password": [SECRET]}},
        {"nats": {"token": SECRET}, "nats_token": "other"},
        {"nats_token_file": SECRET},
        {"disable_auth": SECRET, "channels": [SECRET], "session_ttl_seconds": SECRET},
    ],
)
def test_no_problem_repeats_a_secret(tmp_path: Path, content: object) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load(write(tmp_path, content), {})
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in repr((error, vars(error)))
        error = error.__cause__ or error.__context__


def test_what_was_read_has_no_secret_in_its_repr(tmp_path: Path) -> None:
    assert SECRET not in repr(read_secret(str(secret_file(tmp_path))))


def test_a_token_is_shown_as_given_and_masked(tmp_path: Path) -> None:
    path = write(tmp_path, {"nats_token_file": str(secret_file(tmp_path))})
    assert Shown("nats_token", "***", Origin.FILE) in describe(load(path, {}))
