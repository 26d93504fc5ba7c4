"""Where the catalogue comes from, as settings: what may be named, and who sees a password."""

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from playlist_adapters.mediacms.api import ApiCredentials
from playlist_adapters.mediacms.api.address import SiteAddress
from playlist_adapters.mediacms.database_address import PARAMETERS, DatabaseAddress
from playlist_app.config import (
    CatalogSettings,
    ConfigInvalid,
    Database,
    Settings,
    Site,
    describe,
    environment_name,
    load,
)
from playlist_app.config.sources import DATABASE_PARAMETERS, show_source, source_of
from playlist_core.errors import InvalidInput
from tests.unit.config_world import problems, write

SECRET = "hunter2"
ENCODE = (
    "signs such as / ? # @ in a password are written as %2F %3F %23 %40, or it is given as catalog.password"
)
NO_LOGIN = "must not hold a name or a password: give catalog.username and catalog.password, or catalog.token"
MISTYPED = (
    "must be the path of an export file, or an address such as https://videos.example"
    " or postgresql://user@host:5432/mediacms;"
    " what holds //, an @ behind a :, or password= is taken for a mistyped address"
)
NO_DATABASE = f"must be written postgresql://user@host:5432/mediacms; {ENCODE}"


def catalog(**keys: object) -> dict[str, object]:
    return {"catalog": keys}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "https://v.example/api/v1",
            "must be the address of the site itself: leave out /api and what follows",
        ),
        (
            f"https://me:{SECRET}@v.example",
            NO_LOGIN,
        ),
        (
            f"http://{SECRET}@v.example",
            NO_LOGIN,
        ),
        ("postgresql://me@db", NO_DATABASE),
        ("postgresql://me@db/", NO_DATABASE),
        ("postgresql:me@db/cms", NO_DATABASE),
        ("postgresql://me@a,b/cms", NO_DATABASE),
        ("postgresql://me@db:0/cms", NO_DATABASE),
        ("postgresql://me@db:x/cms", NO_DATABASE),
        ("postgresql://me@[::1/cms", NO_DATABASE),
        ("postgresql://me@dб/cms", NO_DATABASE),
        (f"postgresql://me:{SECRET}@db/cms#x", NO_DATABASE),
        (
            f"postgresql://me@db/cms?password={SECRET}",
            f"has a parameter that is not known after the ?; known are {', '.join(PARAMETERS)}; {ENCODE}",
        ),
        (
            "postgresql://me@db/cms?sslmode",
            f"has a parameter that is not known after the ?; known are {', '.join(PARAMETERS)}; {ENCODE}",
        ),
        (
            f"postgresql://me@db/cms?options=-cpassword%3D{SECRET}",
            f"has a parameter that is not known after the ?; known are {', '.join(PARAMETERS)}; {ENCODE}",
        ),
        (
            f"postgresql://me:{SECRET}%FF@db/cms",
            "holds a %-sequence that is no text in UTF-8",
        ),
        (
            f"postgresql://me:{SECRET}%00@db/cms",
            "holds a %-sequence that is no text in UTF-8",
        ),
        (
            f"mysql://me:{SECRET}@db/cms",
            "must be the path of an export file, or an address such as https://videos.example"
            " or postgresql://user@host:5432/mediacms",
        ),
        (f"me:{SECRET}@v.example", MISTYPED),
        (f"postgresql//me:{SECRET}@db/cms", MISTYPED),
        (f"https//{SECRET}@v.example", MISTYPED),
        (f"https;//me:{SECRET}@v.example", MISTYPED),
        (f"htps:/me:{SECRET}@v.example", MISTYPED),
        (f"host=db user=me Password={SECRET}", MISTYPED),
        (f"https:/me:{SECRET}@v.example", "must be an address such as https://videos.example,"
         " with a path if the site has one"),
    ],
)  # fmt: skip
def test_a_source_that_means_nothing_is_told_what_to_do(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(write(tmp_path, catalog(source=text))) == {"catalog.source": problem}


@pytest.mark.parametrize(
    "text", ["a:b.csv", "me@v.csv", "./at@12:30.csv", "/a/b/c.csv", "v.example", "no-password.csv"]
)
def test_what_looks_like_no_address_is_a_path(text: str) -> None:
    assert source_of(text) == Path(text)


@given(
    st.sampled_from(["{}:{}@v.example", "{};//me:{}@v", "{}//me:{}@v", "{}:/me:{}@v/cms", "./{}:{}@v.csv"]),
    st.sampled_from(["me", "http", "https", "postgresql", "postgres", "HTTP"]),
    st.text("abcz:/;?#@%[]=&.\\ é", max_size=8).map("zqx{}zqx".format),
)
def test_whatever_is_mistyped_about_an_address_its_password_is_not_shown(
    shape: str, name: str, password: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        source_of(shape.format(name, password))
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert "zqx" not in repr([(link, vars(link)) for link in chain if link is not None])


# Credentials


def test_a_password_in_the_address_of_a_database_is_taken_out_and_shown_to_nobody(tmp_path: Path) -> None:
    path = write(tmp_path, catalog(source=f"postgresql://me:{SECRET}@db:5432/cms?sslmode=require"))
    loaded = load(path, {})
    source = loaded.settings.catalog.source
    assert source == Database("postgresql://me@db:5432/cms?sslmode=require", password=SECRET)
    shown = {line.key: line.value for line in describe(loaded)}
    assert shown["catalog.source"] == "postgresql://me:***@db:5432/cms?sslmode=require"
    assert SECRET not in repr((loaded, shown))


def test_tokens_and_passwords_are_shown_to_nobody(tmp_path: Path) -> None:
    site = "https://v.example"
    by_token = load(write(tmp_path, catalog(source=site, token=SECRET)), {})
    by_name = load(write(tmp_path, catalog(source=site, username="me", password=SECRET)), {})
    for loaded in (by_token, by_name):
        shown = {line.key: line.value for line in describe(loaded) if line.key.startswith("catalog.")}
        assert sorted(shown.values()).count("***") == 1
        assert SECRET not in repr((loaded, shown))
    assert (by_token.settings.catalog.token, by_name.settings.catalog.password) == (SECRET, SECRET)


def test_the_environment_brings_what_a_file_should_not_hold(tmp_path: Path) -> None:
    path = write(tmp_path, catalog(source="https://v.example", username="me"))
    settings = load(path, {environment_name("catalog.password"): SECRET}).settings
    assert settings.catalog == CatalogSettings(
        source=Site("https://v.example"), username="me", password=SECRET
    )


# Contradictions

SITE, DATABASE, EXPORT = "https://v.example", "postgresql://me@db/cms", "films.csv"
NO_USE = {
    EXPORT: "catalog.source is an export file, which needs no credentials: leave out ",
    SITE: "catalog.source is a site, which tells whole addresses by itself: leave out ",
    DATABASE: "catalog.source is a database, whose user stands in its address: leave out ",
}


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (
            {"source": EXPORT, "token": "a", "username": "b", "password": "c"},
            {f"catalog.{key}": f"{NO_USE[EXPORT]}catalog.{key}" for key in ("token", "username", "password")},
        ),
        ({"source": SITE, "media_url": SITE}, {"catalog.media_url": f"{NO_USE[SITE]}catalog.media_url"}),
        (
            {"source": DATABASE, "token": "a", "username": "b"},
            {f"catalog.{key}": f"{NO_USE[DATABASE]}catalog.{key}" for key in ("token", "username")},
        ),
        (
            {"source": "postgresql://me:a@db/cms", "password": "b"},
            {"catalog.password": "catalog.source holds a password already: leave out one of them"},
        ),
        (
            {"source": SITE, "token": "a", "username": "b", "password": "c"},
            {
                "catalog.username": "catalog.token and catalog.username are two ways to sign in:"
                " leave out one of them"
            },
        ),
        ({"source": SITE, "username": "b"}, {"catalog.username": "catalog.username needs catalog.password"}),
        ({"source": SITE, "password": "c"}, {"catalog.password": "catalog.password needs catalog.username"}),
        ({"username": "b"}, {"catalog.username": "catalog.username needs catalog.password"}),
    ],
)
def test_keys_that_do_not_go_with_the_source_are_all_told(
    tmp_path: Path, keys: dict[str, object], expected: dict[str, str]
) -> None:
    assert problems(write(tmp_path, catalog(**keys))) == expected


