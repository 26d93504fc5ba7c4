"""What stands between a NATS client and its server when a write's answer is lost, or news come late."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from enum import Enum, auto

from attrs import define, field

# These are followed by a payload; the last word of the line is its length.
WITH_PAYLOAD = frozenset({b"PUB", b"HPUB", b"MSG", b"HMSG"})


class Fate(Enum):
    """What becomes of a write into a bucket."""

    LOST = auto()
    ANSWER_SWALLOWED = auto()
    LATE = auto()


@define(eq=False)
class Proxy:
    """Passes everything on, but for the writes into buckets whose `fates` say otherwise, used up in order.

    While `dammed` nothing passes of what watches are sent, and who asks how many messages are still to come
    hears of it after the first has been sent; `open_the_dam` lets it all go.
    """

    server_port: int
    fates: list[Fate] = field(factory=list)
    dammed: bool = False
    port: int = 0
    _late: list[tuple[asyncio.StreamWriter, bytes]] = field(factory=list)
    _unwanted: set[bytes] = field(factory=set)
    _kept_back: list[tuple[asyncio.StreamWriter, bytes]] = field(factory=list)
    _dam_holds: asyncio.Event = field(factory=asyncio.Event)
    _clients: list[asyncio.StreamWriter] = field(factory=list)

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def deliver_late(self) -> int:
        """Let the late writes arrive, oldest first; how many there were."""
        late, self._late = self._late, []
        for server, frame in late:
            server.write(frame)
        return len(late)

    @property
    def kept_back(self) -> int:
        """How many messages wait behind the dam."""
        return len(self._kept_back)

    def open_the_dam(self) -> int:
        """Let what was kept back arrive; how many messages it was."""
        self.dammed = False
        kept_back, self._kept_back = self._kept_back, []
        for client, frame in kept_back:
            client.write(frame)
        return len(kept_back)

    def hang_up(self) -> None:
        """Cut every connection; what was kept back for them is lost."""
        self._kept_back = []
        for client in self._clients:
            client.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.append(writer)
        server_reader, server = await asyncio.open_connection("127.0.0.1", self.server_port)
        ways = (
            asyncio.ensure_future(self._upwards(reader, server)),
            asyncio.ensure_future(self._downwards(server_reader, writer)),
        )
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            for end in (writer, server):
                end.close()

    async def _upwards(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while frame := await _frame(reader):
            words = frame.partition(b"\r\n")[0].split()
            if words[0] in (b"PUB", b"HPUB") and words[1].startswith(b"$KV.") and self.fates:
                match self.fates.pop(0):
                    case Fate.LOST:
                        continue
                    case Fate.LATE:
                        self._late.append((server, frame))
                        continue
                    case Fate.ANSWER_SWALLOWED:
                        self._unwanted.add(words[2])
            if self.dammed and words[1:] and words[1].startswith(b"$JS.API.CONSUMER.INFO."):
                await self._dam_holds.wait()
            server.write(frame)
            await server.drain()

    async def _downwards(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while frame := await _frame(reader):
            words = frame.partition(b"\r\n")[0].split()
            if words[0] in (b"MSG", b"HMSG") and words[1] in self._unwanted:
                self._unwanted.discard(words[1])
                continue
            if self.dammed and len(words) > 4 and words[3].startswith(b"$JS.ACK."):
                self._kept_back.append((client, frame))
                self._dam_holds.set()
                continue
            client.write(frame)
            await client.drain()


async def _frame(reader: asyncio.StreamReader) -> bytes:
    """The next message of the protocol; empty at the end."""
    try:
        line = await reader.readuntil(b"\r\n")
        words = line.split()
        if words and words[0] in WITH_PAYLOAD:
            line += await reader.readexactly(int(words[-1]) + 2)
    except (asyncio.IncompleteReadError, OSError):
        return b""
    return line


@asynccontextmanager
async def proxy_to(server_port: int) -> AsyncGenerator[Proxy, None]:
    """A proxy on a free port of loopback."""
    proxy = Proxy(server_port)
    served: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.add(asyncio.ensure_future(proxy.serve(reader, writer)))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 16)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        for task in served:
            task.cancel()
        await asyncio.gather(*served, return_exceptions=True)
        await server.wait_closed()
        # The transports are closed in the turn that follows.
        await asyncio.sleep(0)
