"""The channel of a Kryten installation: the robot in it, asked and heard over NATS."""

from playlist_adapters.channel.kryten.gateway import KrytenChannel, open_channel
from playlist_adapters.channel.kryten.place import Place, Wish

__all__ = ["KrytenChannel", "Place", "Wish", "open_channel"]
