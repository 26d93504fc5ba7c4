"""What people ask the service for, by the address of the door that takes it (docs/http-api.md)."""

from collections.abc import Mapping
from typing import Final

from playlist_app.http.app import routes
from playlist_app.http.openapi import operations
from playlist_app.services import Services
from playlist_core.domain.access import Action

SEARCH: Final = "get /catalog/search"
SEE_CATEGORIES: Final = "get /catalog/categories"
REFRESH: Final = "post /catalog/refresh"
SEE_REFRESH: Final = "get /catalog/refresh"

LIST_PLAYLISTS: Final = "get /playlists"
CREATE: Final = "post /playlists"
READ: Final = "get /playlists/{playlist_id}"
SAVE: Final = "put /playlists/{playlist_id}"
DELETE: Final = "delete /playlists/{playlist_id}"
RESTORE: Final = "post /playlists/{playlist_id}/restore"
PREVIEW_MARATHON: Final = "post /marathons/preview"

SEE_QUEUE: Final = "get /queue"
PLAN: Final = "post /queue/plan"
APPLY: Final = "post /queue/apply"
CANCEL: Final = "delete /queue/runs/{run_id}"
UNDO: Final = "post /queue/runs/{run_id}/undo"

SEE_SESSION: Final = "get /auth/session"
SEE_BLESSED: Final = "get /access/blessed"
BLESS: Final = "put /access/blessed/{username}"
UNBLESS: Final = "delete /access/blessed/{username}"
MAKE_ADMIN: Final = "put /access/admins/{username}"
UNMAKE_ADMIN: Final = "delete /access/admins/{username}"
LET_IN: Final = "delete /access/lockouts/{username}"
SEE_BLOCKS: Final = "get /auth/ipblocks"
LIFT_BLOCK: Final = "delete /auth/ipblocks/{ip}"


def needed_actions(services: Services) -> Mapping[str, Action]:
    """What each door asks of whoever comes, by its own declaration."""
    return {
        f"{method} {path.removeprefix('/api/v1')}": operation.needs
        for path, method, operation in operations(routes(services))
        if operation.needs is not None
    }
