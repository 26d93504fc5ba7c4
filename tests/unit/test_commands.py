"""Commands over NATS, each on its subject: what they do, who may ask, and what is refused."""

from typing import Any

import anyio
import pytest
from attrs import fields

from playlist_adapters.testing.source import FakeSource
from playlist_app.config import Settings
from playlist_app.version import version
from playlist_core.domain.access import Action, needed_role
from playlist_core.domain.identity import Actor, Role, Username
from tests.http.house import ADMIN, BLESSED, GENERAL, NIGHT, NOW, OUTPOST, SOULS, TITLES, VIEWER
from tests.unit.command_world import CommandWorld, open_commands

pytestmark = pytest.mark.anyio

# CONTRACTS section 4, and what `docs/nats-commands.md` adds to it.
CONTRACT = {
    "catalog_refresh",
    "queue_apply",
    "blessed_add",
    "blessed_remove",
    "blessed_list",
    "status",
}
EXTENSIONS = {"refresh_status", "run_status", "run_cancel", "playlists_list", "playlists_show"}
SYSTEM = {"system.ping", "system.version", "system.health", "system.stats", "system.schema"}
HEAD = {"correlation_id", "status", "error", "message"}


def well(reply: dict[str, Any]) -> dict[str, Any]:
    """The fields of a command that went well."""
    assert (reply["status"], reply["error"], reply["message"]) == ("ok", None, None), reply
    assert reply["correlation_id"]
    return {name: value for name, value in reply.items() if name not in HEAD}


