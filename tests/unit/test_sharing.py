"""Which of two snapshots gives way: in the end replicas agree, and never do they take turns."""

from datetime import datetime, timedelta

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.testing.time import EPOCH
from playlist_core.domain.catalog import SnapshotInfo
from playlist_core.domain.sharing import (
    FORMER_KEPT,
    CurrentNote,
    Follow,
    Share,
    SnapshotNote,
    course,
    succeeding,
)


def snapshot(name: str, minute: int = 0) -> SnapshotInfo:
    return SnapshotInfo(
        snapshot_id=name,
        source="here",
        created_at=EPOCH + timedelta(minutes=minute),
        item_count=1,
        category_count=0,
    )


def note(info: SnapshotInfo) -> SnapshotNote:
    return SnapshotNote(
        snapshot_id=info.snapshot_id,
        source=info.source,
        created_at=info.created_at,
        item_count=info.item_count,
        category_count=info.category_count,
        parts=1,
        digest="d",
    )


def current(info: SnapshotInfo, *former: str) -> CurrentNote:
    return evolve(succeeding(note(info), None), former=former)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (None, None, None),
        (None, current(snapshot("a")), Follow(current(snapshot("a")))),
        (snapshot("a"), None, Share(snapshot("a"))),
        (snapshot("a"), current(snapshot("a")), None),
        # Ours was current once: it gives way, also to one that calls itself older.
        (snapshot("a", 5), current(snapshot("b"), "a"), Follow(current(snapshot("b"), "a"))),
        (snapshot("a", 5), current(snapshot("b"), "c", "a"), Follow(current(snapshot("b"), "c", "a"))),
        # Made apart from each other: the later one, by the names when both are of one moment.
        (snapshot("a"), current(snapshot("b", 5)), Follow(current(snapshot("b", 5)))),
        (snapshot("a", 5), current(snapshot("b")), Share(snapshot("a", 5))),
        (snapshot("a"), current(snapshot("b")), Follow(current(snapshot("b")))),
        (snapshot("b"), current(snapshot("a")), Share(snapshot("b"))),
        # Published by a version that knew no parts.
        (None, evolve(current(snapshot("a")), parts=0), None),
        (snapshot("a"), evolve(current(snapshot("a")), parts=0), Share(snapshot("a"))),
        (snapshot("a"), evolve(current(snapshot("b", 5), "a"), parts=0), Share(snapshot("a"))),
    ],
)
def test_who_gives_way(
    ours: SnapshotInfo | None, theirs: CurrentNote | None, expected: Follow | Share | None
) -> None:
    assert course(ours, theirs) == expected


def test_what_was_current_is_remembered_latest_first_and_once() -> None:
    found: CurrentNote | None = None
    for number in range(30):
        found = succeeding(note(snapshot(f"s{number}")), found)
    assert found.former == tuple(f"s{number}" for number in range(28, 28 - FORMER_KEPT, -1))
    again = succeeding(note(snapshot("s29")), found)
    assert again == found
    assert succeeding(note(snapshot("s27")), found).former[:3] == ("s29", "s28", "s26")


@define(eq=False)
class Model:
    """Three replicas and a store, as values."""

    current: CurrentNote | None = None
    here: list[SnapshotInfo | None] = field(factory=lambda: [None] * 3)
    made: int = 0
    moved: int = 0

    def refresh(self, who: int, moment: datetime, *, shared: bool) -> None:
        self.made += 1
        info = evolve(snapshot(f"s{self.made}"), created_at=moment)
        self.here[who] = info
        if shared:
            self._publish(info)

    def reconcile(self, who: int) -> None:
        match course(self.here[who], self.current):
            case Follow(theirs):
                self.here[who] = snapshot(theirs.snapshot_id)
                self.here[who] = evolve(self.here[who], created_at=theirs.created_at)
            case Share(info):
                self._publish(info)
            case None:
                pass

    def _publish(self, info: SnapshotInfo) -> None:
        before = self.current
        self.current = succeeding(note(info), before)
        self.moved += before is None or before.snapshot_id != info.snapshot_id


_DEEDS = st.one_of(
    st.tuples(st.just("reconcile"), st.integers(0, 2)),
    # A clock that is wrong by up to a day, and a store that is there or not.
    st.tuples(st.just("refresh"), st.integers(0, 2), st.integers(-1440, 1440), st.booleans()),
)


@given(deeds=st.lists(_DEEDS, max_size=40), order=st.permutations([0, 1, 2]))
def test_replicas_agree_after_two_rounds_and_no_snapshot_comes_back(deeds: list, order: list[int]) -> None:
    model = Model()
    for what, who, *details in deeds:
        if what == "refresh":
            model.refresh(who, EPOCH + timedelta(minutes=details[0]), shared=details[1])
        else:
            model.reconcile(who)
    for who in [*order, *order]:
        model.reconcile(who)
    ids = {info.snapshot_id for info in model.here if info is not None}
    assert ids == ({model.current.snapshot_id} if model.current else set())
    assert len(ids) == (model.made > 0)
    settled = model.moved
    for who in [*order, *order]:
        model.reconcile(who)
    assert model.moved == settled <= model.made
