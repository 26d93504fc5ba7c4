"""Where a MediaCMS site is: its address, read once, and the addresses of what it holds."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote as percent_encoded
from urllib.parse import urlencode, urljoin, urlsplit, urlunsplit

from attrs import frozen
from yarl import URL

from playlist_core.errors import InvalidInput

LONGEST: Final = 2_000

_EXAMPLE: Final = "it is written https://videos.example, with a path if the site has one"


@frozen
class SiteAddress:
    """`origin` is scheme, host and port; `prefix` the path under which the site lives, without a slash at its
    end.
    """

    origin: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "SiteAddress":
        """Raises InvalidInput, which shows nothing of the address: there may be a password in it."""
        try:
            url = URL(text.strip())
        except ValueError:
            raise _fault("cannot be read") from None  # the cause quotes the address
        if url.scheme not in ("http", "https") or not url.host:
            raise _fault("is no http or https address")
        if url.user is not None or url.password is not None:
            raise _fault("holds a name or a password; they are configured apart")
        if url.raw_query_string or url.raw_fragment or "?" in text or "#" in text:
            raise _fault("goes on behind the path")
        if not text.strip().isprintable() or len(text) > LONGEST:
            raise _fault("is too long, or holds a character that cannot be shown")
        return cls(str(url.origin()), url.raw_path.rstrip("/"))

    @property
    def label(self) -> str:
        """The site as people know it: its host, with the port and the path where there are any."""
        return urlsplit(self.origin).netloc + self.prefix

    def url(self, path: str, parameters: Mapping[str, str]) -> URL:
        """The address of a path of the API; everything in the parameters is percent-encoded, a plus too."""
        return URL(f"{self.origin}{self.prefix}{place(path, parameters)}", encoded=True)

    def absolute(self, reference: str) -> str | None:
        """A reference as the site gives it as a web address; None for what is none, such as `javascript:`.

        A site behind a proxy that ends TLS writes `http` for itself: on our own host, ours counts.
        """
        try:
            parts = urlsplit(urljoin(f"{self.origin}{self.prefix}/", reference))
        except ValueError:
            return None
        here = urlsplit(self.origin)
        if parts.netloc == here.netloc and parts.scheme in ("http", "https"):
            parts = parts._replace(scheme=here.scheme)
        address = urlunsplit(parts)
        is_web = parts.scheme in ("http", "https") and parts.netloc
        if not is_web or len(address) > LONGEST or not address.isprintable() or " " in address:
            return None
        return address


def place(path: str, parameters: Mapping[str, str]) -> str:
    """A path of the API with its parameters, as it is asked and as messages name it."""
    return f"{path}?{urlencode(parameters, quote_via=percent_encoded, safe='')}" if parameters else path


def _fault(problem: str) -> InvalidInput:
    return InvalidInput(
        f"The address of the MediaCMS site {problem}; {_EXAMPLE}.", field="base_url", problem=problem
    )
