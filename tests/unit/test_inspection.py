"""`config check` on this machine and the catalogue source, and that all checks run together."""

import os
import socket
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import anyio
import pytest
from attrs import evolve

from playlist_adapters.kv.datadir import lock_data_dir
from playlist_adapters.looks import holder_of
from playlist_app.config import CatalogSettings, Loaded, Notice, Origin, Settings, load
from playlist_app.inspection import (
    Check,
    Finding,
    Peers,
    Verdict,
    checks_of,
    findings_of,
    settings_findings,
)
from playlist_app.inspection.web import listener_on
from playlist_core.domain.catalog import CatalogItem, SnapshotInfo, no_snapshot
from playlist_core.domain.refresh import ReadProgress
from playlist_core.errors import Conflict, InvalidInput, Unavailable
from tests.unit.config_world import write
from tests.unit.inspection_world import BUCKET, SNAPSHOT, WITH_NATS, Nats, Source, World, told

pytestmark = pytest.mark.anyio


async def test_everything_in_order_is_told_line_by_line_in_a_fixed_order(tmp_path: Path) -> None:
    settings = evolve(
        WITH_NATS,
        data_dir=tmp_path,
        metrics_port=9100,
        public_url="https://playlist.example",
        trusted_proxies=(ip_network("127.0.0.1/32"),),
    )
    nats = Nats(buckets={"kryten_playlist_auth": BUCKET})
    assert await World(settings=settings, nats=nats).look() == [
        Finding("data directory", Verdict.OK, f"{tmp_path} can be used."),
        Finding("catalogue", Verdict.OK, "4,000 titles from export films.csv, read 2026-11-20 09:45 UTC."),
        Finding("NATS", Verdict.OK, "n1, nats-server 2.15.1 at 127.0.0.1:4222 without TLS."),
        Finding("JetStream", Verdict.OK, "7 streams."),
        Finding("kryten_playlist_auth", Verdict.OK, "1,234 values, kept by 1 server."),
        Finding("kryten_playlist_acl", Verdict.OK, "is missing and will be made."),
        Finding("robot", Verdict.OK, "kryten-robot 1.12.6 in Movies on cytu.be, takes commands."),
        Finding("CyTube", Verdict.OK, "Connected since 2026-11-20T09:45:44+00:00."),
        Finding("bot", Verdict.OK, "KrytenBot has rank 3: by CyTube's defaults it may add, move and delete."),
        Finding("catalogue source", Verdict.OK, "None is set; refresh --source names one."),
        Finding("web server", Verdict.OK, "127.0.0.1 port 8088 is free."),
        Finding("metrics", Verdict.OK, "127.0.0.1 port 9100 is free."),
        Finding("public address", Verdict.OK, "https://playlist.example, through 127.0.0.1/32."),
    ]


# Running together


async def test_checks_run_together_and_one_that_does_not_answer_costs_its_own_time_only() -> None:
    async def never() -> list[Finding]:
        await anyio.sleep_forever()
        return []

    async def refused() -> list[Finding]:
        raise InvalidInput("This cannot be.")

    async def fine() -> list[Finding]:
        return [Finding("c", Verdict.OK, "Well.")]

    checks = [Check("a", never, seconds=0.05), Check("b", refused), Check("d", never, seconds=0.05)]
    with anyio.fail_after(5):
        found = await findings_of([*checks, Check("c", fine)])
    assert found == [
        Finding("a", Verdict.FAILED, "No answer within 0.05 s."),
        Finding("b", Verdict.FAILED, "This cannot be."),
        Finding("d", Verdict.FAILED, "No answer within 0.05 s."),
        Finding("c", Verdict.OK, "Well."),
    ]


def test_all_checks_together_take_less_than_fifteen_seconds() -> None:
    async def index() -> SnapshotInfo:
        return SNAPSHOT

    peers = Peers(holder=lambda: None, index=index, source=None, nats=None, buckets=())
    checks = checks_of(WITH_NATS, peers, bind=lambda host, port: nullcontext())
    assert max(check.seconds for check in checks) < 15


# The settings


