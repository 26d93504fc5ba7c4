"""What listing all saved playlists costs, against reading them all, which is what the list did before.

    python benchmarks/playlists.py [PLAYLISTS] [ITEMS]         10000 of 100 unless told

One service over a store in memory, once while it follows the playlists and once while it does not and reads
them all: as a use-case, and over HTTP without a socket. A NATS server would add its own time to both.
"""

import gc
import sys
import time
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from statistics import median

import anyio
from _titles import catalogue
from anyio.lowlevel import checkpoint
from attrs import define, frozen
from falcon.testing import ASGIConductor

from playlist_app.config import Settings
from playlist_app.http.app import create_app
from playlist_app.http.door import SESSION_COOKIE
from playlist_app.services import Services
from playlist_app.tasks import background
from playlist_app.wiring import wire_memory
from playlist_core.domain.identity import Actor, ClientAddress, Role, Username
from playlist_core.domain.playlists import Playlist, PlaylistItem
from playlist_core.services.documents import encode
from playlist_core.services.playlists import Playlists

NOW = datetime(2026, 11, 20, 23, tzinfo=UTC)
ALICE = Actor(Username("alice"), Role.ADMIN)
SAVED = f"{7:016x}"
ROUNDS = 30
READINGS = 3  # of everything: it takes seconds
_ROW = "{:32}{:>14}{:>14}{:>10}"


@define(eq=False)
class Side:
    """The service as it is, or as it was."""

    playlists: Playlists
    client: ASGIConductor
    cookies: dict[str, str]
    rounds: int

    async def over_http(self) -> None:
        answer = await self.client.simulate_get("/api/v1/playlists", host="localhost", cookies=self.cookies)
        if answer.status_code != 200:
            raise RuntimeError(answer.text)

    async def after_a_save(self) -> None:
        await self.playlists.save(ALICE, SAVED, name=None, items=[PlaylistItem("a")])
        await self.over_http()

    def works(self) -> Sequence[Callable[[], Awaitable[object]]]:
        return self.playlists.listed, self.over_http, self.after_a_save

    async def seconds(self, work: Callable[[], Awaitable[object]]) -> float:
        """The median of a few rounds."""
        taken: list[float] = []
        for _ in range(self.rounds):
            began = time.perf_counter()
            await work()
            taken.append(time.perf_counter() - began)
        return median(taken)


@frozen
class Held:
    """What something keeps in memory, in bytes."""

    amount: int


@contextmanager
def held_by(found: list[Held]) -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    yield
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found.append(Held(after - before))


async def fill(services: Services, count: int, length: int) -> None:
    """Straight into the store: what the service itself would have written, claims left out."""
    items = cycle(PlaylistItem(item.video_id, item.title, item.duration_seconds) for item in catalogue(4_000))
    records = services.library.playlists.records
    for number in range(count):
        playlist = Playlist(
            playlist_id=f"{number:016x}",
            name=f"Evening {number * 7_919 % count}",
            version=1,
            items=tuple(islice(items, length)),
            created_by="bob",
            created_at=NOW,
            updated_by="bob",
            updated_at=NOW,
        )
        await records.store.create(records.key(playlist.playlist_id), encode(playlist))


@asynccontextmanager
async def following(playlists: Playlists) -> AsyncGenerator[float, None]:
    """The service follows its playlists; how many seconds it took until the first list."""
    async with background() as tasks:
        began = time.perf_counter()
        tasks.start_soon(playlists.summaries.run)
        while playlists.summaries._watch is None:  # asked earlier it would read them all, beside the follower
            await checkpoint()
        await playlists.listed()
        yield time.perf_counter() - began


async def measure(count: int, length: int) -> None:
    async with wire_memory(Settings(admins=(ALICE.username,)), None) as services:
        await fill(services, count, length)
        playlists = services.library.playlists
        _, token = await services.login.sessions.mint(ALICE.username, ClientAddress.parse("127.0.0.1"))
        async with ASGIConductor(create_app(services)) as client:
            cookies = {SESSION_COOKIE: token}
            await compare(
                Side(playlists, client, cookies, READINGS), Side(playlists, client, cookies, ROUNDS)
            )
        await measure_memory(playlists, count)


async def compare(was: Side, now: Side) -> None:
    """The one reads all, the other follows."""
    before = [await was.seconds(work) for work in was.works()]
    async with following(now.playlists) as first:
        began = time.perf_counter()
        await now.over_http()
        print(f"first list of a process: {first:.1f} s, over HTTP {time.perf_counter() - began:.2f} s more")
        after = [await now.seconds(work) for work in now.works()]
        report(before, after)


def report(before: Sequence[float], after: Sequence[float]) -> None:
    print(_ROW.format("times in ms", "read all", "followed", "ratio"))
    for name, was, now in zip(
        ("list", "list over HTTP", "after a save, over HTTP"), before, after, strict=True
    ):
        print(_ROW.format(name, f"{was * 1e3:.0f}", f"{now * 1e3:.3f}", f"{was / now:.0f}"))


async def measure_memory(playlists: Playlists, count: int) -> None:
    """What a follower keeps beside the store, against the playlists themselves."""
    found: list[Held] = []
    with held_by(found):
        whole = await playlists.all()
    del whole
    gc.collect()
    async with AsyncExitStack() as stack:
        with held_by(found):
            await stack.enter_async_context(following(playlists))
    was, now = (each.amount / count for each in found)
    print(_ROW.format("memory in bytes a playlist", f"{was:.0f}", f"{now:.0f}", f"{was / now:.0f}"))


def main() -> None:
    count, length = (int(each) for each in sys.argv[1:3] or ("10000", "100"))
    anyio.run(measure, count, length)


if __name__ == "__main__":
    main()
