"""The converter of the doors: strict, and unknown fields are errors."""

from typing import Final

from playlist_core.services.codec import strict_converter

wire: Final = strict_converter(forbid_extra_keys=True)