def refused(reply: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Code and details of a command that did nothing."""
    assert reply.keys() == HEAD | {"details"}, reply
    assert reply["status"] == "error"
    assert reply["correlation_id"]
    assert len(reply["message"]) > 10
    return reply["error"], reply["details"]


async def test_there_are_the_commands_of_the_contract_and_some_more() -> None:
    async with open_commands() as world:
        assert set(world.commands) == CONTRACT | EXTENSIONS | SYSTEM
        assert {subject: queue for subject, (queue, _) in world.bus.served.items()} == {
            "kryten.playlist.cmd.*": "playlist",
            "kryten.playlist.command": "playlist",
        }


async def test_subjects_follow_the_settings_in_lower_case_as_the_robot_lists_us() -> None:
    settings = Settings(nats_subject_prefix="tv.kryten", service_name="Night-Shift")
    async with open_commands(settings) as world:
        assert set(world.bus.served) == {"tv.kryten.night-shift.cmd.*", "tv.kryten.night-shift.command"}
        reply = await world.ask_raw("tv.kryten.night-shift.cmd.status", {})
        assert well(reply)["service"] == "night-shift"


async def test_no_command_answers_with_a_field_that_every_reply_has() -> None:
    async with open_commands() as world:
        for name in CONTRACT | EXTENSIONS:
            command = world.commands[name]
            for reply in filter(None, (command.reply, command.begun)):
                assert {each.name for each in fields(reply)} & (HEAD | {"details"}) == set(), name


async def test_bob_is_blessed_listed_and_let_go() -> None:
    async with open_commands() as world:
        assert well(await world.ask("blessed_add", username="Dave")) == {"username": "Dave"}
        assert well(await world.ask("blessed_list")) == {
            "blessed": [
                {"username": "bob", "by": "alice", "at": NOW},
                {"username": "Dave", "by": "alice", "at": NOW},
            ]
        }
        assert well(await world.ask("blessed_remove", username="dave")) == {"username": "dave"}
        assert [each["username"] for each in (await world.ask("blessed_list"))["blessed"]] == ["bob"]


async def test_a_playlist_is_put_on_the_air_by_its_name_and_the_reply_tells_how_it_went() -> None:
    async with open_commands() as world:
        await world.house.save("Night", NIGHT, SOULS)
        reply = well(await world.ask("queue_apply", by=BLESSED, playlist_name=" night "))
        assert reply.pop("run_id")
        assert reply == {
            "run_status": "done",
            "enqueued_count": 2,
            "kept": 0,
            "moved": 0,
            "added": 2,
            "failed": [],
        }
        assert world.house.queued()[-2:] == [NIGHT.title, SOULS.title]


async def test_what_did_not_come_into_the_queue_is_named() -> None:
    async with open_commands() as world:
        playlist_id = await world.house.save("Night", NIGHT, SOULS)
        manifests = world.services.settings.manifest_url_template
        world.house.channel.refuse_next("bad_manifest", media_id=manifests.url(NIGHT.video_id))
        reply = well(await world.ask("queue_apply", by=BLESSED, playlist_id=playlist_id, mode="append"))
        assert (reply["run_status"], reply["enqueued_count"]) == ("done", 1)
        assert [(each["video_id"], each["reason"]) for each in reply["failed"]] == [
            (NIGHT.video_id, "bad_manifest")
        ]


async def test_who_does_not_wait_gets_the_run_at_once_and_follows_it() -> None:
    async with open_commands() as world:
        await world.house.save("Night", NIGHT)
        reply = well(await world.ask("queue_apply", playlist_name="Night", **{"async": True}))
        assert reply.keys() == {"run_id"}
        await world.services.queue.finished(reply["run_id"])
        told = well(await world.ask("run_status", by=VIEWER, run_id=reply["run_id"]))
        over_http = await world.house.call("GET", f"queue/runs/{reply['run_id']}", by=VIEWER)
        assert told == {"run": over_http.json}
        assert told["run"]["status"] == "done"


async def test_a_run_is_cancelled_by_its_starter_or_an_admin_and_told_as_an_error() -> None:
    async with open_commands() as world:
        await world.house.save("Night", *TITLES)
        begun = world.bus.send(
            "kryten.playlist.cmd.queue_apply", b'{"requested_by":"alice","playlist_name":"Night"}'
        )
        run_id = await running(world)
        assert refused(await world.ask("run_cancel", by=BLESSED, run_id=run_id))[0] == "forbidden"
        assert well(await world.ask("run_cancel", run_id=run_id))["run"]["run_id"] == run_id
        reply = await begun.answer()
        assert (reply["status"], reply["error"], reply["run_status"]) == ("error", "cancelled", "cancelled")
        assert reply["run_id"] == run_id
        assert reply["enqueued_count"] + len(reply["failed"]) == len(TITLES)


async def running(world: CommandWorld) -> str:
    """The id of the run under way."""
    with anyio.fail_after(30):
        while (run := (await world.ask("status"))["run"]) is None:
            pass
    return run["run_id"]


async def test_replacing_everything_asks_for_more_than_appending() -> None:
    async with open_commands() as world:
        await world.house.save("Night", NIGHT)
        order = {"playlist_name": "Night", "mode": "hard_replace"}
        assert refused(await world.ask("queue_apply", by=BLESSED, **order)) == (
            "forbidden",
            {"needs": "admin"},
        )
        assert well(await world.ask("queue_apply", **order))["run_status"] == "done"


async def test_without_the_channel_nothing_is_begun() -> None:
    async with open_commands() as world:
        await world.house.save("Night", NIGHT)
        world.house.channel.disconnect()
        assert refused(await world.ask("queue_apply", playlist_name="Night"))[0] == "channel_unavailable"


async def test_a_refresh_tells_what_it_found_and_how_it_went_later() -> None:
    async with open_commands(with_catalog=False, source=FakeSource(TITLES)) as world:
        done = well(await world.ask("catalog_refresh"))
        assert (done["item_count"], done["new"], done["shared"]) == (len(TITLES), len(TITLES), True)
        assert done["snapshot_id"] == (await world.services.library.catalog.snapshot()).snapshot_id
        told = well(await world.ask("refresh_status"))["refresh"]
        assert (told["state"], told["last_report"], told["last_error"]) == ("idle", done, None)


async def test_who_does_not_wait_for_a_refresh_gets_its_id() -> None:
    async with open_commands() as world:
        begun = well(await world.ask("catalog_refresh", **{"async": True}))
        with anyio.fail_after(30):
            while (told := await world.ask("refresh_status"))["refresh"]["state"] != "idle":
                pass
        assert begun == {"run_id": told["refresh"]["last_report"]["run_id"]}


async def test_a_refresh_that_would_shrink_the_catalogue_is_refused_unless_it_may() -> None:
    source = FakeSource(TITLES)
    async with open_commands(source=source) as world:
        source.items = (NIGHT,)
        code, details = refused(await world.ask("catalog_refresh"))
        assert (code, details["from"], details["to"]) == ("would_shrink", len(TITLES), 1)
        assert well(await world.ask("catalog_refresh", allow_shrink=True))["item_count"] == 1


async def test_playlists_are_listed_in_pages_and_shown_with_their_items() -> None:
    async with open_commands() as world:
        for name in ("b", "a", "c"):
            await world.house.save(name, *OUTPOST)
        listed = well(await world.ask("playlists_list", by=VIEWER, limit=2, offset=1))
        over_http = (await world.house.call("GET", "playlists", by=VIEWER)).json["playlists"]
        assert listed == {"playlists": over_http[1:], "total": 3}

        shown = well(await world.ask("playlists_show", by=VIEWER, playlist_name="A", limit=1, offset=1))
        whole = (await world.house.call("GET", f"playlists/{over_http[0]['playlist_id']}", by=VIEWER)).json
        assert shown == {"playlist": whole | {"items": whole["items"][1:2]}, "item_count": 3}
        by_id = await world.ask("playlists_show", by=VIEWER, playlist_id=whole["playlist_id"])
        assert well(by_id)["playlist"] == whole


@pytest.mark.parametrize("given", [{}, {"playlist_id": "a", "playlist_name": "b"}])
async def test_a_playlist_is_named_in_one_way(given: dict[str, Any]) -> None:
    async with open_commands() as world:
        for command in ("playlists_show", "queue_apply"):
            code, details = refused(await world.ask(command, **given))
            assert (code, details["field"]) == ("invalid", "playlist_id")


async def test_status_tells_what_runs_what_plays_and_what_there_is() -> None:
    async with open_commands(Settings(admins=(Username(ADMIN),), cytube_channel="Movies")) as world:
        await world.house.save("Night", NIGHT)
        told = well(await world.ask("status", by=None))
        snapshot = await world.services.library.catalog.snapshot()
        queue = (await world.house.call("GET", "queue", by=VIEWER)).json
        assert told == {
            "service": "playlist",
            "version": version(),
            "namespace": "default",
            "uptime_seconds": told["uptime_seconds"],
            "channel": "Movies",
            "connected": True,
            "now_playing": queue["now_playing"],
            "catalog": {
                "snapshot_id": snapshot.snapshot_id,
                "source": snapshot.source,
                "created_at": NOW,
                "item_count": 7,
                "category_count": 3,
            },
            "counts": {"titles": 7, "playlists": 1, "queue_items": len(queue["items"])},
            "run": None,
            "problems": [],
        }


async def test_status_says_what_it_could_not_learn() -> None:
    async with open_commands(with_catalog=False) as world:
        world.house.channel.disconnect()
        told = well(await world.ask("status", by=None))
        assert (told["connected"], told["now_playing"], told["catalog"]) == (False, None, None)
        assert told["counts"] == {"titles": None, "playlists": 0, "queue_items": None}
        assert len(told["problems"]) == 2


@pytest.mark.parametrize("name", sorted(CONTRACT | EXTENSIONS))
async def test_each_command_asks_for_its_role_before_it_looks_at_the_fields(name: str) -> None:
    async with open_commands() as world:
        needs = world.commands[name].needs
        for who, role in ((VIEWER, Role.VIEWER), (BLESSED, Role.BLESSED), (ADMIN, Role.ADMIN)):
            code = (await world.ask(name, by=who, no_such_field=1))["error"]
            may = needs is None or role in at_least(needed_role(needs))
            assert code == ("invalid" if may else "forbidden"), who
        code = (await world.ask(name, by=None, no_such_field=1))["error"]
        assert code == ("invalid" if needs is None else "not_signed_in")


def at_least(role: Role) -> set[Role]:
    ranks = (Role.VIEWER, Role.BLESSED, Role.ADMIN)
    return set(ranks[ranks.index(role) :])


async def test_what_each_command_needs_is_what_it_needs_over_http() -> None:
    async with open_commands() as world:
        assert {name: command.needs for name, command in world.commands.items() if command.needs} == {
            "catalog_refresh": Action.REFRESH_CATALOG,
            "refresh_status": Action.REFRESH_CATALOG,
            "queue_apply": Action.APPLY,
            "run_status": Action.READ_QUEUE,
            "run_cancel": Action.APPLY,
            "blessed_add": Action.MANAGE_ACCESS,
            "blessed_remove": Action.MANAGE_ACCESS,
            "blessed_list": Action.MANAGE_ACCESS,
            "playlists_list": Action.READ_PLAYLISTS,
            "playlists_show": Action.READ_PLAYLISTS,
        }


async def test_a_blessing_counts_for_the_very_next_command() -> None:
    async with open_commands() as world:
        await world.house.save("Night", GENERAL)
        assert refused(await world.ask("queue_apply", by=VIEWER, playlist_name="Night"))[0] == "forbidden"
        admin = Actor(Username(ADMIN), Role.ADMIN)
        await world.services.access.grant(admin, Username(VIEWER), Role.BLESSED)
        assert well(await world.ask("queue_apply", by=VIEWER, playlist_name="Night"))["added"] == 1
