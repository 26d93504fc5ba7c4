"""Whatever the robot publishes, what is kept of it can be shown, reckoned with and compared."""

import json
from typing import Any

from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.msg import Msg

from playlist_adapters.channel.kryten.ears import Ears
from playlist_adapters.channel.kryten.place import Place
from playlist_adapters.testing.time import ManualClock

PLACE = Place("cytube.example", "testroom")
SCRAPS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, "", "film", "KrytenBot"])
)
FIELDS = st.sampled_from(
    (
        *("item", "media", "uid", "id", "type", "title", "seconds", "temp", "queueby", "after", "from"),
        *("currentTime", "paused", "name", "rank", "msg", "allow_dupes", "count", "playlistadd"),
    )
)
ANYTHING = st.recursive(
    SCRAPS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4)
)
UIDS = st.integers(0, 5)
ITEMS = st.fixed_dictionaries(
    {
        "media": st.fixed_dictionaries(
            {"id": st.sampled_from("abc"), "type": st.just("cm")},
            optional={"title": SCRAPS, "seconds": SCRAPS},
        ),
        "uid": UIDS | SCRAPS,
    },
    optional={"temp": SCRAPS, "queueby": SCRAPS},
)
PLAUSIBLE = {
    "queue": st.fixed_dictionaries({"item": ITEMS, "after": UIDS | SCRAPS}),
    "playlist": st.lists(ITEMS, max_size=3),
    "delete": st.fixed_dictionaries({"uid": UIDS | SCRAPS}),
    "moveVideo": st.fixed_dictionaries({"from": UIDS, "after": UIDS | SCRAPS}),
    "setTemp": st.fixed_dictionaries({"uid": UIDS, "temp": SCRAPS}),
    "setCurrent": UIDS | SCRAPS,
    "mediaUpdate": st.fixed_dictionaries({"currentTime": SCRAPS, "paused": SCRAPS}),
    "changeMedia": st.fixed_dictionaries({"currentTime": SCRAPS, "paused": SCRAPS, "id": SCRAPS}),
    "rank": SCRAPS,
    "setPermissions": st.dictionaries(FIELDS, SCRAPS, max_size=3),
    "setPlaylistLocked": SCRAPS,
    "channelOpts": st.fixed_dictionaries({"allow_dupes": SCRAPS}),
    "setPlaylistMeta": st.fixed_dictionaries({"count": SCRAPS}),
    "userlist": st.lists(st.fixed_dictionaries({"name": SCRAPS, "rank": SCRAPS}), max_size=3),
    "addUser": st.fixed_dictionaries({"name": SCRAPS, "rank": SCRAPS}),
    "setUserRank": st.fixed_dictionaries({"name": SCRAPS, "rank": SCRAPS}),
    "userLeave": st.fixed_dictionaries({"name": SCRAPS}),
}
EVENTS = st.sampled_from(sorted(PLAUSIBLE)).flatmap(
    lambda name: st.tuples(st.just(name), PLAUSIBLE[name] | ANYTHING)
)


def message(name: str, payload: Any) -> Msg:
    body = {"event_name": name, "payload": payload, "domain": PLACE.domain, "channel": PLACE.channel}
    return Msg(_client=None, data=json.dumps(body).encode())  # type: ignore[arg-type]


@given(st.lists(EVENTS, max_size=12))
def test_no_event_leaves_anything_behind_that_cannot_be_shown(events: list[tuple[str, Any]]) -> None:
    ears = Ears(ManualClock(), lambda: None)
    for name, payload in events:
        ears.hear(message(name, payload), PLACE)

    seen, users = ears.view.snapshot(ears.clock.now()), ears.view.users()
    json.dumps([asdict(seen), [asdict(user) for user in users]], allow_nan=False)
    for item in seen.items:
        assert (type(item.uid), type(item.seconds), type(item.temp)) == (int, int, bool)
        assert {type(text) for text in (item.media_id, item.title, item.queueby)} == {str}
    assert all(user.rank <= 2**53 for user in users)


@given(st.binary(max_size=200))
def test_no_message_at_all_can_stop_us(data: bytes) -> None:
    ears = Ears(ManualClock(), lambda: None)
    ears.hear(Msg(_client=None, data=data), PLACE)  # type: ignore[arg-type]
    assert ears.view.items == []
