"""A command line with a service to ask."""

from pathlib import Path

import pytest

from tests.cli.service_world import CommandLine


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings that name a service and an admin."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KRYTEN_AS", raising=False)
    monkeypatch.setenv("KRYTEN_PLAYLIST_NATS_URL", "nats://nats.example:4222")
    monkeypatch.setenv("KRYTEN_PLAYLIST_ADMINS", "alice,erin")


@pytest.fixture
def type_(joined: None, capsys: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(capsys)
