"""The house itself: what must hold of the tree, whatever is in it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version as installed_version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
TEXTS = [path for path in TRACKED if path.suffix not in (".png", ".ico") and path != Path(__file__)]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_layers_hold() -> None:
    """import-linter, with the contracts in pyproject.toml; `make check` runs it as well."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_package_is_typed() -> None:
    for package in ("playlist_core", "playlist_adapters", "playlist_app"):
        assert (ROOT / "src" / package / "py.typed").is_file()


def test_the_version_stands_in_one_place_only() -> None:
    number = PROJECT["project"]["version"]
    assert installed_version("kryten-playlist") == number
    holders = [path for path in SOURCES if number in path.read_text()]
    assert holders == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_every_module_says_what_it_is_for_and_fits_in_one_reading(path: Path) -> None:
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "a module opens with one sentence saying what it is for"
    suite = path.parent.name == "testing"
    assert text.count("\n") <= (500 if suite else 300), "split it: one idea a file"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_only_the_outermost_doors_catch_everything(path: Path) -> None:
    bare = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception"))
    ]
    assert bare == []


def test_a_word_of_another_product_is_nowhere() -> None:
    word = "mod" + "erator"
    assert [str(path) for path in TEXTS if word in path.read_text(errors="ignore").lower()] == []


def test_no_file_names_a_registry_or_a_path_of_somebodys_machine() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted|registry\.npmjs|deb\.debian|/work/|/root/|/opt/(pypi|wheels)")
    found = [str(path) for path in TEXTS if hosts.search(path.read_text(errors="ignore"))]
    assert found == []


def test_the_locks_pin_every_package_with_hashes() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.lock")):
        lines = lock.read_text().splitlines()
        packages = [line for line in lines if "==" in line]
        assert packages
        assert all(line.rstrip().endswith("\\") for line in packages), lock
        assert not [line for line in lines if not re.match(r"\S+==|    --hash=sha256:[0-9a-f]{64}|$|#", line)]


def test_every_runtime_dependency_is_named_in_an_adr() -> None:
    adrs = "\n".join(path.read_text() for path in (ROOT / "adr").glob("*.md"))
    names = [re.split(r"[><=;\[ ]", each)[0] for each in PROJECT["project"]["dependencies"]]
    assert [name for name in names if name not in adrs] == []


def test_adrs_are_numbered_without_gaps_and_have_their_parts() -> None:
    files = sorted((ROOT / "adr").glob("*.md"))
    assert [path.name[:4] for path in files] == [f"{number:04}" for number in range(1, len(files) + 1)]
    for path in files:
        text = path.read_text().lower()
        assert all(f"## {part}" in text for part in ("context", "decision", "consequences")), path.name
