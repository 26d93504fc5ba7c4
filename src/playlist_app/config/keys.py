"""Every key of the settings, with its rule and its default."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import Factory, evolve, field, fields, frozen

from playlist_app.config import addresses, sources, values
from playlist_app.config.nats import NatsSettings, login_of, nats_addresses, servers_of
from playlist_app.config.sources import Source, place_of
from playlist_core.domain.identity import Username
from playlist_core.domain.limits import LONGEST_BLOCK_HOURS, SHORTEST_BLOCK_HOURS, LimitRules
from playlist_core.domain.login import LoginRules
from playlist_core.domain.manifest import ManifestTemplate

T = TypeVar("T")

_KIND: Final = "kind"
_INDEX_FILE: Final = "catalog.sqlite3"


class QueueRepeat(StrEnum):
    """What becomes of a title's second occurrence where the channel refuses duplicates."""

    REPORT = "report"
    SUFFIX = "suffix"


def _as(kind: values.Kind[Any]) -> Mapping[str, values.Kind[Any]]:
    """How the value of a field is written, for the field's metadata."""
    return {_KIND: kind}


# Parts of NATS subjects and of store keys: `*` and `>` would match what others send, blanks end a subject.
_PARTS: Final = _as(
    values.matching(
        r"(?=.{1,64}$)[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*",
        "1 to 64 letters, digits, _ or -, in parts joined by single dots",
    )
)
_PART: Final = _as(values.matching("[A-Za-z0-9_-]{1,64}", "1 to 64 letters, digits, _ or -"))
_CHANNEL: Final = values.matching("[A-Za-z0-9_-]{1,30}", "a CyTube channel: 1 to 30 letters, digits, _ or -")
_TEMPLATE: Final = values.textual(
    "an http or https address that contains {video_id} exactly once",
    ManifestTemplate.parse,
    show=attrgetter("text"),
)
_NAME: Final = values.textual("a CyTube name", Username.parse, show=attrgetter("spelling"))
_TOKEN: Final = values.matching(
    "[A-Za-z0-9]{1,200}", "an API token of MediaCMS: letters and digits, without the word Token"
)
_USERNAME: Final = values.matching("[^:]{1,150}", "a user name of the site, without a colon")
_PASSWORD: Final = values.matching(".{1,1000}", "a password of at most 1000 characters")
_NATS_USER: Final = values.matching(r"[^\s:]{1,150}", "a user of NATS, without blanks and colons")
_NATS_TOKEN: Final = values.matching(".{1,1000}", "a token of at most 1000 characters")
_BUCKET_PREFIX: Final = values.matching("[A-Za-z0-9_-]{1,32}", "1 to 32 letters, digits, _ or -")
_SECRET_PASSWORD: Final = _as(values.optional(values.secret(_PASSWORD)))
_FILE: Final = _as(values.optional(values.file()))
_PORT: Final = values.whole(1, 65_535)
_OFTEN: Final = _as(values.whole(1, 1_000))
_UP_TO_A_DAY: Final = _as(values.whole(1, 86_400))


@frozen(kw_only=True)
class CatalogSettings:
    """Where the catalogue comes from: the keys `catalog.…`.

    `token`, or `username` and `password`, are for the API of a site, `password` also for a database;
    `media_url` is the site whose thumbnails an export or a database names. `refresh_every` is None for off;
    `max_shrink` is the share of titles that a refresh may lose.
    """

    source: Source | None = field(default=None, metadata=_as(values.optional(sources.source())))
    token: str | None = field(default=None, metadata=_as(values.optional(values.secret(_TOKEN))), repr=False)
    username: str | None = field(default=None, metadata=_as(values.optional(_USERNAME)))
    password: str | None = field(default=None, metadata=_SECRET_PASSWORD, repr=False)
    media_url: str | None = field(default=None, metadata=_as(values.optional(addresses.site_url())))
    refresh_every: timedelta | None = field(default=None, metadata=_as(values.interval()))
    max_shrink: float = field(default=0.2, metadata=_as(values.share()))

    @property
    def has_credentials(self) -> bool:
        """Whether there is a token, a name or a password; one in the address of the source does not count."""
        return (self.token, self.username, self.password) != (None, None, None)

    def goes_with(self, source: Source) -> bool:
        """Whether what is set was meant for this source."""
        return self.source is None or place_of(self.source) == place_of(source)

    def reading(self, source: Source) -> "CatalogSettings":
        """The same with another source. Credentials go along only where they were meant for it: given for the
        same place, or, with no source configured, for whichever is named."""
        if self.goes_with(source):
            return evolve(self, source=source)
        return evolve(self, source=source, token=None, username=None, password=None)


