"""Counting plays: what starts in the channel is heard, told from what is not ours, and written down."""

import logging
from collections import deque
from typing import Final

import anyio
from attrs import define, field

from playlist_core.domain.manifest import ManifestTemplate
from playlist_core.domain.plays import TitlePlay
from playlist_core.errors import OutcomeUnknown, Unavailable
from playlist_core.ports import Clock, Play, PlayFeed
from playlist_core.services.play_ledger import PlayLedger

# Plays that wait for a store that is away: some days of a busy channel.
PLAYS_HELD: Final = 1_000
_AGAIN_AFTER: Final = 5.0

log = logging.getLogger("kryten_playlist.plays")


@define(eq=False)
class PlayCount:
    """Hears what starts in the channel and has it counted; what the store cannot take waits here for it."""

    feed: PlayFeed
    ledger: PlayLedger
    manifests: ManifestTemplate = field(kw_only=True)
    clock: Clock = field(kw_only=True)
    _held: deque[TitlePlay] = field(factory=deque[TitlePlay], init=False)
    _heard: anyio.Event = field(factory=anyio.Event, init=False)
    _troubles: dict[str, str] = field(factory=dict[str, str], init=False)

    async def run(self) -> None:
        """Listen and count for ever; a feed or a store that is away is tried again every few seconds."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen)
            tasks.start_soon(self._record)

    async def sweep(self) -> None:
        """Count and forget what the ledger has left; raises Unavailable, OutcomeUnknown."""
        await self.ledger.sweep()

    async def _listen(self) -> None:
        while True:
            try:
                async with self.feed.plays() as plays:
                    async for play in plays:
                        self._hear(play)
            except Unavailable as exc:
                self._complain("Plays are not heard", exc)
            await self.clock.sleep(_AGAIN_AFTER)

    def _hear(self, play: Play) -> None:
        video_id = self.manifests.video_id(play.media_id)
        if video_id is None:
            log.debug("Not one of our titles: %s %s", play.media_type, play.media_id)
            return
        if len(self._held) >= PLAYS_HELD:
            log.error("A play of %s is lost: the store has been away for too long.", video_id)
            return
        self._held.append(
            TitlePlay(
                play_id=play.play_id,
                video_id=video_id,
                title=play.title,
                seconds=play.seconds,
                at=play.at,
                heard_at=self.clock.now(),
            )
        )
        self._heard.set()

    async def _record(self) -> None:
        while True:
            while self._held:
                try:
                    await self.ledger.record(self._held[0])
                    self._held.popleft()
                    self._troubles.clear()
                except (Unavailable, OutcomeUnknown) as exc:
                    self._complain("Plays wait to be counted", exc)
                    await self.clock.sleep(_AGAIN_AFTER)
            self._heard = anyio.Event()
            await self._heard.wait()

    def _complain(self, what: str, trouble: Unavailable | OutcomeUnknown) -> None:
        """Once for each kind: it is tried again and again."""
        if trouble.message != self._troubles.get(what):
            log.warning("%s: %s", what, trouble.message)
        self._troubles[what] = trouble.message
