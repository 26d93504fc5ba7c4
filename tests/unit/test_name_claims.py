"""The name-claim protocol, explored: every interleaving of two operations, a crash at every state."""

import json
from collections.abc import Callable, Coroutine
from datetime import timedelta
from itertools import combinations_with_replacement
from typing import Any

import pytest
from attrs import define, evolve, field

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.identity import Actor, Role, Username
from playlist_core.domain.playlists import Playlist, PlaylistItem, Record, name_key
from playlist_core.errors import NameTaken
from playlist_core.services.documents import Documents
from playlist_core.services.history import Buried, PlaylistHistory
from playlist_core.services.names import Claim, PlaylistNames
from playlist_core.services.playlists import Playlists
from tests.unit.interleaving import FixedRandomness, SteppedClock, SteppedKV, World, explore, run

ACTOR = Actor(Username("bob"), Role.BLESSED)


class NoCatalog:
    """An index that knows no title, without a step in the store."""

    async def state(self) -> None:
        return None


@define(eq=False)
class Cinema(World):
    """Living `p` called x and `q` called y, `d` called x in the bin, claims to match."""

    names: tuple[str, str]
    clock: SteppedClock = field(factory=SteppedClock)
    playlists: SteppedKV = field(factory=lambda: SteppedKV("playlists"))
    history: SteppedKV = field(factory=lambda: SteppedKV("history"))

    def __attrs_post_init__(self) -> None:
        service = self.service("setup")
        run(service.names.create(_playlist("d", "x")))
        run(service.delete(ACTOR, "d"))
        if "free" not in self.names[0]:
            run(service.names.create(_playlist("p", "x")))
        run(service.names.create(_playlist("q", "y")))
        self.clock.current += timedelta(seconds=60)

    @property
    def buckets(self) -> tuple[SteppedKV, ...]:
        return (self.playlists, self.history)

    def service(self, who: str) -> Playlists:
        ports = {"clock": self.clock, "randomness": FixedRandomness(who)}
        records: Documents[Record] = Documents(self.playlists, ("playlists",), kind=Record, **ports)
        claims = Documents(self.playlists, ("names",), kind=Claim, **ports)
        states = Documents(self.history, ("versions",), kind=Playlist, **ports)
        buried = Documents(self.history, ("deleted",), kind=Buried, **ports)
        return Playlists(
            records=records,
            names=PlaylistNames(claims, records, self.clock),
            history=PlaylistHistory(states, buried),
            index=NoCatalog(),
            clock=self.clock,
            randomness=FixedRandomness(f"{who}-id"),
        )

    def operations(self) -> list[Coroutine[Any, Any, Any]]:
        racing = [
            OPERATIONS[name.removesuffix(" free")](self.service(f"{name}{number}"), number)
            for number, name in enumerate(self.names)
        ]
        return [*racing, self.clock.pass_time(20)]

    def living(self) -> dict[str, str]:
        records = {
            key.removeprefix("playlists/"): json.loads(value)
            for key, (value, _) in self.playlists.held.items()
            if key.startswith("playlists/")
        }
        return {
            playlist_id: name_key(record["name"])
            for playlist_id, record in records.items()
            if "voided_at" not in record
        }

    def claim_of(self, name: str) -> str | None:
        held = self.playlists.held.get(f"names/{name}")
        return None if held is None else json.loads(held[0])["playlist_id"]

    def check(self) -> None:
        living = self.living()
        assert len(set(living.values())) == len(living), f"two playlists with one name: {living}"
        for playlist_id, name in living.items():
            assert self.claim_of(name) == playlist_id, f"{playlist_id} lives unclaimed: {living}"
        self._check_no_name_is_stuck(living)

    def _check_no_name_is_stuck(self, living: dict[str, str]) -> None:
        """Everybody has died; after a while a name can be taken exactly when nobody living has it."""
        self.clock.current += timedelta(seconds=30)
        for name in ("x", "y", "z"):
            heir = self.service(f"heir-{name}")
            if name in living.values():
                with pytest.raises(NameTaken):
                    run(heir.names.create(_playlist(f"heir-{name}", name)))
            else:
                run(heir.names.create(_playlist(f"heir-{name}", name)))
                assert self.living()[f"heir-{name}"] == name
        self.clock.current -= timedelta(seconds=30)


def _playlist(playlist_id: str, name: str) -> Playlist:
    return Playlist(
        playlist_id=playlist_id,
        name=name,
        version=1,
        items=(PlaylistItem("v1"),),
        created_by="bob",
        created_at=EPOCH,
        updated_by="bob",
        updated_at=EPOCH,
    )


def _rename(playlist_id: str, name: str) -> Callable[[Playlists, int], Coroutine[Any, Any, Any]]:
    return lambda service, _: service.save(
        ACTOR, playlist_id, name=name, items=(PlaylistItem("v1"),), if_version=1
    )


async def _sweep(service: Playlists, _: int) -> None:
    await service.names.sweep(await service.records.all())


OPERATIONS: dict[str, Callable[[Playlists, int], Coroutine[Any, Any, Any]]] = {
    "create x": lambda service, number: service.names.create(_playlist(f"new{number}", "x")),
    "create z": lambda service, number: service.names.create(_playlist(f"new{number}", "z")),
    "rename p to z": _rename("p", "z"),
    "rename q to x": _rename("q", "x"),
    "rename q to z": _rename("q", "z"),
    "delete p": lambda service, _: service.delete(ACTOR, "p"),
    "restore d": lambda service, _: service.restore(ACTOR, "d", 1),
    "sweep": _sweep,
}
P_LIVES = list(combinations_with_replacement(OPERATIONS, 2))
X_IS_FREE = [
    (f"{one} free", other) for one, other in P_LIVES if "p" not in one.split() and "p" not in other.split()
]


@pytest.mark.parametrize("names", P_LIVES + X_IS_FREE, ids=" + ".join)
def test_no_interleaving_shares_a_name_or_leaves_one_stuck(names: tuple[str, str]) -> None:
    assert explore(lambda: Cinema(names)) > 10


def test_the_exploration_finds_the_fault_when_the_fence_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unfenced(self: PlaylistNames, held: Any) -> None:
        seen = await self.records.get(held.value.playlist_id)
        if seen is not None and getattr(seen.value, "name", None) == held.value.name:
            raise NameTaken("taken", name=held.value.name, playlist_id=held.value.playlist_id)

    monkeypatch.setattr(PlaylistNames, "_fence", unfenced)
    with pytest.raises(AssertionError, match=r"two playlists with one name|lives unclaimed"):
        explore(lambda: Cinema(("create x free", "create x")))


def test_the_exploration_finds_the_fault_when_an_own_claim_is_reused(monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite = Documents.update

    async def reuse(self: Any, *segments: str, value: Any, seen: Any) -> Any:
        if isinstance(value, Claim) and seen.value.playlist_id == value.playlist_id:
            return seen
        return await rewrite(self, *segments, value=value, seen=seen)

    monkeypatch.setattr(Documents, "update", reuse)
    with pytest.raises(AssertionError, match=r"two playlists with one name|lives unclaimed"):
        for names in P_LIVES + X_IS_FREE:
            explore(lambda names=names: Cinema(names))


def test_a_fence_is_no_save() -> None:
    cinema = Cinema(("create x", "create x"))
    service = cinema.service("me")
    playlist = _playlist("p", "x")
    seen = run(service.records.get("p"))
    run(service.records.update("p", value=evolve(playlist, fence=1), seen=seen))
    assert run(service.save(ACTOR, "p", name="x", items=(), if_version=1)).version == 2
