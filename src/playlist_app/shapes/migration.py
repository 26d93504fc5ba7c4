"""What a migration looks like to programs."""

from attrs import frozen

from playlist_core.services.migrating import Migration
from playlist_core.services.old_documents import Fate, Finding, Kind


@frozen(kw_only=True)
class FindingView:
    """One old document; `count` are a playlist's items or a list's names, `key` is where it stands."""

    kind: Kind
    fate: Fate
    name: str
    new_name: str | None
    owner: str
    private: bool
    count: int | None
    why: tuple[str, ...]
    key: str


@frozen(kw_only=True)
class MigrationView:
    """`applied` says whether it was done, `changes` to how many documents something was done, or would be."""

    applied: bool
    changes: int
    has_catalogue: bool
    findings: tuple[FindingView, ...]


def migration_view(migration: Migration) -> MigrationView:
    """A run with everything it has found, in order."""
    return MigrationView(
        applied=migration.applied,
        changes=migration.changes,
        has_catalogue=migration.has_catalogue,
        findings=tuple(_view(finding) for finding in migration.findings),
    )


def _view(finding: Finding) -> FindingView:
    return FindingView(
        kind=finding.kind,
        fate=finding.fate,
        name=finding.name,
        new_name=finding.new_name,
        owner=finding.owner,
        private=finding.private,
        count=finding.count,
        why=finding.why,
        key=finding.key,
    )
