"""The demo: a sample catalogue, sample playlists, and a channel of its own."""

from pathlib import Path
from typing import Final

SAMPLE_CATALOG: Final = Path(__file__).parent / "catalog.csv"
SAMPLE_PLAYLISTS: Final = Path(__file__).parent / "playlists.json"
