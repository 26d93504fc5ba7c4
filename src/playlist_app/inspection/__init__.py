"""`config check`: what the settings name is tried out, and told line by line; nothing is made or changed."""

from playlist_app.inspection.checks import checks_of, settings_findings
from playlist_app.inspection.findings import Check, Finding, Verdict, findings_of
from playlist_app.inspection.peers import NatsLook, Peers

__all__ = (
    "Check",
    "Finding",
    "NatsLook",
    "Peers",
    "Verdict",
    "checks_of",
    "findings_of",
    "settings_findings",
)
