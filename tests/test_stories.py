"""Every acceptance line of the requirements has something that stands for it, and that exists."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from pytest_bdd.feature import get_features
from pytest_bdd.parser import ScenarioTemplate

from tests.stories import STORIES, Elsewhere, Evidence, Later

ROOT: Final = Path(__file__).parent.parent
LINES: Final = ROOT / "tests" / "data" / "prd-acceptance.md"
PAGE: Final = ROOT / "docs" / "acceptance.md"


def acceptance_lines() -> dict[str, tuple[str, list[str]]]:
    """The stories of the requirements in short: title and lines by id."""
    stories: dict[str, tuple[str, list[str]]] = {}
    for section in LINES.read_text(encoding="utf-8").split("\n## ")[1:]:
        heading, *rest = section.splitlines()
        story, _, title = heading.partition(" ")
        stories[story] = (title, [line.removeprefix("- ") for line in rest if line.startswith("- ")])
    return stories


def scenarios() -> list[ScenarioTemplate]:
    """Every scenario of every feature."""
    found = get_features([str(ROOT / "features")])
    return [scenario for feature in found for scenario in feature.scenarios.values()]


SCENARIOS: Final = scenarios()


def evidence() -> Iterator[tuple[str, str, Evidence]]:
    """Each piece of evidence with its story and its line."""
    for story, lines in STORIES.items():
        for line, pieces in lines.items():
            for piece in pieces:
                yield story, line, piece


def names_in(path: Path) -> set[str]:
    """The names of the tests of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {each.name for each in functions if each.name.startswith("test_")}


def test_every_acceptance_line_has_something_that_stands_for_it() -> None:
    lines = {story: lines for story, (_, lines) in acceptance_lines().items()}
    assert {story: list(table) for story, table in STORIES.items()} == lines
    assert list(lines) == [f"GH-{number:03}" for number in range(1, 18)]
    assert [line for table in STORIES.values() for line, pieces in table.items() if not pieces] == []


def test_every_scenario_named_exists_and_belongs_to_the_story() -> None:
    tags = {scenario.name: scenario.tags for scenario in SCENARIOS}
    missing = [
        (story, piece)
        for story, _, piece in evidence()
        if isinstance(piece, str) and story not in tags.get(piece, ())
    ]
    assert missing == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_every_scenario_belongs_to_stories(scenario: ScenarioTemplate) -> None:
    assert scenario.tags
    assert scenario.tags <= STORIES.keys()


def test_no_two_scenarios_have_one_name() -> None:
    # Within a feature the later one would replace the earlier in silence, so the text is counted.
    headings = [
        found[1]
        for path in (ROOT / "features").glob("*.feature")
        for found in re.finditer(r"^ *Scenario(?: Outline)?: (.+)$", path.read_text(encoding="utf-8"), re.M)
    ]
    assert sorted(headings) == sorted({scenario.name for scenario in SCENARIOS})


def test_every_test_named_exists() -> None:
    named = {piece for _, _, piece in evidence() if isinstance(piece, Elsewhere)}
    missing = [
        piece
        for piece in sorted(named, key=str)
        if not (ROOT / "tests" / piece.file).is_file()
        or piece.name not in names_in(ROOT / "tests" / piece.file)
    ]
    assert missing == []


def overview() -> list[str]:
    """The table of docs/acceptance.md, made from the one above."""
    rows = ["| story | lines | scenarios | features | still to come |", "|---|---|---|---|---|"]
    for story, (title, lines) in acceptance_lines().items():
        ours = [scenario for scenario in SCENARIOS if story in scenario.tags]
        features = sorted({Path(scenario.feature.filename).stem for scenario in ours})
        pieces = [piece for pieces in STORIES[story].values() for piece in pieces]
        later = dict.fromkeys(piece.issue for piece in pieces if isinstance(piece, Later))
        cells = [
            f"{story} {title}",
            str(len(lines)),
            str(len(ours) or "–"),
            ", ".join(features) or "–",
            "; ".join(later) or "–",
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def test_the_page_shows_this_overview() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert rows == overview(), "put this into docs/acceptance.md:\n" + "\n".join(overview())
