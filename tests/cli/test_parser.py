"""What options mean before any command begins."""

from datetime import timedelta

import pytest

from playlist_app.cli.parser import parsed


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("6h", timedelta(hours=6)), ("90", timedelta(seconds=90)), ("off", None)],
)
def test_a_demo_refreshes_as_often_as_it_is_told(typed: str, meant: timedelta | None) -> None:
    assert parsed(["demo", "--refresh-every", typed]).refresh_every == meant


def test_without_being_told_it_does_not_refresh_by_itself() -> None:
    assert parsed(["demo"]).refresh_every is None


@pytest.mark.parametrize("typed", ["5", "1s", "often", "", "-1h", "9999d"])
def test_what_is_no_interval_is_refused_with_what_is_one(
    typed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refusal:
        parsed(["demo", f"--refresh-every={typed}"])
    assert refusal.value.code == 2
    assert "must be off, or a time from 1m to 365d" in capsys.readouterr().err
