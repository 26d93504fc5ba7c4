"""How fast the room lets one connection add."""

from tests.unit.room.scene import TOO_FAST, Scene, new_scene


def taken(scene: Scene, by: str = "bob") -> tuple[int, int]:
    events = [frame.event for frame in scene[by].collect()]
    return events.count("queue"), events.count("queueFail")


def at_spacing(count: int, milliseconds: int) -> int:
    scene = new_scene()
    for number in range(count):
        scene.add(f"i{number}", wait=milliseconds / 1000)
    scene.wait(1)
    return taken(scene)[0]


def test_of_200_at_once_10_are_taken_and_190_refused_with_a_word() -> None:
    scene = new_scene()
    scene.add(*(f"i{number}" for number in range(200)), wait=10)
    assert taken(scene) == (10, 190)


def test_505_ms_apart_all_are_taken() -> None:
    assert at_spacing(40, 505) == 40


def test_exactly_500_ms_apart_all_are_taken() -> None:
    assert at_spacing(40, 500) == 40


def test_480_ms_apart_only_every_second_is_taken_after_the_burst() -> None:
    assert at_spacing(40, 480) == 10 + 15


def test_bursts_of_ten_with_five_quiet_seconds_are_all_taken() -> None:
    scene = new_scene()
    for burst in range(6):
        scene.add(*(f"{burst}-{number}" for number in range(10)), wait=5.05)
    assert taken(scene) == (60, 0)


def test_five_seconds_exactly_are_not_quite_quiet_enough() -> None:
    scene = new_scene()
    scene.add(*(f"a{number}" for number in range(10)), wait=5)
    scene.add(*(f"b{number}" for number in range(10)), wait=5)
    assert taken(scene) == (11, 9)


def test_trying_again_every_100_ms_takes_30_items_in_some_ten_seconds() -> None:
    scene = new_scene()
    begun, attempts = scene.room.now, 0
    for number in range(30):
        while not scene.titles() or scene.titles()[-1] != f"i{number}":
            scene.add(f"i{number}", wait=0.1)
            attempts += 1
    assert 10.0 <= (scene.room.now - begun).total_seconds() <= 13.0
    assert 100 <= attempts <= 130


def test_below_rank_2_three_are_taken_and_then_one_a_second() -> None:
    scene = new_scene()
    scene.send("admin", "setPermissions", {"playlistadd": 1, "playlistaddrawfile": 1})
    scene.add(*"abcde", by="carol", wait=0.9)
    scene.add("f", by="carol", wait=0.1)
    scene.add("g", by="carol")
    assert taken(scene, "carol") == (4, 3)
    assert scene.titles() == ["a", "b", "c", "g"]


def test_an_add_that_fails_later_costs_its_token_all_the_same(scene: Scene) -> None:
    scene.add(*(f"gone{number}" for number in range(10)), "a")
    assert scene.titles() == []
    assert scene.told("bob")[0] == ("queueFail", TOO_FAST)


def test_the_pace_is_a_connections_own(scene: Scene) -> None:
    scene.add(*(f"i{number}" for number in range(11)))
    scene.room.disconnect(scene.people.pop("bob"))
    scene.add(*(f"j{number}" for number in range(11)))
    assert len(scene.titles()) == 20
