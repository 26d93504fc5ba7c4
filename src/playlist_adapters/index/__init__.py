"""Adapters of `CatalogIndex`: one searchable snapshot of the catalogue."""
