"""Catalogue sources from the command line and from the settings, and the connectors they become."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from attrs import evolve

from playlist_adapters.mediacms.api import ApiCredentials, ApiSource
from playlist_adapters.mediacms.database import DatabaseSource
from playlist_adapters.mediacms.deferred import DeferredSource
from playlist_adapters.mediacms.export import ExportSource
from playlist_adapters.testing.source import FakeSource
from playlist_app.cli.main import run
from playlist_app.cli.settings import with_source
from playlist_app.config import CatalogSettings, Database, Settings, Site
from playlist_app.wiring import System, catalog_source

SECRET = "hunter2"
ENVIRONMENT = "KRYTEN_PLAYLIST_CATALOG_"


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_an_export_in_json_lines_is_refreshed_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.jsonl").write_text('{"video_id": "a", "title": "Dune.mkv", "duration_seconds": 60}\n')
    assert run(["refresh", "--source", "site.jsonl"]) == 0
    assert capsys.readouterr().out.startswith("1 title from export site.jsonl in ")
    assert run(["search", "dune", "--json"]) == 0
    assert [item["video_id"] for item in json.loads(capsys.readouterr().out)["items"]] == ["a"]


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            ("refresh", "--source", f"https://me:{SECRET}@v.example"),
            "argument --source: must not hold a name or a password:"
            " give catalog.username and catalog.password, or catalog.token",
        ),
        (
            ("demo", "--catalog", f"postgresql://me:{SECRET}@db"),
            "argument --catalog: must be written postgresql://user@host:5432/mediacms; ",
        ),
        (
            ("refresh", "--source", f"postgresql://me:{SECRET}@\udcff/cms"),
            "***@\\udcff/cms' is not text in UTF-8",
        ),
        (("refresh", f"--source=me:{SECRET}@\udcff"), "'***@\\udcff' is not text in UTF-8"),
        (("refresh", "--source", f"me:{SECRET}@v.example"), "argument --source: must be the path of an"),
    ],
)
def test_a_source_that_is_not_understood_is_refused_without_its_password(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], problem: str
) -> None:
    assert run(words) == 2
    out, err = capsys.readouterr()
    assert problem in err
    assert SECRET not in out + err


def test_the_settings_are_shown_without_passwords_and_tokens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{ENVIRONMENT}SOURCE", f"postgresql://me:{SECRET}@db/cms")
    verbs = (("check", "--offline"), ("show",), ("show", "--json"))
    assert [run(["config", *words]) for words in verbs] == [0, 0, 0]
    out = capsys.readouterr().out
    assert (out.count("postgresql://me:***@db/cms"), SECRET in out) == (2, False)
    monkeypatch.setenv(f"{ENVIRONMENT}TOKEN", SECRET)
    assert run(["config", "check", "--offline"]) == 1
    error = capsys.readouterr().err
    assert f"{ENVIRONMENT}TOKEN: catalog.source is a database, whose user stands in its address" in error
    assert SECRET not in error


# Credentials and `--source`

UNUSED = "kryten-playlist: The configured credentials belong to catalog.source and were not used.\n"
ALONE = "catalog.password needs catalog.username"
NO_EXPORT = "catalog.source is an export file, which needs no credentials: leave out catalog.token"
NO_MEDIA = "catalog.source is a site, which tells whole addresses by itself: leave out catalog.media_url"
TWICE = "catalog.source holds a password already: leave out one of them"


@pytest.mark.parametrize(
    ("configured", "source", "problem"),
    [
        ({"PASSWORD": SECRET}, "http://v.example", ALONE),
        ({"TOKEN": SECRET}, "films.csv", NO_EXPORT),
        ({"MEDIA_URL": "https://v.example"}, "https://v.example", NO_MEDIA),
        ({"PASSWORD": SECRET}, f"postgresql://me:{SECRET}@db/cms", TWICE),
        # The place that is configured, with a password at last.
        (
            {"PASSWORD": SECRET, "SOURCE": "postgresql://me@db/cms"},
            f"postgresql://me:{SECRET}@db/cms",
            TWICE,
        ),
    ],
)
def test_credentials_that_do_not_go_with_the_named_source_are_told_as_for_the_configured_one(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, str],
    source: str,
    problem: str,
) -> None:
    for key, value in configured.items():
        monkeypatch.setenv(f"{ENVIRONMENT}{key}", value)
    assert run(["refresh", "--source", source]) == 1
    out, err = capsys.readouterr()
    head = "kryten-playlist: The settings cannot be used (1 problem):"
    assert (out, err) == ("", f"{head}\n  --source: {problem}\n")


@pytest.mark.parametrize(
    ("configured", "told"),
    [
        ({"SOURCE": "https://v.example", "TOKEN": SECRET}, UNUSED),
        ({"SOURCE": "https://v.example", "USERNAME": "me", "PASSWORD": SECRET}, UNUSED),
        ({"SOURCE": "postgresql://me@db/cms", "PASSWORD": SECRET}, UNUSED),
        ({"SOURCE": f"postgresql://me:{SECRET}@db/cms", "MEDIA_URL": "https://v.example"}, ""),
        ({"SOURCE": "https://v.example"}, ""),
    ],
)
def test_credentials_for_another_place_stay_unused_and_that_is_told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    configured: dict[str, str],
    told: str,
) -> None:
    for key, value in configured.items():
        monkeypatch.setenv(f"{ENVIRONMENT}{key}", value)
    (tmp_path / "films.jsonl").write_text('{"video_id": "a", "title": "Dune.mkv"}\n')
    assert run(["refresh", "--source", "films.jsonl"]) == 0
    assert capsys.readouterr().err == told


def test_what_was_configured_for_another_source_does_not_contradict_the_named_one() -> None:
    database = CatalogSettings(source=Database("postgresql://me@db/cms"), media_url="https://v.example")
    changed = with_source(Settings(catalog=database), Site("https://other.example"))
    assert changed.catalog.source == Site("https://other.example")


def test_a_search_does_not_wait_for_what_only_a_refresh_needs(tmp_path: Path) -> None:
    code = (
        "import sys; from playlist_app.cli.main import run; code = run(['search', 'x']);"
        "print([name for name in ('aiohttp', 'psycopg') if name in sys.modules], code)"
    )
    environ = {f"{ENVIRONMENT}SOURCE": "https://v.example", f"{ENVIRONMENT}TOKEN": SECRET}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] 1\n"
    assert done.stderr.startswith("kryten-playlist: There is no catalogue yet")


# The connectors


def test_each_kind_of_source_becomes_its_connector() -> None:
    system = System()
    media = {"media_url": "https://v.example"}
    site = catalog_source(CatalogSettings(source=Site("https://v.example/sub"), token="0" * 40), system)
    by_name = CatalogSettings(source=Site("https://v.example"), username="me", password=SECRET)
    assert isinstance(site, ApiSource)
    assert (site.name, site.credentials) == ("MediaCMS v.example/sub", ApiCredentials.of_token("0" * 40))
    assert (site.clock, site.randomness) == (system.clock, system.randomness)
    named = catalog_source(by_name, system)
    assert isinstance(named, ApiSource)
    assert named.credentials == ApiCredentials.of_password("me", SECRET)
    anonymous = catalog_source(CatalogSettings(source=Site("https://v.example")), system)
    assert isinstance(anonymous, ApiSource)
    assert anonymous.credentials is None
    export = catalog_source(CatalogSettings(source=Path("a.csv"), **media), system)
    assert isinstance(export, ExportSource)
    assert (export.path, export.media_base_url) == (Path("a.csv"), "https://v.example")
    assert catalog_source(CatalogSettings(), system) is None


def test_a_database_gets_the_password_from_its_address_or_from_its_key() -> None:
    apart = CatalogSettings(source=Database("postgresql://me@db/cms"), password=SECRET, media_url="https://v")
    inside = CatalogSettings(source=Database("postgresql://me@db/cms", password=SECRET))
    for catalog, media_url in ((apart, "https://v"), (inside, None)):
        source = catalog_source(catalog, System())
        assert isinstance(source, DatabaseSource)
        assert (source.password, source.media_base_url) == (SECRET, media_url)
        assert SECRET not in source.name + repr(source)
    without = catalog_source(evolve(apart, password=None), System())
    assert isinstance(without, DatabaseSource)
    assert without.password is None


def test_a_deferred_source_is_made_once_and_not_before_it_is_wanted() -> None:
    made: list[FakeSource] = []

    def make() -> FakeSource:
        made.append(FakeSource(name=f"source {len(made)}"))
        return made[-1]

    source = DeferredSource(make)
    assert made == []
    assert (source.name, source.name, len(made)) == ("source 0", "source 0", 1)
