"""Values of settings: what each key takes, from a file and from the environment, and what it refuses."""

from pathlib import Path

import pytest

from playlist_app.config import Settings, describe, environment_name, load
from playlist_app.config.keys import KINDS
from tests.unit.config_world import GOOD, NEEDED, WHOLE, document, problems, value_of, write

# What else a number stands against would hide what is tested here.
ROOM = {
    "session_max_days": 365,
    "lockout_max_seconds": 86_400,
    "lockout_first_seconds": 1,
    "session_ttl_hours": 1,
}


@pytest.mark.parametrize("key", WHOLE)
def test_a_whole_number_is_taken_within_its_bounds_only(tmp_path: Path, key: str) -> None:
    low, high = WHOLE[key]
    others = {name: value for name, value in ROOM.items() if name != key}
    for value in (low, high):
        assert value_of(load(write(tmp_path, {**others, key: value}), {}).settings, key) == value
        assert (
            value_of(load(write(tmp_path, others), {environment_name(key): f" {value}\n"}).settings, key)
            == value
        )
    bounds = f"must be a whole number from {low} to {high}"
    for value in (low - 1, high + 1):
        assert problems(write(tmp_path, {**others, key: value})) == {key: bounds}
        assert problems(write(tmp_path, others), {environment_name(key): str(value)}) == {
            environment_name(key): bounds
        }


@pytest.mark.parametrize(
    ("value", "instead"),
    [
        ("8088", "a text in quotes"),
        (8088.0, "a number"),
        (True, "true or false"),
        (None, "null"),
        ([8088], "a list"),
        ({"port": 8088}, "a table"),
        (float("nan"), "a number"),
    ],
)
def test_a_number_in_a_file_is_not_coerced_from_anything(tmp_path: Path, value: object, instead: str) -> None:
    expected = f"must be a whole number from 0 to 65535, not {instead}"
    assert problems(write(tmp_path, {"http_port": value})) == {"http_port": expected}


def test_a_date_is_no_number(tmp_path: Path) -> None:
    found = problems(write(tmp_path, "http_port = 2024-01-01", "c.toml"))
    assert found == {"http_port": "must be a whole number from 0 to 65535, not a date or time"}


@pytest.mark.parametrize(
    "text", ["", "8O88", "80 88", "8_088", "+80", "0x50", "80.0", "٣", "9" * 5_000, "1e3"]
)
def test_a_whole_number_of_the_environment_is_written_in_digits(text: str) -> None:
    name = environment_name("http_port")
    assert problems(None, {name: text}) == {name: "must be a whole number from 0 to 65535"}


@pytest.mark.parametrize(("key", "raw", "text", "value"), GOOD)
def test_a_value_is_the_same_from_a_file_and_from_the_environment(
    tmp_path: Path, key: str, raw: object, text: str, value: object
) -> None:
    needed = NEEDED.get(key, {})
    assert value_of(load(write(tmp_path, document(key, raw)), needed).settings, key) == value
    assert value_of(load(None, {environment_name(key): text, **needed}).settings, key) == value


@pytest.mark.parametrize(("key", "raw", "text", "value"), [case for case in GOOD if case[3] is not None])
def test_what_is_shown_can_be_set_again(
    tmp_path: Path, key: str, raw: object, text: str, value: object
) -> None:
    needed = NEEDED.get(key, {})
    loaded = load(write(tmp_path, document(key, raw)), needed)
    [shown] = [line.value for line in describe(loaded) if line.key == key]
    if "***" not in shown:
        assert value_of(load(None, {environment_name(key): shown, **needed}).settings, key) == value


TEXTS = ["", " ", "/a ", "a\0b", "a\nb", "a\ud800b"]
BAD: dict[str, list[object]] = {
    "nats_url": [
        "http://n", "nats://", "nats://n:0", "nats://n:99999", "nats://n:x", "nats://n/path",
        "nats://a,", "nats://a,b", "nats://a,ws://b", "u:p@n", "nats://u:p@a,nats://u:q@b", "nats://u:p,w@n",
        "nats://n?x", "nats://n#x", "nats://a b", "nats://[::1",
        "nats://ü:p@n", "nats://u:p w@n",
        "nats://u:p/w@n", 1, [],
    ],
    "nats_subject_prefix": ["a.*", ">", "a b", ".a", "a.", "a..b", "ü", "x" * 65, 1, None],
    "nats_user": ["a b", "a:b", 5],
    "nats_password": ["x" * 1001, 5],
    "nats_token": ["x" * 1001, True],
    "nats_credentials": ["~/x", "x/", "file:///x", 5],
    "nats_tls_ca": ["x/", "https://x", []],
    "nats_bucket_prefix": ["a.b", "a b", "x" * 33, 5],
    "metrics_host": ["*", "localhost:80", None],
    "service_name": ["a.b", "a/b", "x" * 65, None],
    "namespace": ["a/b", "*", ".", "a.", None],
    "cytube_domain": [
        "https://cytu.be", "cytu.be/", "a b", "a:0", "a:x", "a:", "1.2.3", "-a.b", "x" * 64,
        "a." * 126 + "ab",
    ],
    "cytube_channel": ["a b", "a/b", "x" * 31, 5],
    "http_host": ["*", "localhost:80", "[::1]", "999.1.1.1", "fe80::1%eth0", "http://x", None],
    "public_url": [
        "p.example", "ftp://p", "https://", "https://p/path", "https://u:p@p", "https://@p", "https://p?",
        "https://p#", "https://p:0", "https://p:70000", "https://p:08", "https://ü", "https://a b", "https://a\\b",
        "https://[::1]x", "https://[::1", "https://256.1.1.1", "https://[fe80::1%25e]", "//p", 5,
    ],
    "trusted_proxies": [
        "10.0.0.1", None, {}, [1], ["x"], ["10.0.0.1/8"], ["0.0.0.0/0"], ["::/0"], ["fe80::1%e"],
        ["::ffff:10.0.0.0/104"], ["10.0.0.0/33"], [None],
    ],
    "data_dir": ["~", "~/x", "file:///x", None, 5],
    "sqlite_path": ["~/x", "x/", ".", "..", "/", "x/..", None],
    "manifest_url_template": ["https://v/x", "https://v/{video_id}{video_id}", "v/{video_id}", None],
    "admins": ["Alice", [1], ["a b"], [""], ["x" * 21], ["Alice", None], {"Alice": 1}],
    "allow_blessed_hard_replace": ["true", 1, 0, None, []],
    "queue_temp": ["false", 1.0],
    "queue_repeat": ["drop", "REPORT", True, None],
    "catalog.source": [
        "~/x", "x/", "ftp://v", "file:///x", "https:v", "https://", "https://v?x", "https://v#x", 5, [],
    ],
    "catalog.token": ["Token abc", "a-b", "a b", "ü", "x" * 201, 5, True],
    "catalog.username": ["a:b", "x" * 151, 5],
    "catalog.password": ["x" * 1001, 5, ["x"]],
    "catalog.media_url": ["v.example", "ftp://v", "https://u:p@v", "https://v?x", "https://v/a b", 5],
    "catalog.refresh_every": [
        "", "on", "6", "6 h", "1h30m", "59s", "366d", "-6h", "6H", "1.5h", "٣h", "9999999999d", 59, 0, -1,
        10**400, 3600.0, True, False, None, [],
    ],
    "catalog.max_shrink": [-0.01, 1.01, "0.2", True, None, float("nan"), float("inf"), []],
}  # fmt: skip


