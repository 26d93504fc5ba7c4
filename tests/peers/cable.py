"""The way from a client to its nats-server, which can be cut while both of them, and the robot, live on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from attrs import define, field

from tests.peers.nats_server import _free_port


@define(eq=False)
class Cable:
    """Passes everything on while it is whole."""

    server_port: int
    port: int = field(factory=_free_port)
    _listener: asyncio.Server | None = None
    _ends: set[asyncio.StreamWriter] = field(factory=set[asyncio.StreamWriter])
    _served: set[asyncio.Task[None]] = field(factory=set[asyncio.Task[None]])

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def mend(self) -> None:
        """Let connections through, from now on."""
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", self.port)

    def cut(self) -> None:
        """Break every connection, and refuse all others."""
        if self._listener is not None:
            self._listener.close()
        for end in self._ends:
            end.close()

    async def unplug(self) -> None:
        """Cut it for good."""
        self.cut()
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._served.add(asyncio.ensure_future(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server = await asyncio.open_connection("127.0.0.1", self.server_port)
        ends = {writer, server}
        self._ends |= ends
        ways = [
            asyncio.ensure_future(_pass_on(reader, server)),
            asyncio.ensure_future(_pass_on(server_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ends -= ends
            for way in ways:
                way.cancel()
            for end in ends:
                end.close()
                with suppress(OSError):
                    await end.wait_closed()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def cable_to(server_port: int) -> AsyncGenerator[Cable, None]:
    """A whole cable, from a free port of loopback."""
    cable = Cable(server_port)
    await cable.mend()
    try:
        yield cable
    finally:
        await cable.unplug()
