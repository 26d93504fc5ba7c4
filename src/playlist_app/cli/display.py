"""What goes on, on standard error: a line that redraws itself on a terminal, lines now and then elsewhere."""

from typing import Final

from attrs import Factory, define, field

from playlist_app.cli.output import complain
from playlist_app.cli.progress import Progress, Stand, left_of

_LINES: Final = 10


@define(eq=False)
class Display:
    """With `lines` it tells each tenth where there is no terminal; sentences are told anyhow."""

    lines: bool
    progress: Progress = Factory(Progress)
    _told: int = field(default=0, init=False)

    def show(self, stand: Stand) -> None:
        """How far it is."""
        self.progress.show(stand)
        if not self.lines or self.progress.on_terminal or stand.part is None:
            return
        reached = int(_LINES * stand.part)
        if reached > self._told:
            self._told = reached
            complain(f"{stand.doing}: {', '.join(filter(None, (stand.count, left_of(stand))))}.")

    def tell(self, sentence: str) -> None:
        """Something that people should know at once."""
        self.progress.end()
        complain(sentence)
