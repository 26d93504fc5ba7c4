"""Carrying over what the earlier service has stored, in the buckets it shares with ours."""

from collections.abc import Sequence

from attrs import define, frozen

from playlist_core.domain.limits import Block
from playlist_core.domain.playlists import Record
from playlist_core.errors import Unavailable
from playlist_core.ports import Buckets, CatalogIndex, Clock, Randomness
from playlist_core.services.access import Names
from playlist_core.services.names import Claim, PlaylistNames
from playlist_core.services.namespace import Namespace
from playlist_core.services.old_access import OldBlocks, OldLists
from playlist_core.services.old_documents import Finding, Tell
from playlist_core.services.old_playlists import OldPlaylists


@frozen(kw_only=True)
class Migration:
    """What a run has found; `applied` says whether it was done, or only looked at.

    Without a catalogue carried items have neither titles nor lengths until their playlist is saved again.
    """

    findings: Sequence[Finding]
    applied: bool
    has_catalogue: bool

    @property
    def changes(self) -> int:
        """How many documents there are, or were, to do something about."""
        return sum(finding.changes for finding in self.findings)


@define(eq=False)
class Migrating:
    """The migration; may be broken off anywhere and run again, also beside services that run.

    Each old document is replaced by one conditional write, or removed after what it says stands elsewhere, so
    there is no half of one. What cannot be carried, or shall not be, is left as it is.
    """

    lists: OldLists
    blocks: OldBlocks
    playlists: OldPlaylists
    index: CatalogIndex

    @classmethod
    def over(
        cls, buckets: Buckets, index: CatalogIndex, *, namespace: str, clock: Clock, randomness: Randomness
    ) -> "Migrating":
        """Over the buckets of a namespace; `index` knows the titles of the playlists' items."""
        acl = Namespace(buckets.acl, namespace, clock=clock, randomness=randomness)
        auth = Namespace(buckets.auth, namespace, clock=clock, randomness=randomness)
        living = Namespace(buckets.playlists, namespace, clock=clock, randomness=randomness)
        records = living.documents(Record, "playlists")
        names = PlaylistNames(living.documents(Claim, "names"), records, clock)
        return cls(
            OldLists(acl.documents(Names)),
            OldBlocks(auth.documents(Block, "ipblock")),
            OldPlaylists(records, names, index, clock),
            index,
        )

    async def run(self, *, apply: bool, include_private: bool, tell: Tell = lambda _: None) -> Migration:
        """Look at everything old, and with `apply` carry it; `tell` hears of each document as it is done.

        Raises Unavailable or OutcomeUnknown when the store does: what was told stands, run it again.
        """
        findings: list[Finding] = []

        def note(finding: Finding) -> None:
            findings.append(finding)
            tell(finding)

        await self.lists.run(note, apply=apply)
        await self.blocks.run(note, apply=apply)
        await self.playlists.run(note, apply=apply, include_private=include_private)
        return Migration(findings=findings, applied=apply, has_catalogue=await self._has_catalogue())

    async def _has_catalogue(self) -> bool:
        try:
            return await self.index.state() is not None
        except Unavailable:
            return False
