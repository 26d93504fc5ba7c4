"""Reads a catalogue over the API of a MediaCMS site; `source` says how."""

from playlist_adapters.mediacms.api.credentials import ApiCredentials
from playlist_adapters.mediacms.api.source import ApiSource

__all__ = ["ApiCredentials", "ApiSource"]
