"""Looks at the files of this machine: the settings themselves, the data directory, the catalogue index."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from anyio import to_thread

from playlist_app.config import Loaded, Origin, Settings
from playlist_app.inspection.findings import Finding, failed, fine, warning
from playlist_app.inspection.peers import Peers
from playlist_core.errors import Unavailable

SETTINGS: Final = "settings"
DATA: Final = "data directory"
INDEX: Final = "catalogue"

_OTHERS_MAY_READ: Final = stat.S_IROTH


def settings_findings(loaded: Loaded) -> list[Finding]:
    """Where the settings come from, and what people should know of them."""
    counted = Counter(loaded.origins.values())
    file = "No file" if loaded.path is None else f"{loaded.path} sets {_keys(counted[Origin.FILE])}"
    sentence = f"{file}, the environment {_keys(counted[Origin.ENVIRONMENT])}."
    notices = [warning(SETTINGS, f"{each.where}: {each.notice}.") for each in loaded.notices]
    return [fine(SETTINGS, sentence), *notices, *_open_to_others(loaded)]


def _keys(number: int) -> str:
    return "1 key" if number == 1 else f"{number} keys"


def _open_to_others(loaded: Loaded) -> Iterator[Finding]:
    """Files with a secret in them that everybody on this machine may read."""
    settings = loaded.settings
    for path, is_secret in (
        (loaded.path, loaded.holds_secret),
        (settings.nats_credentials, True),
        (settings.nats_tls_key, True),
    ):
        if path is not None and is_secret and _mode(path) & _OTHERS_MAY_READ:
            yield warning(SETTINGS, f"{path} holds a secret, and everybody may read it: chmod 640 it.")


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0  # whoever wants to read it will tell


async def data_findings(settings: Settings, holder: Callable[[], int | None]) -> list[Finding]:
    """Whether the service could keep its files, or already does."""
    try:
        return [await to_thread.run_sync(_data, settings.data_dir, holder, abandon_on_cancel=True)]
    except OSError as exc:
        return [failed(DATA, f"{settings.data_dir} cannot be looked at: {exc.strerror}.")]


def _data(path: Path, holder: Callable[[], int | None]) -> Finding:
    if not path.exists():
        above = next(parent for parent in path.absolute().parents if parent.exists())
        if above.is_dir() and os.access(above, os.W_OK | os.X_OK):
            return fine(DATA, f"{path} is missing and will be made.")
        return failed(DATA, f"{path} is missing, and this user cannot make it in {above}.")
    if not path.is_dir():
        return failed(DATA, f"{path} is no directory: choose another data_dir.")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return failed(DATA, f"{path} may not be written by this user: give it the right to.")
    pid = holder()
    return fine(DATA, f"{path} can be used." if pid is None else f"{path} is in use by {process(pid)}.")


async def index_findings(peers: Peers) -> list[Finding]:
    """Whether there is a catalogue to search; without one the service starts, and finds nothing."""
    try:
        info = await peers.index()
    except Unavailable as exc:
        return [warning(INDEX, exc.message)]
    made = f"{info.created_at:%Y-%m-%d %H:%M} UTC"
    return [fine(INDEX, f"{info.item_count:,} titles from {info.source}, read {made}.")]


def process(pid: int) -> str:
    """A process as people know it: its number, and its program where that can be seen."""
    try:
        return f"process {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    except OSError:
        return f"process {pid}"
