"""What a keystroke costs end to end: a search over HTTP, against a bare Falcon handler with the same bytes.

    python benchmarks/keystroke.py [TITLES]         4000 unless told

The service (session looked up, role asked, guards passed, search answered) and the bare handler are two
processes under the same server; one client asks each in turn over kept connections.
"""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from _timing import Times
from _titles import catalogue
from _web import Client, bare_falcon, service

ROUNDS = 1_500

QUERIES: Mapping[str, dict[str, str]] = {
    "as typed: s": {"q": "s"},
    "as typed: st": {"q": "st"},
    "as typed: sta": {"q": "sta"},
    "as typed: star": {"q": "star"},
    "rare word": {"q": "christmases"},
    "two words": {"q": "four christmases"},
    "most common word": {"q": "the"},
    "word in category": {"q": "the", "category": "Movies"},
    "category": {"category": "Movies"},
    "deep page": {"q": "the", "offset": "1000"},
    "a slip": {"q": "chrismases"},
    "everything": {"q": ""},
}
_ROW = "{:20}{:>12}{:>8}{:>12}{:>8}{:>12}{:>8}{:>8}"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    paths = {name: f"/api/v1/catalog/search?{urlencode(query)}" for name, query in QUERIES.items()}
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "titles.csv"
        write_csv(file, count)
        with service(file) as ours:
            client = Client.to(ours)
            answers = {path: client.get(path) for path in paths.values()}
            with bare_falcon(answers) as bare:
                compare(paths, client, Client.to(bare), answers)


def compare(paths: Mapping[str, str], ours: Client, bare: Client, answers: Mapping[str, bytes]) -> None:
    print(_ROW.format("times in µs", "service p50", "p95", "bare p50", "p95", "ratio p50", "p95", "bytes"))
    pooled: tuple[list[float], list[float]] = ([], [])
    for name, path in paths.items():
        taken: tuple[list[float], list[float]] = ([], [])
        for _ in range(ROUNDS):
            for client, seconds in zip((ours, bare), taken, strict=True):
                began = time.perf_counter()
                client.get(path)
                seconds.append(time.perf_counter() - began)
        report(name, *taken, size=len(answers[path]))
        for pool, seconds in zip(pooled, taken, strict=True):
            pool.extend(seconds)
    report("ALL", *pooled)


def report(name: str, ours: list[float], bare: list[float], *, size: int | str = "") -> None:
    a, b = Times.of(ours), Times.of(bare)
    times = [f"{time:.0f}" for time in (a.p50, a.p95, b.p50, b.p95)]
    print(_ROW.format(name, *times, f"{a.p50 / b.p50:.2f}", f"{a.p95 / b.p95:.2f}", size))


def write_csv(file: Path, count: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(("video_id", "title", "categories", "duration_seconds"))
        for item in catalogue(count):
            rows.writerow((item.video_id, item.title, json.dumps(item.categories), item.duration_seconds))


if __name__ == "__main__":
    main()