@frozen(kw_only=True)
class Settings:
    """Everything that can be set, named as in the file; docs/configuration.md tells what each key means.

    The constructor trusts its caller, `config.load` trusts nobody. `public_url` is as a browser sends it in
    `Origin`. `sqlite_path`, where it is not given, lies in `data_dir`. `nats_bucket_prefix` stands before the
    names of our buckets as it is.
    """

    # Not in the repr, for it may hold a password and a repr may come into a log.
    nats_url: str | None = field(default=None, metadata=_as(values.optional(nats_addresses())), repr=False)
    nats_user: str | None = field(default=None, metadata=_as(values.optional(_NATS_USER)))
    nats_password: str | None = field(default=None, metadata=_SECRET_PASSWORD, repr=False)
    nats_token: str | None = field(
        default=None, metadata=_as(values.optional(values.secret(_NATS_TOKEN))), repr=False
    )
    nats_credentials: Path | None = field(default=None, metadata=_FILE)
    nats_tls_ca: Path | None = field(default=None, metadata=_FILE)
    nats_tls_cert: Path | None = field(default=None, metadata=_FILE)
    nats_tls_key: Path | None = field(default=None, metadata=_FILE)
    nats_replicas: int = field(default=1, metadata=_as(values.whole(1, 5)))
    nats_bucket_prefix: str | None = field(default=None, metadata=_as(values.optional(_BUCKET_PREFIX)))
    nats_subject_prefix: str = field(default="kryten", metadata=_PARTS)
    service_name: str = field(default="playlist", metadata=_PART)
    namespace: str = field(default="default", metadata=_PARTS)
    cytube_domain: str | None = field(default=None, metadata=_as(values.optional(addresses.domain())))
    cytube_channel: str | None = field(default=None, metadata=_as(values.optional(_CHANNEL)))
    http_host: str = field(default="127.0.0.1", metadata=_as(addresses.host()))
    http_port: int = field(default=8088, metadata=_as(values.whole(0, 65_535)))
    metrics_host: str = field(default="127.0.0.1", metadata=_as(addresses.host()))
    metrics_port: int | None = field(default=None, metadata=_as(values.optional(_PORT)))
    public_url: str | None = field(default=None, metadata=_as(values.optional(addresses.public_url())))
    trusted_proxies: tuple[addresses.Network, ...] = field(
        default=(), metadata=_as(values.many(addresses.network()))
    )
    data_dir: Path = field(default=Path("data"), metadata=_as(values.directory()))
    sqlite_path: Path = field(
        default=Factory(lambda self: self.data_dir / _INDEX_FILE, takes_self=True),
        metadata=_as(values.file()),
    )
    manifest_url_template: ManifestTemplate = field(default=ManifestTemplate(), metadata=_as(_TEMPLATE))
    admins: tuple[Username, ...] = field(default=(), metadata=_as(values.many(_NAME)))
    allow_blessed_hard_replace: bool = field(default=False, metadata=_as(values.flag()))
    queue_temp: bool = field(default=False, metadata=_as(values.flag()))
    queue_repeat: QueueRepeat = field(default=QueueRepeat.REPORT, metadata=_as(values.choice(QueueRepeat)))
    otp_ttl_seconds: int = field(default=300, metadata=_as(values.whole(30, 3_600)))
    session_ttl_hours: int = field(default=12, metadata=_as(values.whole(1, 8_760)))
    session_max_days: int = field(default=14, metadata=_as(values.whole(1, 365)))
    block_hours: int = field(
        default=72, metadata=_as(values.whole(SHORTEST_BLOCK_HOURS, LONGEST_BLOCK_HOURS))
    )
    otp_requests_per_name: int = field(default=5, metadata=_OFTEN)
    otp_requests_per_source: int = field(default=20, metadata=_OFTEN)
    otp_verifications_per_name: int = field(default=15, metadata=_OFTEN)
    otp_verifications_per_source: int = field(default=30, metadata=_OFTEN)
    otp_window_seconds: int = field(default=900, metadata=_as(values.whole(60, 86_400)))
    pms_per_minute: int = field(default=30, metadata=_OFTEN)
    lockout_first_seconds: int = field(default=60, metadata=_UP_TO_A_DAY)
    lockout_max_seconds: int = field(default=3_600, metadata=_UP_TO_A_DAY)
    likes_per_minute: int = field(default=6, metadata=_OFTEN)
    like_dedupe_hours: int = field(default=24, metadata=_as(values.whole(0, 8_760)))
    catalog: CatalogSettings = CatalogSettings()

    @property
    def nats(self) -> NatsSettings | None:
        """How NATS is reached, None where nobody said."""
        if self.nats_url is None:
            return None
        login = login_of(self.nats_url)
        return NatsSettings(
            servers=servers_of(self.nats_url),
            user=self.nats_user or login.user,
            password=self.nats_password or login.password,
            token=self.nats_token or login.token,
            credentials=self.nats_credentials,
            tls_ca=self.nats_tls_ca,
            tls_cert=self.nats_tls_cert,
            tls_key=self.nats_tls_key,
        )

    @property
    def login_rules(self) -> LoginRules:
        return LoginRules(
            otp_ttl_seconds=self.otp_ttl_seconds,
            session_ttl_hours=self.session_ttl_hours,
            session_max_days=self.session_max_days,
            block_hours=self.block_hours,
        )

    @property
    def limit_rules(self) -> LimitRules:
        return LimitRules(
            otp_requests_per_name=self.otp_requests_per_name,
            otp_requests_per_source=self.otp_requests_per_source,
            otp_verifications_per_name=self.otp_verifications_per_name,
            otp_verifications_per_source=self.otp_verifications_per_source,
            otp_window_seconds=self.otp_window_seconds,
            pms_per_minute=self.pms_per_minute,
            lockout_first_seconds=self.lockout_first_seconds,
            lockout_max_seconds=self.lockout_max_seconds,
        )

    def kept_in(self, data_dir: Path) -> "Settings":
        """The same with the data in another directory; a `sqlite_path` elsewhere stays where it is."""
        follows = self.sqlite_path == self.data_dir / _INDEX_FILE
        return evolve(
            self, data_dir=data_dir, sqlite_path=data_dir / _INDEX_FILE if follows else self.sqlite_path
        )


KINDS: Final[Mapping[str, values.Kind[Any]]] = {
    prefix + each.name: each.metadata[_KIND]
    for cls, prefix in ((Settings, ""), (CatalogSettings, "catalog."))
    for each in fields(cls)
    if _KIND in each.metadata
}
