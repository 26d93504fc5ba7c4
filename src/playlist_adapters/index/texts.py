"""Any text in SQLite, lone surrogates included."""


def stored(text: str) -> str | bytes:
    """Text as SQLite can hold it: TEXT or, with lone surrogates in it, a BLOB."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
    return text


def loaded(value: str | bytes) -> str:
    """The text that `stored` made `value` of."""
    return value if isinstance(value, str) else value.decode(errors="surrogatepass")
