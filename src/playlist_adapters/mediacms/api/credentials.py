"""Who we are to a MediaCMS site: a token, or a name with a password."""

from base64 import b64encode

from attrs import field, frozen

from playlist_core.errors import InvalidInput


@frozen
class ApiCredentials:
    """Made by `of_token` or `of_password`; neither shows what it holds.

    MediaCMS reads `Authorization: Token` and `Basic`, and ignores `Bearer` without a word: the anonymous view
    would come back as if all were well.
    """

    header: str = field(repr=False)

    @classmethod
    def of_token(cls, token: str) -> "ApiCredentials":
        """The 40 characters that the site's admin pages show; raises InvalidInput without showing them."""
        if not token or not token.isascii() or not token.isalnum():
            raise _fault("token", "is not a token of MediaCMS: letters and digits, without the word Token")
        return cls(f"Token {token}")

    @classmethod
    def of_password(cls, username: str, password: str) -> "ApiCredentials":
        """A name and a password; raises InvalidInput without showing them."""
        if not username or ":" in username or not _is_sendable(username):
            raise _fault("username", "is empty, or holds a colon or a character that cannot be sent")
        if not password or not _is_sendable(password):
            raise _fault("password", "is empty, or holds a character that cannot be sent")
        return cls(f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}")


def _is_sendable(text: str) -> bool:
    return not any(character < " " or "\ud800" <= character <= "\udfff" for character in text)


def _fault(field_name: str, problem: str) -> InvalidInput:
    return InvalidInput(
        f"The {field_name} for the MediaCMS site {problem}.", field=field_name, problem=problem
    )
