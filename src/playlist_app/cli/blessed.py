"""`blessed list`, `blessed add` and `blessed remove`: who may edit and apply."""

import argparse

import anyio

from playlist_app.cli.output import CORRELATION_ID, print_json, say
from playlist_app.cli.remote import Outside, reached
from playlist_app.cli.settings import settings_of
from playlist_app.config import Settings
from playlist_app.shapes.replies import BlessedEntry, BlessedReply, MemberReply


def list_all(args: argparse.Namespace, outside: Outside) -> int:
    """Everybody who is blessed, by name."""
    return anyio.run(_list, settings_of(args), args, outside)


async def _list(settings: Settings, args: argparse.Namespace, outside: Outside) -> int:
    async with reached(settings, args, outside) as service:
        blessed = (await service.ask("blessed_list", BlessedReply)).blessed
        if args.json:
            print_json({CORRELATION_ID: service.correlation_id, "blessed": blessed})
            return 0
    for each in blessed:
        say(f"{each.username:20}{_since(each)}".rstrip())
    if not blessed:
        say("Nobody is blessed.")
    return 0


def _since(entry: BlessedEntry) -> str:
    if entry.by is None or entry.at is None:
        return ""  # another tool has put the name there
    return f"  by {entry.by}, {entry.at:%Y-%m-%d %H:%M} UTC"


def add(args: argparse.Namespace, outside: Outside) -> int:
    """Bless somebody; nothing changes for whoever is blessed already."""
    return anyio.run(_change, settings_of(args), args, outside, "blessed_add", "is blessed")


def remove(args: argparse.Namespace, outside: Outside) -> int:
    """Take a blessing back; nothing changes for whoever has none."""
    return anyio.run(_change, settings_of(args), args, outside, "blessed_remove", "is not blessed any more")


async def _change(
    settings: Settings, args: argparse.Namespace, outside: Outside, command: str, done: str
) -> int:
    async with reached(settings, args, outside) as service:
        reply = await service.ask(command, MemberReply, username=args.username.spelling)
        if args.json:
            print_json({CORRELATION_ID: service.correlation_id, "username": reply.username})
        else:
            say(f"{reply.username} {done}.")
    return 0
