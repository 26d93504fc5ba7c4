"""Addresses of databases: what they may hold, and that a broken one shows nothing of itself."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.mediacms.database import DatabaseSource
from playlist_adapters.mediacms.database_address import DatabaseAddress
from playlist_core.errors import InvalidInput

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)


def _settings(uri: str) -> dict[str, str]:
    return DatabaseAddress.parse(uri).settings()


@given(user=TEXT, password=TEXT, port=st.integers(1, 65535))
def test_whatever_is_percent_encoded_arrives_as_it_was(user: str, password: str, port: int) -> None:
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    assert _settings(f"postgresql://{login}@db.example:{port}/mediacms") == {
        "host": "db.example",
        "port": str(port),
        "dbname": "mediacms",
        "user": user,
        "password": password,
    }


@pytest.mark.parametrize(
    ("uri", "host", "settings"),
    [
        ("postgresql://db/mediacms", "db", {"port": "5432"}),
        ("  postgres://u@db.example/mediacms\n", "db.example", {"port": "5432", "user": "u"}),
        ("postgresql://u@[::1]:5433/mediacms", "::1", {"port": "5433", "user": "u"}),
        ("postgresql://u@[::1]/mediacms", "::1", {"port": "5432", "user": "u"}),
        ("postgresql://u@%2Frun%2Fpostgresql/mediacms", "/run/postgresql", {"port": "5432", "user": "u"}),
        ("postgresql:///mediacms?host=/run/postgresql", "/run/postgresql", {"port": "5432"}),
        ("postgresql://u:a@b@db/mediacms", "db", {"port": "5432", "user": "u", "password": "a@b"}),
        (
            "postgresql://u@db/mediacms?sslmode=verify-full&passfile=/run/my%3Dpg+pass",
            "db",
            {"port": "5432", "user": "u", "sslmode": "verify-full", "passfile": "/run/my=pg+pass"},
        ),
    ],
)
def test_an_address_is_understood(uri: str, host: str, settings: dict[str, str]) -> None:
    assert _settings(uri) == {"host": host, "dbname": "mediacms", **settings}
    assert DatabaseSource(uri).name == f"MediaCMS database mediacms at {host}"


def test_without_a_host_the_database_is_on_this_machine() -> None:
    assert _settings("postgresql:///mediacms") == {"port": "5432", "dbname": "mediacms"}
    assert DatabaseSource("postgresql:///mediacms").name == "MediaCMS database mediacms at localhost"


def test_another_password_replaces_that_of_the_address() -> None:
    address = DatabaseAddress.parse("postgresql://u:old@db/mediacms")
    assert address.with_password("new").settings()["password"] == "new"


SHAPE = "it is written postgresql://user@host:port/database"
ENCODE = "signs such as / ? # @ in a password are written as %2F %3F %23 %40, or the password is given apart"
NO_PORT = f"has no port between 1 and 65535 after the host; {SHAPE}; {ENCODE}"
NOT_ONE = f"does not name one host; {SHAPE}, an IPv6 address in brackets"
UNSENDABLE = "holds a character that cannot be sent (NUL or a lone surrogate)"


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        ("", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("s3same", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("mysql://u:s3same@db/mediacms", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("postgresql:u:s3same@db/mediacms", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("host=db password=s3same", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("postgresql://u:s3same@[db/mediacms", f"is not the address of a PostgreSQL database; {SHAPE}"),
        ("postgresql://u:s3same@db", f"names no database; {SHAPE}; {ENCODE}"),
        ("postgresql://u:s3same@db/", f"names no database; {SHAPE}; {ENCODE}"),
        ("postgresql://u:s3same#1@db/mediacms", f"holds a #; {ENCODE}"),
        ("postgresql://u:s3same/1@db/mediacms", NO_PORT),
        ("postgresql://u:1/s3same@db/mediacms", f"does not name one database; {SHAPE}; {ENCODE}"),
        ("postgresql://u@s3same@db/mediacms", f"does not say where the user's name ends; {SHAPE}; {ENCODE}"),
        ("postgresql://u:s3same@db:99999/mediacms", NO_PORT),
        ("postgresql://u:s3same@db:/mediacms", NO_PORT),
        ("postgresql://u:s3same@a:1,b:2/mediacms", NOT_ONE),
        ("postgresql://u:s3same@a,b/mediacms", NOT_ONE),
        ("postgresql://u:s3same@a..b/mediacms", "names a host that cannot be one"),
        ("postgresql://u:s3same@a%0Ab/mediacms", "holds a character that cannot be shown"),
        ("postgresql://u:s3same@db/a%1Bb", "holds a character that cannot be shown"),
        ("postgresql://u:s3same%FF@db/mediacms", "holds a %-sequence that is not UTF-8"),
        ("postgresql://u:s3same%00@db/mediacms", UNSENDABLE),
        ("postgresql://u:s3same\udce4@db/mediacms", UNSENDABLE),
    ],
    ids=ascii,
)
def test_a_broken_address_is_refused_and_not_shown(uri: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        DatabaseSource(uri)
    assert caught.value.message == f"The address of the database {problem}."
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_parameter_that_could_say_something_else_is_refused() -> None:
    for query in (
        "password=s3same",
        "user=s3same",
        "service=x",
        "options=-cpassword%3Ds3same",
        "sslmode",
        "&",
        "s3same",
    ):
        with pytest.raises(InvalidInput, match="parameter that is not known after the") as caught:
            DatabaseSource(f"postgresql://u@db/mediacms?{query}")
        assert "s3same" not in caught.value.message


@given(st.text())
def test_no_text_is_more_than_not_understood(text: str) -> None:
    for uri in (text, f"postgresql://{text}", f"postgresql://{text}@db/mediacms", f"postgresql://db/{text}"):
        try:
            address = DatabaseAddress.parse(uri)
        except InvalidInput as exc:
            assert exc.message.startswith("The address of the database ")
        else:
            assert f"{address.server} {address.database}".isprintable()
