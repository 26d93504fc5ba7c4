"""Frames as a CyTube client gets them."""

from datetime import datetime
from typing import Any

from attrs import frozen


@frozen
class Frame:
    """One event on a client's socket: `args` are JSON values of exactly CyTube's shape."""

    at: datetime
    event: str
    args: tuple[Any, ...] = ()

    @property
    def payload(self) -> Any:
        """The first argument, which is the only one CyTube ever sends; None without one."""
        return self.args[0] if self.args else None
