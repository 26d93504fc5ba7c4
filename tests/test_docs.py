"""The documentation is held against the code: what it shows runs, what there is stands in it."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from playlist_app.cli.parser import parser

ROOT = Path(__file__).parent.parent
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_prints_what_it_says(example: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example, "docs/extending.md", "exec"), {})
    assert capsys.readouterr().out.strip() == re.search(r"  # (.*)$", example, re.MULTILINE)[1].strip()


def _commands(
    top: argparse.ArgumentParser, before: str = ""
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, verb in action.choices.items():
                inner = list(_commands(verb, f"{before}{name} "))
                yield from inner or [(f"{before}{name}", verb)]


def test_every_command_and_option_stands_in_the_operating_page() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for name, verb in _commands(parser()):
        assert f"`{name}" in page, name
        for option in (text for action in verb._actions for text in action.option_strings):
            assert option in page or option in ("-h", "--help"), f"{name} {option}"


def test_every_page_named_in_the_readme_exists() -> None:
    readme = (ROOT / "README.md").read_text()
    for link in re.findall(r"\]\(([^)]+)\)", readme):
        assert (ROOT / link).is_file(), link
    for name in re.findall(r"^    ([a-z]\w+)/ ", readme, re.MULTILINE):
        assert (ROOT / name).is_dir(), name
