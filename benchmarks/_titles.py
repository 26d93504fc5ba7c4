"""The catalogues that searches are measured on: 4,000 real titles, and more drawn from their words."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from playlist_core.domain.catalog import CatalogItem

REAL_TITLES = Path(__file__).parent.parent / "tests" / "data" / "titles-4000.csv"


def real_items(path: Path = REAL_TITLES) -> list[CatalogItem]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            CatalogItem(
                video_id=row["video_id"],
                title=row["title"],
                categories=tuple(json.loads(row["categories"] or "[]")),
                duration_seconds=int(row["duration_seconds"]) if row["duration_seconds"] else None,
            )
            for row in csv.DictReader(lines)
        ]


def drawn_items(items: Sequence[CatalogItem], count: int) -> list[CatalogItem]:
    """Titles of the lengths of the real ones, made of their words; with the categories of real ones."""
    chance = random.Random(7)
    words = [word for item in items for word in item.title.removesuffix(".mp4").split(".")]
    drawn: list[CatalogItem] = []
    for number in range(count):
        like = chance.choice(items)
        title = ".".join(chance.choices(words, k=max(1, like.title.count(".")))) + ".mp4"
        drawn.append(evolve(like, video_id=f"drawn{number}", title=title))
    return drawn


def catalogue(count: int) -> list[CatalogItem]:
    """The real titles, or as many drawn ones."""
    real = real_items()
    return real if count == len(real) else drawn_items(real, count)
