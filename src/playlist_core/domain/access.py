"""Who may do what: the permission table of CONTRACTS section 1 and the one function that reads it."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from playlist_core.domain.identity import Role
from playlist_core.errors import Denied


class Action(StrEnum):
    """Everything a signed-in person can ask for; the names `GET /auth/session` lists."""

    SEARCH_CATALOG = "search_catalog"
    READ_PLAYLISTS = "read_playlists"
    READ_QUEUE = "read_queue"
    LIKE = "like"
    EDIT_PLAYLISTS = "edit_playlists"
    PREVIEW_MARATHON = "preview_marathon"
    PLAN_APPLY = "plan_apply"
    APPLY = "apply"
    READ_RANKINGS = "read_rankings"
    HARD_REPLACE = "hard_replace"
    CANCEL_ANY_RUN = "cancel_any_run"
    REFRESH_CATALOG = "refresh_catalog"
    MANAGE_ACCESS = "manage_access"


_RANK: Final[Mapping[Role, int]] = MappingProxyType({Role.VIEWER: 0, Role.BLESSED: 1, Role.ADMIN: 2})

_NEEDS: Final[Mapping[Action, Role]] = MappingProxyType(
    {
        Action.SEARCH_CATALOG: Role.VIEWER,
        Action.READ_PLAYLISTS: Role.VIEWER,
        Action.READ_QUEUE: Role.VIEWER,
        Action.LIKE: Role.VIEWER,
        Action.EDIT_PLAYLISTS: Role.BLESSED,
        Action.PREVIEW_MARATHON: Role.BLESSED,
        Action.PLAN_APPLY: Role.BLESSED,
        Action.APPLY: Role.BLESSED,
        Action.READ_RANKINGS: Role.BLESSED,
        Action.HARD_REPLACE: Role.ADMIN,
        Action.CANCEL_ANY_RUN: Role.ADMIN,
        Action.REFRESH_CATALOG: Role.ADMIN,
        Action.MANAGE_ACCESS: Role.ADMIN,
    }
)

_MESSAGES: Final[Mapping[Role, str]] = MappingProxyType(
    {
        Role.VIEWER: "Sign in to do this.",
        Role.BLESSED: "Only blessed users and admins may do this; an admin can bless you.",
        Role.ADMIN: "Only admins may do this.",
    }
)


def needed_role(action: Action, *, allow_blessed_hard_replace: bool = False) -> Role:
    """The least role that may do `action`."""
    if action is Action.HARD_REPLACE and allow_blessed_hard_replace:
        return Role.BLESSED
    return _NEEDS[action]


def decide(role: Role, action: Action, *, allow_blessed_hard_replace: bool = False) -> None:
    """Return when `role` may do `action`; else Denied, whose `needs` names the least role that may."""
    needed = needed_role(action, allow_blessed_hard_replace=allow_blessed_hard_replace)
    if _RANK[role] < _RANK[needed]:
        raise Denied(_MESSAGES[needed], needs=needed.value)


def permissions(role: Role, *, allow_blessed_hard_replace: bool = False) -> tuple[str, ...]:
    """The names of the actions `role` may do, in the order of `Action`."""
    return tuple(
        action.value
        for action in Action
        if _RANK[role] >= _RANK[needed_role(action, allow_blessed_hard_replace=allow_blessed_hard_replace)]
    )
