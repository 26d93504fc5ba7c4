"""docs/configuration.md tells of every key, and what it tells is so."""

import re
from datetime import timedelta
from pathlib import Path

import pytest

from playlist_app.config import (
    CatalogSettings,
    ConfigInvalid,
    Database,
    Origin,
    Site,
    describe,
    environment_name,
    load,
)
from playlist_app.config.sources import DATABASE_PARAMETERS, source_of
from tests.unit.config_world import WHOLE, write

# What a key cannot do without.
NEEDED = {"catalog.username": {environment_name("catalog.password"): "x"}}
PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def documented() -> dict[str, list[str]]:
    """The cells of docs/configuration.md behind each key: type, default, meaning, example, environment."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_the_documentation_has_every_key_with_its_default_and_its_variable(tmp_path: Path) -> None:
    defaults = describe(load(None, {}, default_path=tmp_path / "none"))
    expected = {line.key: (f"`{line.value}`", f"`{environment_name(line.key)}`") for line in defaults}
    assert {key: (row[1], row[4]) for key, row in documented().items()} == expected


def test_every_key_is_documented_with_its_type_and_a_meaning() -> None:
    assert [key for key, row in documented().items() if len(row) != 5 or not (row[0] and row[2])] == []


@pytest.mark.parametrize("key", WHOLE)
def test_the_documentation_tells_the_bounds_of_every_whole_number(key: str) -> None:
    low, high = WHOLE[key]
    assert documented()[key][0] == f"whole number, {low} to {high}"


def test_every_example_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    for key, row in documented().items():
        loaded = load(write(tmp_path, f"{key} = {row[3].strip('`')}", "c.toml"), NEEDED.get(key, {}))
        assert loaded.origins[key] is Origin.FILE


def test_the_example_files_of_the_documentation_can_be_used(tmp_path: Path) -> None:
    blocks = re.findall(r"```(toml|json)\n(.*?)```", PAGE.read_text(), re.DOTALL)
    toml, as_json = (load(write(tmp_path, text, f"c.{kind}"), {}).settings for kind, text in blocks)
    assert [kind for kind, _ in blocks] == ["toml", "json"]
    assert (as_json.admins, as_json.nats_url, as_json.catalog) == (toml.admins, toml.nats_url, toml.catalog)
    assert toml.catalog == CatalogSettings(
        source=Path("/var/lib/kryten/export.csv"), refresh_every=timedelta(hours=6)
    )


def test_the_error_in_the_documentation_is_the_one_that_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text('http_prot = 1\ncatalog.max_shrink = "0.2"')
    with pytest.raises(ConfigInvalid) as caught:
        load(Path("config.toml"), {"KRYTEN_PLAYLIST_HTTP_PORT": "x"})
    assert str(caught.value) in PAGE.read_text()


def test_the_sources_of_the_documentation_are_the_three_there_are() -> None:
    section = PAGE.read_text().partition("#### Where the catalogue comes from")[2].partition("###")[0]
    named = [source_of(text) for text in re.findall(r'\| `"(.*?)"` \|', section)]
    assert named == [
        Path("/var/lib/kryten/export.csv"),
        Site("https://videos.example"),
        Database("postgresql://kryten@db.example:5432/mediacms"),
    ]
    for address in re.findall(r"`(postgresql://.*?)`", section):
        assert isinstance(source_of(address), Database)
    assert [name for name in DATABASE_PARAMETERS if f"`{name}`" not in section] == []
