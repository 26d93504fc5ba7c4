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
from playlist_app.config.inherited import INHERITED
from playlist_app.config.secret_files import SECRET_FILES
from playlist_app.config.sources import DATABASE_PARAMETERS, source_of
from playlist_app.inspection import Verdict, settings_findings
from tests.unit.config_world import NEEDED, WHOLE, write
from tests.unit.inspection_world import World

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "configuration.md"


def section(title: str) -> str:
    """What stands under a heading of docs/configuration.md, up to the next of its rank."""
    return PAGE.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def documented() -> dict[str, list[str]]:
    """The cells of docs/configuration.md behind each key: type, default, meaning, example, environment."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section("Every key").splitlines()
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
    assert (as_json.admins, as_json.nats, as_json.catalog) == (toml.admins, toml.nats, toml.catalog)
    assert toml.catalog == CatalogSettings(
        source=Path("/var/lib/kryten/export.csv"), refresh_every=timedelta(hours=6)
    )


def test_the_example_file_can_be_used_once_its_secrets_are_there(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "config.toml").read_text()
    for named in re.findall(r'_file = "(.*)"', text):
        (tmp_path / Path(named).name).write_text("0123456789abcdef\n")
        (tmp_path / Path(named).name).chmod(0o640)
    loaded = load(write(tmp_path, text.replace("/etc/kryten/playlist/", f"{tmp_path}/"), "c.toml"), {})
    assert loaded.notices == ()
    assert loaded.settings.nats is not None
    assert (loaded.settings.nats.password, loaded.settings.catalog.token) == ("0123456789abcdef",) * 2


def test_what_becomes_of_every_old_key_is_documented() -> None:
    page = section("From an earlier or another Kryten service")
    families = ("alternate_", "verify_")
    missing = [key for key in INHERITED if f"`{key}`" not in page and not key.startswith(families)]
    assert missing == []
    assert all(f"`{family}…`" in page for family in families)


def test_every_secret_is_documented_with_its_file() -> None:
    for name, key in SECRET_FILES.items():
        row = f"| `{key}` | `{name}` | `{environment_name(name)}` |"
        assert row in section("Secrets")


@pytest.mark.anyio
async def test_the_report_of_the_documentation_has_the_lines_that_come() -> None:
    block = re.findall(r"```\n(.*?)```", section("Trying it out"), re.DOTALL)[0].splitlines()
    lines = [re.split(r"  +", line, maxsplit=2) for line in block[:-1]]
    found = [*settings_findings(load(None, {}, default_path=PAGE.with_name("none"))), *await World().look()]
    assert [line[1] for line in lines] == [each.name for each in found]
    assert {line[0] for line in lines} == {Verdict.OK, Verdict.WARNING}


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
