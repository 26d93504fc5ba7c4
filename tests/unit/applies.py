"""What the tests of applying share: a run in short, and somebody who meddles."""

from playlist_core.domain.runs import Run, RunStatus
from tests.unit.cinema import Cinema

DONE = RunStatus.DONE


def told(run: Run) -> tuple[RunStatus, int, int, int, list[tuple[str, str]]]:
    return run.status, run.kept, run.moved, run.added, [(f.video_id, f.reason) for f in run.failed]


class Meddler:
    """Somebody who does something in the channel after so many commands of ours."""

    def __init__(self, house: Cinema, after: int, deed: str) -> None:
        self.house, self.after, self.deed = house, after, deed
        self.carry_out = house.services.queue.applying.gateway

    def __getattr__(self, name: str) -> object:
        real = getattr(self.carry_out, name)
        if name == "snapshot":
            return real

        async def command(*args: object, **options: object) -> object:
            result = await real(*args, **options)
            self.after -= 1
            if self.after == 0:
                self._meddle()
            return result

        return command

    def _meddle(self) -> None:
        alice = self.house.channel.as_user("alice")
        match self.deed:
            case "add":
                alice.add(self.house.url("z"))
            case "add ours":
                alice.add(self.house.url("d"))
            case "remove ours":
                alice.remove(max(item.uid for item in self.house.channel.queue))
            case "shuffle":
                alice.shuffle()
            case "skip":
                self.house.channel.skip()
            case "away":
                self.house.channel.disconnect()
