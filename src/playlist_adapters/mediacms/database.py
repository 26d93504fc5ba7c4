"""A catalogue straight from the PostgreSQL database of a MediaCMS site."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, Final, LiteralString

from attrs import define, field

from playlist_adapters.mediacms.database_address import DatabaseAddress
from playlist_adapters.mediacms.database_faults import (
    READ,
    Access,
    NotConnected,
    Refused,
    connect_fault,
    is_about_access,
    no_driver,
    read_fault,
    source_name,
)
from playlist_adapters.mediacms.intake import Spot, shown, text, whole_seconds
from playlist_adapters.mediacms.thumbnails import thumbnail_url
from playlist_core.domain.catalog import CatalogItem
from playlist_core.domain.refresh import ReadProgress, TellProgress, ignore_progress

BATCH: Final = 200
"""Rows a round trip brings: about two milliseconds of work, and all that is in memory at a time."""

# Columns that MediaCMS 1.0 to 8.3 have by these names; the window finds tokens that stand twice, which the
# tables allow up to 6.0, without a list of all of them here.
_CATALOGUE: Final[LiteralString] = """
    SELECT m.id, m.friendly_token, m.title, m.duration,
           array_agg(c.title) FILTER (WHERE c.id IS NOT NULL) AS categories,
           COALESCE(NULLIF(m.uploaded_thumbnail, ''), m.thumbnail) AS thumbnail,
           min(m.id) OVER (PARTITION BY m.friendly_token) AS first_id
      FROM files_media m
      LEFT JOIN files_media_category mc ON mc.media_id = m.id
      LEFT JOIN files_category c ON c.id = mc.category_id
     WHERE m.listable AND m.media_type = 'video'
     GROUP BY m.id
     ORDER BY m.id"""
_ACCESS: Final[LiteralString] = """
    SELECT current_user::text, name, bool_and(has_column_privilege(to_regclass(name), part, 'SELECT'))
      FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS needed (name, part, number)
     GROUP BY name
     ORDER BY min(number)"""


@define(eq=False)
class DatabaseSource:
    """`CatalogSource` over three tables of a site, as one statement of a read-only transaction sees them.

    `dsn` is `postgresql://user@host:port/database?sslmode=…` (see `DatabaseAddress`; one that is not
    understood raises InvalidInput at once), `password` wins over one in it. The listable videos come in the
    order of their keys, each one's categories by title, each title once; a row that cannot be an item and a
    token that stands twice raise InvalidInput with the row. `media_base_url` (the site, such as
    `https://videos.example`) turns thumbnail paths into URLs. The server is to break the statement off when
    it takes longer than `statement_seconds`.
    """

    _address: DatabaseAddress = field(alias="dsn", converter=DatabaseAddress.parse, repr=False)
    password: str | None = field(default=None, kw_only=True, repr=False)
    media_base_url: str | None = field(default=None, kw_only=True)
    connect_seconds: float = field(default=10.0, kw_only=True)
    statement_seconds: float = field(default=60.0, kw_only=True)

    @property
    def name(self) -> str:
        return source_name(self._address)

    async def iter_catalog_items(
        self, tell: TellProgress = ignore_progress
    ) -> AsyncGenerator[CatalogItem, None]:
        done = 0
        tell(ReadProgress(step="titles", done=done))
        async with aclosing(self._batches()) as batches:
            async for rows in batches:
                done += len(rows)
                tell(ReadProgress(step="titles", done=done))
                for row in rows:
                    yield self._item(row)

    async def _batches(self) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
        try:
            async with aclosing(self._rows_of(_CATALOGUE)) as batches:
                async for rows in batches:
                    yield rows
        except NotConnected as exc:
            raise connect_fault(self._address, exc) from exc
        except Refused as exc:
            access = await self._access() if is_about_access(exc) else ()
            raise read_fault(self._address, exc, access) from exc

    async def _access(self) -> Sequence[Access]:
        """What may be read, or nothing where that, too, cannot be found out."""
        pairs = [(table, column) for table, columns in READ.items() for column in columns]
        needed = [list(each) for each in zip(*pairs, strict=True)]
        try:
            async with aclosing(self._rows_of(_ACCESS, *needed)) as batches:
                return [
                    Access(role, table, readable=readable)
                    async for rows in batches
                    for role, table, readable in rows
                ]
        except Refused:
            return ()

    def _rows_of(
        self, statement: LiteralString, *values: object
    ) -> AsyncGenerator[Sequence[tuple[Any, ...]], None]:
        """Raises Unavailable where the extra that reads databases is not installed."""
        try:
            from playlist_adapters.mediacms.database_session import read_batches
        except ImportError as exc:
            raise no_driver() from exc
        return read_batches(
            self._address if self.password is None else self._address.with_password(self.password),
            statement,
            values,
            size=BATCH,
            connect_seconds=self.connect_seconds,
            statement_seconds=self.statement_seconds,
        )

    def _item(self, row: tuple[Any, ...]) -> CatalogItem:
        key, token, title, duration, categories, thumbnail, first_key = row
        spot = Spot(file=self.name, row=key)
        if first_key != key:
            twice = f"{shown(token)} stands here and already in row {first_key}; one needs another"
            raise spot.fault(twice, column="friendly_token")
        return CatalogItem(
            video_id=text(spot, "friendly_token", token),
            title=text(spot, "title", title),
            categories=tuple(sorted({text(spot, "category", each) for each in categories or ()})),
            duration_seconds=whole_seconds(spot, "duration", duration),
            thumbnail_url=thumbnail_url(spot, thumbnail, self.media_base_url),
        )
