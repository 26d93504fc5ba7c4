"""Who may do what in a CyTube channel."""

from attrs import Factory, define

# CyTube 3.86's defaults (docs/cytube.md 1); a channel's users of rank 3 can change them.
DEFAULT_LEVELS: dict[str, float] = {
    "seeplaylist": -1,
    "playlistadd": 1.5,
    "playlistnext": 1.5,
    "playlistmove": 1.5,
    "playlistdelete": 2,
    "playlistjump": 1.5,
    "playlistaddlist": 1.5,
    "oplaylistadd": -1,
    "oplaylistnext": 1.5,
    "oplaylistmove": 1.5,
    "oplaylistdelete": 2,
    "oplaylistjump": 1.5,
    "oplaylistaddlist": 1.5,
    "playlistaddcustom": 3,
    "playlistaddrawfile": 2,
    "playlistaddlive": 1.5,
    "exceedmaxlength": 2,
    "addnontemp": 2,
    "settemp": 2,
    "playlistshuffle": 2,
    "playlistclear": 2,
    "pollctl": 1.5,
    "pollvote": -1,
    "viewhiddenpoll": 1.5,
    "voteskip": -1,
    "viewvoteskip": 1.5,
    "mute": 1.5,
    "kick": 1.5,
    "ban": 2,
    "motdedit": 3,
    "filteredit": 3,
    "filterimport": 3,
    "emoteedit": 3,
    "emoteimport": 3,
    "playlistlock": 2,
    "leaderctl": 2,
    "drink": 1.5,
    "chat": 0,
    "chatclear": 2,
    "exceedmaxitems": 2,
    "deletefromchannellib": 2,
    "exceedmaxdurationperuser": 2,
}


@define(eq=False)
class Permissions:
    """The ranks each node asks for, and whether the playlist is unlocked."""

    levels: dict[str, float] = Factory(lambda: dict(DEFAULT_LEVELS))
    unlocked: bool = False

    def allow(self, rank: float, node: str) -> bool:
        """Whether `rank` has `node`; while unlocked, the `o` twin of a playlist node counts as well."""
        if self.unlocked and rank >= self.levels.get(f"o{node}", float("inf")):
            return True
        return rank >= self.levels[node]
