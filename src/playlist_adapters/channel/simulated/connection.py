"""One client of the room: who it is, and what it has been sent."""

from datetime import datetime

from attrs import Factory, define, frozen

from playlist_adapters.channel.cytube.frames import Frame
from playlist_adapters.channel.simulated.pace import Limiter


@frozen
class Account:
    """A registered name with its rank in this channel; 1 is registered and nothing more."""

    name: str
    rank: float


@define(eq=False)
class Connection:
    """A client's socket, with the limits that CyTube keeps for each connection.

    `name` is empty until the login, `rank` is the effective one: -1 before the login, 0 for guests,
    1 for a registered name until its channel rank has been looked up.
    """

    name: str = ""
    rank: float = -1
    registered: bool = False
    joined: bool = False
    closed: bool = False
    adding: Limiter = Factory(Limiter)
    talking: Limiter = Factory(Limiter)
    listing: Limiter = Factory(Limiter)
    _frames: list[Frame] = Factory(list)

    @property
    def key(self) -> str:
        return self.name.lower()

    def deliver(self, at: datetime, event: str, *args: object) -> None:
        """Put a frame on the socket; a closed one loses it."""
        if not self.closed:
            self._frames.append(Frame(at, event, args))

    def collect(self) -> list[Frame]:
        """The frames since the last call, in order."""
        frames, self._frames = self._frames, []
        return frames
