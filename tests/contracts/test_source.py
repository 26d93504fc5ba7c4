"""Every catalogue source this project ships, held to the one contract."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import asdict

from playlist_adapters.mediacms.deferred import DeferredSource
from playlist_adapters.mediacms.export import ExportSource
from playlist_adapters.testing.source import FakeSource
from playlist_adapters.testing.source_suite import SourceContract, SourceOf
from playlist_core.domain.catalog import CatalogItem


class TestFakeSource(SourceContract):
    @pytest.fixture
    def source_of(self) -> SourceOf:
        return FakeSource

    @pytest.fixture
    def broken_behind(self) -> SourceOf:
        return lambda items: FakeSource(items, fail_after=len(items))


class TestDeferredSource(SourceContract):
    @pytest.fixture
    def source_of(self) -> SourceOf:
        return lambda items: DeferredSource(lambda: FakeSource(items))

    @pytest.fixture
    def broken_behind(self) -> SourceOf:
        return lambda items: DeferredSource(lambda: FakeSource(items, fail_after=len(items)))


class TestCsvExport(SourceContract):
    @pytest.fixture
    def source_of(self, tmp_path: Path) -> SourceOf:
        return lambda items: ExportSource(_csv(tmp_path / "catalog.csv", items))

    @pytest.fixture
    def broken_behind(self, tmp_path: Path) -> SourceOf:
        def make(items: Sequence[CatalogItem]) -> ExportSource:
            path = _csv(tmp_path / "broken.csv", items)
            path.write_bytes(path.read_bytes() + b'last,"never closed')
            return ExportSource(path)

        return make


class TestJsonLinesExport(SourceContract):
    @pytest.fixture
    def source_of(self, tmp_path: Path) -> SourceOf:
        return lambda items: ExportSource(_jsonl(tmp_path / "catalog.jsonl", items))

    @pytest.fixture
    def broken_behind(self, tmp_path: Path) -> SourceOf:
        def make(items: Sequence[CatalogItem]) -> ExportSource:
            path = _jsonl(tmp_path / "broken.jsonl", items)
            path.write_bytes(path.read_bytes() + b'{"video_id": "cut sho')
            return ExportSource(path)

        return make


class TestDumpdataExport(SourceContract):
    @pytest.fixture
    def source_of(self, tmp_path: Path) -> SourceOf:
        return lambda items: ExportSource(_dump(tmp_path / "dump.json", items))

    @pytest.fixture
    def broken_behind(self, tmp_path: Path) -> SourceOf:
        def make(items: Sequence[CatalogItem]) -> ExportSource:
            path = _dump(tmp_path / "broken.json", items)
            path.write_text(path.read_text().rstrip("]"))
            return ExportSource(path)

        return make


def _csv(path: Path, items: Sequence[CatalogItem]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["video_id", "title", "categories", "duration_seconds"])
        for item in items:
            categories = json.dumps(item.categories) if item.categories else ""
            table.writerow([item.video_id, item.title, categories, item.duration_seconds])
    return path


def _jsonl(path: Path, items: Sequence[CatalogItem]) -> Path:
    lines = [json.dumps(asdict(item), ensure_ascii=False) + "\n" for item in items]
    path.write_bytes("".join(lines).encode())
    return path


def _dump(path: Path, items: Sequence[CatalogItem]) -> Path:
    titles = sorted({category for item in items for category in item.categories})
    categories = [
        {"model": "files.category", "pk": key, "fields": {"title": title}} for key, title in enumerate(titles)
    ]
    path.write_text(json.dumps([_media(item, titles) for item in items] + categories))
    return path


def _media(item: CatalogItem, titles: list[str]) -> dict[str, Any]:
    fields = {
        "friendly_token": item.video_id,
        "title": item.title,
        "duration": item.duration_seconds or 0,
        "category": [titles.index(category) for category in reversed(item.categories)],
        "media_type": "video",
        "listable": True,
        "password": "secret",
    }
    return {"model": "files.media", "pk": item.video_id, "fields": fields}
