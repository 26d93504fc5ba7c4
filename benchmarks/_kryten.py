"""kryten-py's own key-value helpers, which the other Kryten services use: the baseline of the buckets."""

import anyio
from attrs import define
from kryten import KrytenClient


@define(eq=False)
class KrytenHelpers:
    """One bucket through the helpers of the client, by which nobody can say which revision he has read."""

    client: KrytenClient
    bucket: str

    async def put(self, key: str, value: bytes) -> None:
        await self.client.kv_put(self.bucket, key, value)

    async def get(self, key: str) -> bytes:
        return await self.client.kv_get(self.bucket, key)

    async def listing(self, prefix: str) -> list[tuple[str, bytes]]:
        """There is no listing by prefix: all of the bucket is read, a key at a time."""
        everything = await self.client.kv_get_all(self.bucket)
        return sorted(item for item in everything.items() if item[0].startswith(prefix))

    async def increments(self, writers: int) -> int:
        """Count to `writers`, all at once; how many of the increments are there afterwards."""
        await self.put("counter", b"0")

        async def increment() -> None:
            await self.put("counter", b"%d" % (int(await self.get("counter")) + 1))

        async with anyio.create_task_group() as tasks:
            for _ in range(writers):
                tasks.start_soon(increment)
        return int(await self.get("counter"))
