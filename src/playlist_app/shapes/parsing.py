"""From bytes to values, strictly: unknown fields named, nothing coerced."""

from typing import Any, Final, TypeVar

import cattrs
import orjson
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from playlist_app.shapes.codec import wire
from playlist_core.errors import InvalidInput, Malformed, TooLarge

T = TypeVar("T")

BODY_LIMIT: Final = 1024 * 1024


def check_size(size: int) -> None:
    """Raises TooLarge for a body of more bytes than any may have."""
    if size > BODY_LIMIT:
        raise TooLarge(f"The body is larger than {BODY_LIMIT} bytes.", limit=BODY_LIMIT)


def parse_json(raw: bytes) -> Any:
    """Raises Malformed `bad_json` with the place; orjson refuses NaN, lone surrogates and deep nesting."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise Malformed(f"The body is not JSON: {exc}.", code="bad_json") from exc


def parse_body(value: Any, kind: type[T]) -> T:
    """The value as an instance of `kind`; raises InvalidInput that names the first field that is wrong."""
    try:
        return wire.structure(value, kind)
    except (cattrs.BaseValidationError, ForbiddenExtraKeysError, TypeError, ValueError, KeyError) as exc:
        field, problem = _first_problem(exc, "")
        raise InvalidInput.of(field or "body", problem) from exc


def _first_problem(exc: BaseException, path: str) -> tuple[str, str]:
    """Where in the body something is wrong, as `items[3].video_id`, and what."""
    if isinstance(exc, ClassValidationError):
        with_notes, without = exc.group_exceptions()
        for inner, note in with_notes:
            return _first_problem(inner, f"{path}.{note.name}".lstrip("."))
        return _first_problem(without[0], path)
    if isinstance(exc, IterableValidationError):
        with_index, _ = exc.group_exceptions()
        inner, note = with_index[0]
        return _first_problem(inner, f"{path}[{note.index}]")
    if isinstance(exc, ForbiddenExtraKeysError):
        names = sorted(map(str, exc.extra_fields))
        return f"{path}.{names[0]}".lstrip("."), "is an unknown field"
    if isinstance(exc, KeyError):
        return path, "is missing"
    if isinstance(exc, InvalidInput):
        return f"{path}.{exc.details.get('field', '')}".strip("."), exc.details.get("problem", exc.message)
    return path, str(exc) or "is not valid"
