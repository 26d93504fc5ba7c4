"""One namespace's share of a bucket: where the documents of a service get their place from."""

from typing import TypeVar

from attrs import field, frozen

from playlist_core.ports import Clock, KVStore, Randomness
from playlist_core.services.documents import Documents

T = TypeVar("T")


@frozen(eq=False)
class Namespace:
    """The keys `ns/{name}/…` of one bucket (CONTRACTS section 3)."""

    store: KVStore
    name: str
    clock: Clock = field(kw_only=True)
    randomness: Randomness = field(kw_only=True)

    def documents(self, kind: type[T], *segments: str) -> Documents[T]:
        """The documents of a kind under `segments` of this namespace."""
        return Documents(
            self.store,
            ("ns", self.name, *segments),
            kind=kind,
            clock=self.clock,
            randomness=self.randomness,
        )