@pytest.mark.parametrize(("key", "raw"), [(key, raw) for key, cases in BAD.items() for raw in cases])
def test_a_value_that_means_nothing_is_refused(tmp_path: Path, key: str, raw: object) -> None:
    found = problems(write(tmp_path, document(key, raw)))
    assert list(found) == [key]


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (key, raw)
        for key, cases in BAD.items()
        for raw in cases
        if isinstance(raw, str) and (key, raw) not in {("admins", "Alice"), ("trusted_proxies", "10.0.0.1")}
        # What is no coercion in the environment, where everything is a text.
        and (raw not in ("true", "false", "0.2"))
    ],
)  # fmt: skip
def test_the_environment_is_checked_as_files_are(key: str, text: str) -> None:
    assert list(problems(None, {environment_name(key): text})) == [environment_name(key)]


@pytest.mark.parametrize("key", [key for key in KINDS if key not in ("trusted_proxies", "admins")])
@pytest.mark.parametrize("text", TEXTS)
def test_no_key_takes_an_empty_text_blanks_around_it_or_control_characters(
    tmp_path: Path, key: str, text: str
) -> None:
    assert list(problems(write(tmp_path, document(key, text)))) == [key]


@pytest.mark.parametrize(
    "text", ["x", "1.", ".", "-", "1e-1", "nan", "inf", "0,2", "1_0", "-0.1", "1.01", ""]
)
def test_a_share_of_the_environment_is_a_plain_number_from_0_to_1(text: str) -> None:
    name = environment_name("catalog.max_shrink")
    assert problems(None, {name: text}) == {name: "must be a number from 0 to 1, such as 0.2"}


@pytest.mark.parametrize("text", ["", "yes", "1", "on", "truee"])
def test_a_flag_of_the_environment_is_true_or_false(text: str) -> None:
    name = environment_name("queue_temp")
    assert problems(None, {name: text}) == {name: "must be true or false"}


@pytest.mark.parametrize(
    "text", ["[", '["a"', "[" * 5_000, "[1]", "[" + "9" * 5_000 + "]", "a,,b", "a,", "[NaN]"]
)
def test_a_list_of_the_environment_that_cannot_be_read_is_refused(text: str) -> None:
    assert list(problems(None, {environment_name("admins"): text})) == [environment_name("admins")]


def test_each_wrong_entry_of_a_list_is_told(tmp_path: Path) -> None:
    assert problems(write(tmp_path, {"trusted_proxies": ["::1", "10.0.0.1/8", 5, "0.0.0.0/0"]})) == {
        "trusted_proxies": (
            "entry 2: is an address inside a network: write 10.0.0.0/8, or the address alone; "
            "entry 3: must be an IP address or a network such as 10.0.0.0/8, not a number; "
            "entry 4: would trust everybody: name the proxy, or its network"
        )
    }


def test_the_index_lies_in_the_data_directory_unless_it_is_told_to_lie_elsewhere(tmp_path: Path) -> None:
    moved = load(write(tmp_path, {"data_dir": "/srv"}), {}).settings
    assert (moved.data_dir, moved.sqlite_path) == (Path("/srv"), Path("/srv/catalog.sqlite3"))
    elsewhere = load(write(tmp_path, {"data_dir": "/srv", "sqlite_path": "/fast/i.db"}), {}).settings
    assert (elsewhere.data_dir, elsewhere.sqlite_path) == (Path("/srv"), Path("/fast/i.db"))


def test_settings_kept_in_another_directory_take_the_index_along_and_nothing_else() -> None:
    there = Path("/srv")
    assert Settings(http_port=1).kept_in(there) == Settings(http_port=1, data_dir=there)
    own = Settings(sqlite_path=Path("/fast/i.db")).kept_in(there)
    assert own == Settings(data_dir=there, sqlite_path=Path("/fast/i.db"))
