"""A bounded memory of what was used lately."""

from typing import Generic, TypeVar

from attrs import define, field

K = TypeVar("K")
V = TypeVar("V")


@define(eq=False)
class Recent(Generic[K, V]):
    """At most twice `size` values; the ones not asked for longest are forgotten, many at a time.

    Two generations instead of a list in order of use: a lookup that hits costs one dict access.
    """

    size: int
    _young: dict[K, V] = field(factory=dict, init=False)
    _old: dict[K, V] = field(factory=dict, init=False)

    def get(self, key: K) -> V | None:
        """The value, or None if it was never put here or is forgotten."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: K, value: V) -> None:
        """Remember a value, which is not None."""
        if len(self._young) >= self.size:
            self._old, self._young = self._young, {}
        self._young[key] = value
