"""Steps about the version and the words of the project."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from playlist_app.cli.main import run
from tests.bdd.steps import then, when

ROOT: Final = Path(__file__).parents[2]
FOLDERS: Final = ("src", "features", "tests", "docs", "adr", "benchmarks", ".github", ".ci")
# Not spelled out, or this file would be the first to have it.
FORMER_WORD: Final = "moder" + "ator"


def texts() -> Iterator[tuple[Path, str]]:
    """Every text of the project, by its path."""
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in sorted([*ROOT.glob("*.*"), ROOT / "Makefile", *inside]):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def stated_version() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


@when("somebody asks the service for its version", target_fixture="said")
def _(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["--version"]) == 0
    return capsys.readouterr().out


@then("it is the version of pyproject.toml")
def _(said: str) -> None:
    assert stated_version() in said.split()


@then("no other file of the code names a version")
def _() -> None:
    code = [(path, text) for path, text in texts() if path.is_relative_to(ROOT / "src")]
    naming = [path.name for path, text in code if re.search(r"__version__|\bversion\s*=\s*[\"'][0-9]", text)]
    assert naming == []
    assert [path.name for path, text in code if f'"{stated_version()}"' in text] == []


@then("that word stands neither in the code, nor in the features, tests and documentation")
def _() -> None:
    seen = dict(texts())
    assert len(seen) > 100
    assert [path.name for path, text in seen.items() if FORMER_WORD in text.lower()] == []
