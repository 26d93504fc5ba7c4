"""What a field admits beyond its type, stated once: the class refuses the rest, the schema tells it."""

from typing import Any

from attrs import Attribute, frozen

from playlist_core.errors import InvalidInput


@frozen
class Between:
    """An attrs validator: a whole number from `least` to `most`, both included; None passes."""

    least: int
    most: int

    def __call__(self, instance: Any, attribute: "Attribute[Any]", value: int | None) -> None:
        if value is not None and not self.least <= value <= self.most:
            raise InvalidInput.of(attribute.name, f"must be from {self.least} to {self.most}")


@frozen
class TextUpTo:
    """An attrs validator: a text of at most so many characters; None passes."""

    most: int

    def __call__(self, instance: Any, attribute: "Attribute[Any]", value: str | None) -> None:
        if value is not None and len(value) > self.most:
            raise InvalidInput.of(attribute.name, f"is longer than {self.most} characters")


@frozen
class ArrayUpTo:
    """An attrs validator: an array of at most so many items."""

    most: int

    def __call__(self, instance: Any, attribute: "Attribute[Any]", value: tuple[Any, ...]) -> None:
        if len(value) > self.most:
            raise InvalidInput.of(attribute.name, f"has more than {self.most} items")
