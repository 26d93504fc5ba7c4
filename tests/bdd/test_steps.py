"""The steps themselves: none is skipped in silence, and every scenario runs on both sets of adapters."""

import re
from pathlib import Path

import pytest
from pytest_bdd.feature import get_features
from pytest_bdd.steps import step_function_context_registry

from tests.bdd.steps import given

pytest_plugins = ["pytester"]

FEATURE = """
Feature: A step that has something to say
  Scenario: It is heard
    Given a step that fails
"""
SCENARIO = """
    import anyio.from_thread
    import pytest
    from pytest_bdd import scenarios
    from {library} import given

    @pytest.fixture
    def portal():
        with anyio.from_thread.start_blocking_portal() as portal:
            yield portal

    @given("a step that fails")
    async def _():
        assert 1 == 2, "the body was run"

    scenarios("said.feature")
"""


def run_scenario(pytester: pytest.Pytester, library: str) -> pytest.RunResult:
    """A scenario in a project of its own, whose only step is an async one of that library."""
    pytester.makefile(".feature", said=FEATURE)
    pytester.makepyfile(SCENARIO.format(library=library))
    return pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider")


def test_an_async_step_of_ours_is_run(pytester: pytest.Pytester) -> None:
    result = run_scenario(pytester, "tests.bdd.steps")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*AssertionError: the body was run*"])


def test_an_async_step_that_nobody_awaits_fails(pytester: pytest.Pytester) -> None:
    result = run_scenario(pytester, "pytest_bdd")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*coroutine '_' was never awaited*"])
    result.stdout.no_fnmatch_line("*the body was run*")


def test_a_parameter_that_pytest_bdd_would_leave_out_is_refused() -> None:
    with pytest.raises(TypeError, match="leaves out in silence"):

        @given("somebody")
        def _(*, who: str = "nobody") -> None: ...


def test_no_step_goes_round_ours() -> None:
    ours = Path(__file__).with_name("steps.py")
    around = [
        path.name
        for path in ours.parent.glob("*.py")
        if path not in (ours, Path(__file__))
        and re.search(
            r"from pytest_bdd.*import .*\b(given|when|then|step)\b", path.read_text(encoding="utf-8")
        )
    ]
    assert around == []


def test_every_scenario_runs_in_memory_and_on_sqlite(request: pytest.FixtureRequest) -> None:
    modules = [path.stem for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    features = [path.stem for path in (request.config.rootpath / "features").glob("*.feature")]
    assert sorted(modules) == sorted(f"test_{feature}" for feature in features)
    for module in modules:
        text = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
        assert 'pytestmark = pytest.mark.usefixtures("adapters")' in text


def test_every_sentence_fits_exactly_one_step(request: pytest.FixtureRequest) -> None:
    steps = list(step_function_context_registry.values())
    fits: dict[str, int] = {}
    for feature in get_features([str(request.config.rootpath / "features")]):
        for scenario in feature.scenarios.values():
            rows = [row for examples in scenario.examples for row in examples.as_contexts()] or [{}]
            for sentence in (sentence for row in rows for sentence in scenario.render(row).steps):
                fitting = [each for each in steps if each.type == sentence.type]
                number = sum(each.parser.is_matching(sentence.name) for each in fitting)
                fits[f"{sentence.type} {sentence.name}"] = number
    assert len(fits) > 300
    assert {sentence: number for sentence, number in fits.items() if number != 1} == {}
