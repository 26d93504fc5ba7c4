"""Everything that is looked at, in the order in which it is told."""

from functools import partial

from playlist_app.config import Loaded, Settings
from playlist_app.inspection import files, nats, source, web
from playlist_app.inspection.findings import Check, Finding
from playlist_app.inspection.peers import Peers


def checks_of(settings: Settings, peers: Peers, *, bind: web.Bind) -> list[Check]:
    """What there is to ask of others, this machine included; together they take 14 s at most."""

    async def public() -> list[Finding]:
        return web.public_findings(settings)

    return [
        Check(files.DATA, partial(files.data_findings, settings, peers.holder)),
        Check(files.INDEX, partial(files.index_findings, peers)),
        # Five seconds to connect, four for whoever falls silent, and five to leave.
        Check(nats.NATS, partial(nats.nats_findings, settings, peers), seconds=14),
        Check(source.SOURCE, partial(source.source_findings, settings, peers.source)),
        Check(web.WEB, partial(web.web_findings, settings, peers.holder, bind)),
        Check(web.PUBLIC, public),
    ]


def settings_findings(loaded: Loaded) -> list[Finding]:
    """What there is to tell of the settings without asking anybody."""
    return files.settings_findings(loaded)
