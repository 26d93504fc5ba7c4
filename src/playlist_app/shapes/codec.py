"""The converter of the doors: strict, unknown fields are errors, and the first wrong item ends an array."""

from typing import Any, Final, Literal, get_args, get_origin

import cattrs
from cattrs.errors import IterableValidationError, IterableValidationNote

from playlist_core.errors import InvalidInput
from playlist_core.services.codec import strict_converter

wire: Final = strict_converter(forbid_extra_keys=True)


def _array(value: Any, kind: Any) -> tuple[Any, ...]:
    # cattrs would collect every wrong item first: half a million of them, in 1 MiB, take ten seconds.
    if type(value) is not list:
        raise TypeError(f"expected an array, got {type(value).__name__}")
    (each, *_) = get_args(kind)
    structure = wire.get_structure_hook(each)
    items: list[Any] = []
    for index, item in enumerate(value):
        try:
            items.append(structure(item, each))
        except (cattrs.BaseValidationError, InvalidInput, TypeError, ValueError, KeyError) as exc:
            exc.add_note(IterableValidationNote(f"item {index}", index, each))
            # pyright sees the constructor of ExceptionGroup here, which takes no class.
            raise IterableValidationError("in an array", [exc], kind) from exc  # pyright: ignore[reportCallIssue]
    return tuple(items)


def _one_of(value: Any, kind: Any) -> Any:
    if value not in get_args(kind):
        raise ValueError("expected one of " + ", ".join(map(str, get_args(kind))))
    return value


wire.register_structure_hook_func(lambda kind: get_origin(kind) is tuple, _array)
wire.register_structure_hook_func(lambda kind: get_origin(kind) is Literal, _one_of)