@pytest.mark.parametrize(
    "keys",
    [
        {"source": SITE, "token": "a"},
        {"source": SITE, "username": "b", "password": "c"},
        {"source": DATABASE, "password": "c", "media_url": SITE},
        {"source": "postgresql://me:c@db/cms"},
        {"source": EXPORT, "media_url": SITE},
        # For a source that `refresh --source` names.
        {"password": "c"},
        {"token": "a"},
    ],
)
def test_keys_that_go_together_are_taken(tmp_path: Path, keys: dict[str, object]) -> None:
    assert load(write(tmp_path, catalog(**keys)), {}).settings != Settings()


def test_a_source_that_is_wrong_contradicts_nothing_as_well(tmp_path: Path) -> None:
    path = write(tmp_path, catalog(source="ftp://v", media_url=SITE, token="a"))
    assert list(problems(path)) == ["catalog.source"]


# Another source than the configured one

SIGNED_IN = CatalogSettings(source=Site(SITE), username="me", password=SECRET, max_shrink=0.5)


def test_credentials_go_nowhere_but_where_they_were_given_for() -> None:
    for elsewhere in (
        Site("https://other.example"),
        Site("http://v.example"),
        Site("https://v.example/sub"),
        Database(DATABASE),
        Path(EXPORT),
    ):
        assert SIGNED_IN.reading(elsewhere) == CatalogSettings(source=elsewhere, max_shrink=0.5)
    assert SIGNED_IN.reading(Site(SITE)) == SIGNED_IN
    database = CatalogSettings(source=Database(DATABASE), password=SECRET, media_url=SITE)
    assert database.reading(Database(f"{DATABASE}?host=other")) == CatalogSettings(
        source=Database(f"{DATABASE}?host=other"), media_url=SITE
    )


