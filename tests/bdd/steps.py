"""Given, when and then whose async steps really run: in the one event loop that a scenario owns.

pytest-bdd itself calls an async step and drops the coroutine. Here every async step goes through the
fixture `portal`; steps that are not async run outside of the loop and may not touch what lives in it.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, Final, TypeVar

import anyio
import pytest_bdd
from parse import with_pattern
from pytest_bdd import parsers

S = TypeVar("S", bound=Callable[..., Any])

_PORTAL: Final = "portal"
# Seconds after which a step that waits for something that never comes fails instead.
_PATIENCE: Final = 20


@with_pattern(r'"[^"]*"')
def _text(string: str) -> str:
    return string[1:-1]


@with_pattern(r'"[^"]*"(?:, "[^"]*")*')
def _texts(string: str) -> tuple[str, ...]:
    return tuple(re.findall(r'"([^"]*)"', string))


@with_pattern(r"(?:an? |the )?[A-Za-z]+")
def _somebody(string: str) -> str:
    return string.split()[-1]


@with_pattern(r"[^\" ]+(?: [^\" ]+)*")
def _words(string: str) -> tuple[str, ...]:
    return tuple(string.split())


TYPES: Final = {"text": _text, "texts": _texts, "words": _words, "who": _somebody}


def given(text: str, *, target_fixture: str | None = None) -> Callable[[S], S]:
    """A step in the syntax of `parse`.

    Besides its types `{x:text}` is "quoted", `{x:texts}` a list of such, `{x:who}` a name, or `a stranger`.
    """
    return _step(pytest_bdd.given, text, target_fixture)


def when(text: str, *, target_fixture: str | None = None) -> Callable[[S], S]:
    """Like `given`."""
    return _step(pytest_bdd.when, text, target_fixture)


def then(text: str, *, target_fixture: str | None = None) -> Callable[[S], S]:
    """Like `given`."""
    return _step(pytest_bdd.then, text, target_fixture)


def _step(register: Callable[..., Any], text: str, target_fixture: str | None) -> Callable[[S], S]:
    def decorate(step: S) -> S:
        parser = parsers.parse(text, extra_types=TYPES)
        # Two frames up stands the module in which pytest-bdd has to look for the step.
        register(parser, target_fixture=target_fixture, stacklevel=2)(_awaited(step))
        return step

    return decorate


def _awaited(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step as pytest-bdd can call it."""
    signature = inspect.signature(step)
    named = list(signature.parameters.values())
    if any(each.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD for each in named):
        raise TypeError("pytest-bdd fills plain parameters only; the others it leaves out in silence")
    if not inspect.iscoroutinefunction(step):
        return step

    async def bounded(**arguments: Any) -> Any:
        with anyio.fail_after(_PATIENCE):
            return await step(**arguments)

    @wraps(step)
    def run(**arguments: Any) -> Any:
        portal = arguments.pop(_PORTAL)
        return portal.call(partial(bounded, **arguments))

    portal = inspect.Parameter(_PORTAL, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    run.__signature__ = signature.replace(parameters=[*named, portal])  # type: ignore[attr-defined]
    return run
