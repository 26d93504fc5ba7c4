"""Adapters of `KVStore`: one bucket of keys with revisions."""
