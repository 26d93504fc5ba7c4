"""What CONTRACTS section 2 promises about errors and addresses, copied down so that a change is noticed."""

from typing import Any

CODES = {
    400: {"bad_json", "bad_pattern", "too_few_sources"},
    401: {"not_signed_in"},
    403: {"forbidden", "ip_blocked", "bad_origin", "bad_host", "block_not_offered"},
    404: {
        "playlist_not_found",
        "version_not_found",
        "item_not_found",
        "run_not_found",
        "not_in_channel",
        "no_such_route",
    },
    405: {"method_not_allowed"},
    409: {
        "name_taken",
        "no_current_item",
        "apply_in_progress",
        "refresh_in_progress",
        "would_shrink",
        "fixed_by_config",
    },
    412: {"stale_version"},
    413: {"too_large"},
    415: {"unsupported_media_type"},
    422: {"invalid"},
    429: {"rate_limited", "locked", "duplicate_like"},
    500: {"internal"},
    503: {"channel_unavailable", "store_unavailable", "no_snapshot"},
    504: {"outcome_unknown"},
}
# Not in that table: a refresh where no source is configured, a search in a damaged index (docs/http-api.md).
BEYOND = {503: {"no_source", "index_unreadable"}}

KNOWN = {code: status for table in (CODES, BEYOND) for status, codes in table.items() for code in codes}
# Promised for issues to come; nothing answers with them yet.
TO_COME = {"no_current_item", "duplicate_like"}

OPERATIONS = {
    "POST /api/v1/auth/otp/request",
    "POST /api/v1/auth/otp/verify",
    "POST /api/v1/auth/ipblock",
    "GET /api/v1/auth/ipblocks",
    "DELETE /api/v1/auth/ipblocks/{ip}",
    "GET /api/v1/auth/session",
    "POST /api/v1/auth/logout",
    "GET /api/v1/access/blessed",
    "PUT /api/v1/access/blessed/{username}",
    "DELETE /api/v1/access/blessed/{username}",
    "GET /api/v1/access/admins",
    "PUT /api/v1/access/admins/{username}",
    "DELETE /api/v1/access/admins/{username}",
    "DELETE /api/v1/access/lockouts/{username}",
    "GET /api/v1/catalog/search",
    "GET /api/v1/catalog/categories",
    "GET /api/v1/catalog/items/{video_id}",
    "POST /api/v1/catalog/refresh",
    "GET /api/v1/catalog/refresh",
    "GET /api/v1/playlists",
    "POST /api/v1/playlists",
    "GET /api/v1/playlists/{playlist_id}",
    "PUT /api/v1/playlists/{playlist_id}",
    "DELETE /api/v1/playlists/{playlist_id}",
    "GET /api/v1/playlists/{playlist_id}/versions",
    "POST /api/v1/playlists/{playlist_id}/restore",
    "POST /api/v1/marathons/preview",
    "GET /api/v1/queue",
    "POST /api/v1/queue/plan",
    "POST /api/v1/queue/apply",
    "GET /api/v1/queue/runs/{run_id}",
    "DELETE /api/v1/queue/runs/{run_id}",
    "POST /api/v1/queue/runs/{run_id}/undo",
    "GET /api/v1/events",
    "GET /health",
    "GET /health/live",
    "GET /health/ready",
    "GET /demo/channel",
    "POST /demo/channel",
}
# Answered, but no operations of the API: the page and its parts, what monitors read, the description itself.
BESIDES = {"/", "/web", "/metrics", "/api/v1/openapi.json"}
# The operations that take a body, each with one that is read without complaint.
BODIES: dict[str, Any] = {
    "POST /api/v1/auth/otp/request": {"username": "bob"},
    "POST /api/v1/auth/otp/verify": {"username": "bob", "otp": "22222222"},
    "POST /api/v1/auth/ipblock": {"action": "block"},
    "POST /api/v1/catalog/refresh": {},
    "POST /api/v1/playlists": {"name": "Mine", "items": []},
    "PUT /api/v1/playlists/{playlist_id}": {"name": "Mine", "items": []},
    "POST /api/v1/playlists/{playlist_id}/restore": {"version": 1},
    "POST /api/v1/marathons/preview": {"sources": []},
    "POST /api/v1/queue/plan": {"playlist_id": "none"},
    "POST /api/v1/queue/apply": {"playlist_id": "none"},
    "POST /demo/channel": {"action": "skip"},
}
