"""What a client can know from the frames it is told."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_adapters.channel.cytube.view import ChannelView
from tests.unit.room.scene import Scene, new_scene

NAMES = [f"{letter}@{seconds}" for letter, seconds in zip("abcdef", (0, 1, 4, 30, 600, 7), strict=True)]
UIDS = st.integers(0, 12)
ACTIONS = st.one_of(
    st.tuples(
        st.just("queue"),
        st.builds(
            lambda name, pos, temp: {"id": f"https://s/{name}", "type": "cm", "pos": pos, "temp": temp},
            st.sampled_from([*NAMES, "gone", "slow@5+3", "slower@5+30"]),
            st.sampled_from(["end", "next"]),
            st.booleans(),
        ),
    ),
    st.tuples(st.sampled_from(["delete", "jumpTo"]), UIDS),
    st.tuples(
        st.just("setTemp"), st.builds(lambda uid, temp: {"uid": uid, "temp": temp}, UIDS, st.booleans())
    ),
    st.tuples(
        st.just("moveMedia"),
        st.builds(
            lambda uid, after: {"from": uid, "after": after},
            UIDS,
            st.sampled_from(["prepend", "append"]) | UIDS,
        ),
    ),
    st.tuples(st.sampled_from(["playNext", "clearPlaylist", "shufflePlaylist"])),
)


def loses_an_item(scene: Scene, action: tuple[Any, ...]) -> bool:
    """Whether the neighbour of a move is gone or may be gone by its turn: the one case no frame tells."""
    if action[0] != "moveMedia" or isinstance(action[1]["after"], str):
        return False
    return scene.room.orders.pending or action[1]["after"] not in scene.uids()


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(ACTIONS, st.sampled_from([0.0, 0.05, 0.6, 3.0, 11.0])), max_size=40))
def test_whoever_folds_the_frames_knows_what_the_room_holds(
    steps: list[tuple[tuple[Any, ...], float]],
) -> None:
    scene = new_scene()
    view = ChannelView()
    reader = scene["carol"]
    scene.send("carol", "requestPlaylist")
    for action, pause in steps:
        if not loses_an_item(scene, action):
            scene.send("bob", *action)
        scene.wait(pause)
        for frame in reader.collect():
            view.take(frame)
        playlist = scene.room.playlist
        assert [(item.uid, item.temp, item.title) for item in view.items] == [
            (item.uid, item.temp, item.media.title) for item in playlist.items
        ]
        playing = view.playing(scene.room.now)
        assert (playing and playing.uid) == (playlist.current and playlist.current.uid)
        # A live item's position is never counted by the channel itself.
        if playing and playlist.current and playlist.current.media.seconds:
            assert 0 <= playing.position_seconds - playlist.playback.at(scene.room.now) < 1
        assert playlist.count == len(playlist.items)
        assert playlist.raw_time == sum(item.media.seconds for item in playlist.items)
