"""Looks at kryten-robot: whether it is there, in which channel, and what its bot may do."""

from collections.abc import Awaitable, Callable
from typing import Final

from playlist_app.config import Settings
from playlist_app.inspection.findings import Finding, failed, fine, warning
from playlist_app.inspection.peers import Robot
from playlist_core.errors import Unavailable

ROBOT: Final = "robot"
CYTUBE: Final = "CyTube"
BOT: Final = "bot"

# By CyTube's own defaults (docs/cytube.md 1): adding manifests and deleting take rank 2, codes an account.
_RANK: Final = 2
_GUEST: Final = 1


async def robot_findings(settings: Settings, ask: Callable[[], Awaitable[Robot]]) -> list[Finding]:
    """The robot, its connection to CyTube, and its bot."""
    try:
        robot = await ask()
    except Unavailable as exc:
        return [failed(ROBOT, exc.message)]
    return [_robot(settings, robot), _cytube(robot), _bot(robot)]


def _robot(settings: Settings, robot: Robot) -> Finding:
    place = f"{robot.channel} on {robot.domain}"
    wished = ((settings.cytube_channel, robot.channel), (settings.cytube_domain, robot.domain))
    if any(wish is not None and wish.lower() != found.lower() for wish, found in wished):
        named = f"{settings.cytube_channel or 'any channel'} on {settings.cytube_domain or 'any site'}"
        return failed(ROBOT, f"It is in {place}, and the settings name {named}.")
    if not robot.takes_commands:
        return failed(
            ROBOT, f"It takes no commands in {place}: set commands.enabled in its settings, then restart it."
        )
    return fine(ROBOT, f"kryten-robot {robot.version} in {place}, takes commands.")


def _cytube(robot: Robot) -> Finding:
    if not robot.connected:
        return failed(CYTUBE, "The robot is not connected to CyTube: look at its log.")
    return fine(CYTUBE, f"Connected since {robot.since}.")


def _bot(robot: Robot) -> Finding:
    if robot.rank is None:
        return warning(BOT, f"{robot.bot} is not among the users of the channel yet.")
    rank = f"{robot.bot} has rank {robot.rank:g}"
    if robot.rank < _GUEST:
        return failed(BOT, f"{rank}: guests cannot send codes; give the robot an account of CyTube.")
    if robot.rank < _RANK:
        told = "adding titles and deleting take rank 2 unless the channel says otherwise: give it rank 2."
        return warning(BOT, f"{rank}: {told}")
    return fine(BOT, f"{rank}: by CyTube's defaults it may add, move and delete.")
