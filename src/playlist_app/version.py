"""The running version, which stands in pyproject.toml and nowhere else (PRD GH-014)."""

from importlib.metadata import version as installed_version


def version() -> str:
    """The version of the installed distribution."""
    return installed_version("kryten-playlist")