def test_without_a_configured_source_credentials_go_with_the_one_that_is_named() -> None:
    unbound = CatalogSettings(token=SECRET)
    assert unbound.reading(Site(SITE)) == evolve(unbound, source=Site(SITE))


# What the connectors make of it


def test_the_connector_knows_the_same_parameters_of_a_database() -> None:
    assert DATABASE_PARAMETERS == PARAMETERS


SIGNS = st.text("abc019:/?#@%[].,=&é \\\x00", max_size=12)
ADDRESSES = st.one_of(
    st.tuples(
        st.sampled_from(["https://", "postgresql://", "POSTGRES://"]),
        st.sampled_from(["", "", "me@", "me:p%40%C3%A9@", ":p@", "m%65:@", "@", "me:p:q%@"]),
        st.sampled_from(["v", "V.Example", "127.0.0.1", "[::1]", ""]),
        st.sampled_from(["", "", ":1", ":65535", ":080"]),
        st.sampled_from(["", "/", "/d", "/d", "/d%20e/", "/a/b", "/d;x", "/d%2Fe", "/%0A", "/%FF"]),
        st.sampled_from(
            ["", "", "?", "?sslmode=require", "?host=/run&port=1", "?host=%2Frun&passfile=a%20x=y"]
        ),
    ).map("".join),
    st.builds("{}://{}@{}{}".format, st.sampled_from(["https", "postgresql", "HTTP"]), SIGNS, SIGNS, SIGNS),
    st.builds("https://v{}".format, SIGNS),
    st.builds("postgresql://u:{}@h:1/d{}".format, SIGNS, SIGNS),
    st.builds("postgres://{}/d?{}={}".format, SIGNS, st.sampled_from(PARAMETERS), SIGNS),
)


@given(ADDRESSES)
def test_what_the_settings_take_the_connectors_understand(text: str) -> None:
    try:
        found = source_of(text)
    except InvalidInput:
        return
    if isinstance(found, Site):
        address = SiteAddress.parse(found.url)
        assert (address.origin + address.prefix).lower() == found.url.lower()
    else:
        assert isinstance(found, Database)
        address = DatabaseAddress.parse(found.dsn)
        assert address.password is None
        assert address.with_password(found.password or "x").password == (found.password or "x")


@given(
    st.text("abcz:/?#@%[]=&.\\ é", min_size=1, max_size=8).map("zqx{}zqx".format), st.sampled_from(["me", ""])
)
def test_whatever_a_password_is_made_of_it_is_taken_whole_or_refused_and_never_shown(
    password: str, user: str
) -> None:
    for text in (f"postgresql://{user}:{password}@db:5432/cms", f"https://{user}:{password}@v.example"):
        try:
            found = source_of(text)
        except InvalidInput as error:
            chain = [error, error.__cause__, error.__context__]
            assert "zqx" not in repr([(link, vars(link)) for link in chain if link is not None])
        else:
            assert isinstance(found, Database)
            assert "zqx" not in show_source(found) + repr(found)
            assert (found.dsn, found.password is not None) == (f"postgresql://{user}@db:5432/cms", True)


def test_a_token_of_the_settings_can_be_sent(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, catalog(source=SITE, token="0" * 40)), {})
    assert ApiCredentials.of_token(loaded.settings.catalog.token or "").header == f"Token {'0' * 40}"
    with pytest.raises(ConfigInvalid):
        load(write(tmp_path, catalog(source=SITE, token="Token 0")), {})
