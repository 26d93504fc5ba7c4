"""Tells which format an export has: by its name where that is plain, otherwise by how it begins."""

import codecs
import json
from enum import Enum
from pathlib import PurePath
from typing import Final

from playlist_adapters.mediacms.intake import ByteStream
from playlist_adapters.mediacms.json_values import Problem, member_names, value_at
from playlist_adapters.mediacms.text_lines import BOM, MAX_LINE_BYTES

_JSON_LINES: Final = (".jsonl", ".ndjson")
_DECODER: Final = json.JSONDecoder()


class Format(Enum):
    """The formats of exports."""

    CSV = "csv"
    DUMPDATA = "dumpdata"
    JSON_LINES = "jsonl"


def format_of(file: ByteStream, name: str) -> Format:
    """The format of a file, which is left at its beginning.

    `.jsonl` and `.ndjson` are JSON lines. Otherwise what begins with `[` is dumpdata's; what begins with `{`
    is JSON lines if the object has a `video_id` before any `body`, an excerpt of dumpdata if it has a `body`
    before any `video_id`, and with neither in sight JSON lines if the object ends on its line. Anything else
    is CSV.
    """
    if PurePath(name).suffix.lower() in _JSON_LINES:
        return Format.JSON_LINES
    start = file.read(MAX_LINE_BYTES).removeprefix(BOM)
    file.seek(0)
    # What is cut at the end, or no UTF-8 further on, is for the reader to complain of.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(start).lstrip(" \t\r\n")
    if text.startswith("["):
        return Format.DUMPDATA
    return _of_object(text) if text.startswith("{") else Format.CSV


def _of_object(text: str) -> Format:
    """JSON lines or an excerpt, by the names of the members in front."""
    for name, _ in member_names(_DECODER, text):
        if name in ("video_id", "body"):
            return Format.JSON_LINES if name == "video_id" else Format.DUMPDATA
    line = text.partition("\n")[0]
    return Format.DUMPDATA if isinstance(value_at(_DECODER, line, 0), Problem) else Format.JSON_LINES