def test_the_settings_are_told_with_their_origin_and_their_notices(tmp_path: Path) -> None:
    path = write(tmp_path, {"http_port": 1, "http_log_level": "info"})
    loaded = load(path, {"KRYTEN_PLAYLIST_NAMESPACE": "x"})
    assert settings_findings(loaded) == [
        Finding("settings", Verdict.OK, f"{path} sets 1 key, the environment 1 key."),
        Finding(
            "settings",
            Verdict.WARNING,
            f"{path}: http_log_level: has no effect:"
            " warnings are logged, with --verbose each request as well.",
        ),
    ]
    without = Loaded(Settings(), {}, None, (Notice("here", "is so"),))
    assert settings_findings(without) == [
        Finding("settings", Verdict.OK, "No file, the environment 0 keys."),
        Finding("settings", Verdict.WARNING, "here: is so."),
    ]


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_secret_that_everybody_may_read_is_told(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "key.pem"
    key.touch(mode)
    key.chmod(mode)
    path = write(tmp_path, {"nats_url": "nats://u:hush@n", "nats_tls_cert": "c", "nats_tls_key": str(key)})
    path.chmod(mode)
    warned = [each.sentence for each in settings_findings(load(path, {})) if each.verdict is Verdict.WARNING]
    open_ones = [path, key] if mode == 0o644 else []
    assert warned == [
        f"{each} holds a secret, and everybody may read it: chmod 640 it." for each in open_ones
    ]


@pytest.mark.parametrize(
    "kept",
    [
        {"api_key": "hush"},
        {"nats": {"token": "hush"}},
        {"nats_token": "hush"},
        {"catalog": {"source": "postgresql://u:hush@db.example/mediacms"}},
    ],
    ids=["of no use here", "inherited", "overridden", "in an address"],
)
def test_a_secret_is_one_wherever_it_stands_in_the_file_and_whether_it_is_used_or_not(
    tmp_path: Path, kept: dict[str, object]
) -> None:
    path = write(tmp_path, {"nats_url": "nats://n", **kept})
    path.chmod(0o644)
    found = settings_findings(load(path, {"KRYTEN_PLAYLIST_NATS_TOKEN": "other"}))
    told = Finding(
        "settings",
        Verdict.WARNING,
        f"{path} holds a secret, and everybody may read it: chmod 640 it.",
    )
    assert found[-1] == told


def test_settings_without_a_secret_may_be_read_by_everybody(tmp_path: Path) -> None:
    named = tmp_path / "password"
    named.write_text("hush")
    named.chmod(0o640)
    for harmless in (
        {"nats_user": "u", "nats_password_file": str(named)},
        {"nats": {"user": "u", "password": "${NATS_PASSWORD}"}},
    ):
        path = write(tmp_path, {"nats_url": "nats://n", **harmless})
        path.chmod(0o644)
        loaded = load(path, {"NATS_PASSWORD": "hush"})
        assert loaded.settings.nats_password == "hush"
        assert [each.verdict for each in settings_findings(loaded)] == [Verdict.OK]
    path = write(tmp_path, {"nats_url": "nats://n"})
    path.chmod(0o644)
    in_environment = load(path, {"KRYTEN_PLAYLIST_NATS_TOKEN": "hush"})
    assert [each.verdict for each in settings_findings(in_environment)] == [Verdict.OK]
    assert in_environment.origins["nats_token"] is Origin.ENVIRONMENT


# This machine


async def test_a_data_directory_that_is_missing_is_not_made_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "not" / "yet"
    found = await World(settings=evolve(WITH_NATS, data_dir=path)).look()
    assert told(found, "data directory") == ("ok", f"{path} is missing and will be made.")
    assert not path.parent.exists()


async def test_a_data_directory_that_cannot_be_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    found = await World(settings=evolve(WITH_NATS, data_dir=file)).look()
    assert told(found, "data directory") == ("failed", f"{file} is no directory: choose another data_dir.")
    found = await World(settings=evolve(WITH_NATS, data_dir=file / "below")).look()
    assert told(found, "data directory")[0] == "failed"


async def test_the_process_that_has_the_data_directory_is_named_and_keeps_it(tmp_path: Path) -> None:
    world = World(settings=evolve(WITH_NATS, data_dir=tmp_path), holder=lambda: holder_of(tmp_path))
    for _ in range(2):
        with lock_data_dir(tmp_path):
            verdict, sentence = told(await world.look(), "data directory")
            assert (verdict, sentence.partition(" (")[0]) == (
                "ok",
                f"{tmp_path} is in use by process {os.getpid()}",
            )
    assert told(await world.look(), "data directory") == ("ok", f"{tmp_path} can be used.")


@pytest.mark.parametrize(
    "failure",
    [no_snapshot(), Unavailable("The catalogue index is damaged.", code="index_unreadable")],
)
async def test_no_catalogue_yet_keeps_nobody_from_starting(failure: Unavailable) -> None:
    found = await World(index=failure).look()
    assert told(found, "catalogue") == ("warning", failure.message)


def taken(host: str, port: int) -> AbstractContextManager[Any]:
    raise Conflict(f"Port {port} on {host} is taken.", code="port_in_use")


async def test_an_address_in_use_is_told_with_its_user() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = evolve(WITH_NATS, http_port=listening.getsockname()[1])
        address = f"127.0.0.1 port {settings.http_port}"
        ours = await World(settings=settings, bind=taken, holder=os.getpid).look()
        verdict, sentence = told(ours, "web server")
        assert (verdict, sentence.partition(" (")[0]) == (
            "ok",
            f"{address} is in use by the running service, process {os.getpid()}",
        )
        verdict, sentence = told(await World(settings=settings, bind=taken).look(), "web server")
        assert (verdict, sentence.partition(" (")[0]) == (
            "failed",
            f"{address} is in use by process {os.getpid()}",
        )
    assert listener_on(settings.http_port) is None
    unseen = World(settings=settings, bind=taken)
    assert told(await unseen.look(), "web server") == (
        "failed",
        f"Port {settings.http_port} on 127.0.0.1 is taken.",
    )
    verdict, sentence = told(await evolve(unseen, holder=os.getpid).look(), "web server")
    assert (verdict, sentence.partition(" (")[0]) == (
        "warning",
        f"{address} is in use, it seems by the running service, process {os.getpid()}",
    )


async def test_any_free_port_is_always_there() -> None:
    found = await World(settings=evolve(WITH_NATS, http_port=0)).look()
    assert told(found, "web server") == ("ok", "127.0.0.1, any free port.")


async def test_an_address_that_is_not_this_machines_is_told() -> None:
    def elsewhere(host: str, port: int) -> AbstractContextManager[Any]:
        raise InvalidInput.of("http_host", f"{host} is no address of this machine")

    found = await World(bind=elsewhere).look()
    assert told(found, "web server") == ("failed", "http_host: 127.0.0.1 is no address of this machine")


ONLY_HERE = (
    "public_url is not set, so only browsers on this machine are answered: say what people type into theirs."
)
CLEAR = "sends codes and cookies in the clear: put a proxy with TLS before the service."


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ("ok", ONLY_HERE)),
        ({"http_host": "0.0.0.0"}, ("warning", ONLY_HERE)),
        ({"public_url": "http://playlist.example"}, ("warning", f"http://playlist.example {CLEAR}")),
        ({"public_url": "http://10.0.0.7:8088"}, ("warning", f"http://10.0.0.7:8088 {CLEAR}")),
        ({"public_url": "http://[::1]:8088"}, ("ok", "http://[::1]:8088 is for browsers on this machine.")),
        ({"public_url": "http://localhost"}, ("ok", "http://localhost is for browsers on this machine.")),
        (
            {"public_url": "https://p.example"},
            (
                "warning",
                "https://p.example, but trusted_proxies is empty,"
                " so to limits and blocks all visitors are one: name the proxy that speaks TLS.",
            ),
        ),
    ],
)
async def test_how_people_come_to_the_page_is_looked_at(
    changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert told(await World(settings=evolve(WITH_NATS, **changes)).look(), "public address") == expected


# The catalogue source

ITEM = CatalogItem(video_id="a", title="A", categories=(), duration_seconds=None, thumbnail_url=None)
ANSWERS = "MediaCMS videos.example answers"


def at(done: int, expected: int | None = None) -> ReadProgress:
    return ReadProgress(step="titles", done=done, expected=expected)


@pytest.mark.parametrize(
    ("steps", "reached", "expected"),
    [
        ([ITEM, ITEM], 1, ("ok", f"{ANSWERS}.")),
        ([at(0, 5000), ITEM], 1, ("ok", f"{ANSWERS}.")),
        ([at(0), at(50), ITEM], 2, ("ok", f"{ANSWERS}.")),
        ([at(0)], 1, ("warning", f"{ANSWERS}, but has no titles.")),
        ([at(0), Unavailable("It is away.")], 2, ("failed", "It is away.")),
    ],
)
async def test_reading_begins_and_stops_as_soon_as_anything_came(
    steps: list[Any], reached: int, expected: tuple[str, str]
) -> None:
    source = Source(steps)
    assert told(await World(source=source).look(), "catalogue source") == expected
    assert source.reached == reached


async def test_a_schedule_without_a_source_is_told() -> None:
    catalog = CatalogSettings(refresh_every=timedelta(hours=6))
    found = await World(settings=evolve(WITH_NATS, catalog=catalog)).look()
    assert told(found, "catalogue source") == (
        "warning",
        "catalog.refresh_every is set, but there is no catalog.source to read.",
    )
