"""`config check` as people type it: line by line, as JSON, and without asking anybody."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from playlist_app.cli.main import run
from tests.unit.config_world import write

Result = tuple[int, str, str]
SECRET = "hunter2hunter2"


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Result]:
    def call(settings: dict[str, Any], *words: str) -> Result:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        path = write(tmp_path, {"http_port": port, **settings})
        path.chmod(0o600)
        code = run(["config", "check", "--config", str(path), *words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_offline_only_the_settings_are_looked_at(check: Callable[..., Result], tmp_path: Path) -> None:
    code, out, err = check({"nats_url": f"nats://u:{SECRET}@192.0.2.1", "log_level": "INFO"}, "--offline")
    path = tmp_path / "config.json"
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"ok       settings  {path} sets 2 keys, the environment 0 keys.",
        f"warning  settings  {path}: log_level: has no effect:"
        " warnings are logged, with --verbose each request as well.",
        "1 ok, 1 warning.",
    ]


def test_settings_that_cannot_be_used_are_told_and_nobody_is_asked(check: Callable[..., Result]) -> None:
    code, out, err = check({"disable_auth": True, "nats_url": "nats://192.0.2.1"})
    assert (code, out) == (1, "")
    assert "disable_auth: is not supported, everybody signs in with a code by private message" in err
    code, out, _ = check({"disable_auth": True}, "--json")
    told = json.loads(out)
    assert (code, told["ok"], told["checks"]) == (1, False, [])
    assert [each["where"].partition(": ")[2] for each in told["problems"]] == ["disable_auth"]


def test_everything_is_looked_at_and_nothing_made(check: Callable[..., Result], tmp_path: Path) -> None:
    code, out, err = check({"data_dir": "data", "catalog": {"source": "films.csv"}})
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert [(verdict, rest.partition("  ")[0]) for verdict, rest in lines[:-1]] == [
        ("ok", "settings"),
        ("ok", "data directory"),
        ("warning", "catalogue"),
        ("warning", "NATS"),
        ("failed", "catalogue source"),
        ("ok", "web server"),
        ("ok", "public address"),
    ]
    assert out.splitlines()[-1] == "4 ok, 2 warning, 1 failed."
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_another_data_directory_may_be_named(check: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    _, out, _ = check({}, "--data-dir", "elsewhere")
    assert "data directory    elsewhere can be used." in out


def test_programs_get_the_same_as_json(check: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("video_id,title,categories,duration_seconds\na,A,,60\n")
    code, out, err = check({"catalog": {"source": "films.csv"}}, "--json")
    told = json.loads(out)
    assert (code, err, told["ok"], told["problems"]) == (0, "", True, [])
    assert {
        "name": "catalogue source",
        "verdict": "ok",
        "sentence": "export films.csv answers.",
    } in told["checks"]


def test_an_address_that_somebody_has_is_a_failure(check: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, out, _ = check({"http_port": taken.getsockname()[1]})
    assert code == 1
    assert "is in use by process" in out


def test_files_that_nats_needs_are_told_and_no_secret(check: Callable[..., Result]) -> None:
    settings = {
        "nats_url": "tls://localhost:1",
        "nats_token": SECRET,
        "nats_tls_ca": "none.pem",
        "catalog": {"source": "postgresql://me@192.0.2.1/cms", "password": SECRET},
    }
    for words in ((), ("--json",)):
        code, out, err = check({**settings, "catalog": {}}, *words)
        assert code == 1
        assert "nats_tls_ca: cannot be read: No such file or directory" in out
        assert SECRET not in out + err
