"""Adapters of `CatalogSource`: ways to read the catalogue of a MediaCMS site."""
