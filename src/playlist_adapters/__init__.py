"""Adapters: each makes a technology play one of the roles in `playlist_core.ports`."""
