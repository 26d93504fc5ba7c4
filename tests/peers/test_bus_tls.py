"""The bus over TLS and with credentials, with real nats-servers; and what is said where they do not agree."""

import base64
import binascii
import json
import logging
import re
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import anyio
import pytest
import trustme
from anyio.lowlevel import checkpoint
from attrs import evolve, frozen
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nats.aio.msg import Msg

from playlist_adapters.bus import Announced, Bus, open_bus
from playlist_adapters.kv.jetstream import bind_bucket
from playlist_adapters.nats_connecting import PromptTransport
from playlist_app.config import NatsSettings
from playlist_core.errors import InvalidInput, Unavailable
from playlist_core.ports import Changed
from tests.peers.nats_server import NatsServer, running

pytestmark = pytest.mark.anyio

PATIENCE = 20


@frozen
class Papers:
    """Certificates of one CA, as files."""

    directory: Path
    ca: trustme.CA

    def write(self, name: str, *blobs: trustme.Blob) -> Path:
        path = self.directory / name
        path.write_bytes(b"".join(blob.bytes() for blob in blobs))
        return path

    @property
    def ca_file(self) -> Path:
        return self.write("ca.pem", self.ca.cert_pem)

    def of_server(self, *names: str) -> tuple[str, ...]:
        """The options of a server that speaks TLS under these names."""
        issued = self.ca.issue_cert(*names)
        cert = self.write("server.pem", *issued.cert_chain_pems)
        key = self.write("server.key", issued.private_key_pem)
        return ("--tls", "--tlscert", str(cert), "--tlskey", str(key))


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers(tmp_path_factory.mktemp("papers"), trustme.CA())


@pytest.fixture(scope="module")
def secured(papers: Papers) -> Iterator[NatsServer]:
    with running(*papers.of_server("localhost"), "--user", "kryten", "--pass", "right") as server:
        yield server


@pytest.fixture(scope="module")
def choosy(papers: Papers) -> Iterator[NatsServer]:
    """Wants a certificate of its clients."""
    options = (*papers.of_server("localhost"), "--tlsverify", "--tlscacert", str(papers.ca_file))
    with running(*options) as server:
        yield server


def to(server: NatsServer, **nats: object) -> NatsSettings:
    """Settings that meet the server under the name in its certificate."""
    return server.config(servers=(f"tls://localhost:{server.port}",), **nats)


async def refusal(nats: NatsSettings) -> str:
    """What is said of a server that cannot be used."""
    with pytest.raises(Unavailable) as refused:
        async with open_bus(nats, patience=PATIENCE):
            pass
    assert refused.value.code == "nats_unavailable"
    return refused.value.message


@pytest.mark.parametrize("scheme", ["tls", "nats"])
async def test_a_ca_of_ones_own_is_trusted_and_all_goes_over_tls(
    papers: Papers, secured: NatsServer, scheme: str
) -> None:
    address = f"{scheme}://localhost:{secured.port}"
    nats = NatsSettings(servers=(address,), user="kryten", password="right", tls_ca=papers.ca_file)
    async with open_bus(nats) as bus:
        assert (bus.connected, bus.server.tls) == (True, True)
        await bus.jetstream().create_key_value(bucket=f"secured_{scheme}")


async def test_a_connection_over_tls_comes_back_over_tls(
    papers: Papers, caplog: pytest.LogCaptureFixture
) -> None:
    with running(*papers.of_server("localhost")) as server:
        async with open_bus(to(server, tls_ca=papers.ca_file)) as bus:
            server.kill()
            server.start()
            with anyio.fail_after(PATIENCE):
                while bus.connections < 2:
                    await checkpoint()
            assert bus.connected and bus.server.tls
    assert "asyncio" not in {record.name for record in caplog.records}


async def test_a_server_of_another_ca_is_told_by_the_key_that_would_help(
    papers: Papers, secured: NatsServer
) -> None:
    other = papers.write("other.pem", trustme.CA().cert_pem)
    told = "The certificate of NATS is of a CA that nobody here trusts: name that CA in nats_tls_ca."
    for nats in (
        to(secured, tls_ca=other),
        to(secured),
        evolve(to(secured), servers=(secured_url(secured),)),
    ):
        assert await refusal(evolve(nats, user="kryten", password="right")) == told


def secured_url(server: NatsServer) -> str:
    """Without asking for TLS, which the server insists on."""
    return f"nats://localhost:{server.port}"


async def test_a_certificate_for_another_name_is_refused(papers: Papers) -> None:
    with running(*papers.of_server("nats.example")) as server:
        told = await refusal(to(server, tls_ca=papers.ca_file))
    assert (
        told == "The certificate of NATS is for another name: write into nats_url a name that stands in it."
    )


async def test_a_server_that_wants_a_certificate_gets_it(papers: Papers, choosy: NatsServer) -> None:
    issued = papers.ca.issue_cert("kryten@playlist.example")
    cert = papers.write("client.pem", *issued.cert_chain_pems)
    key = papers.write("client.key", issued.private_key_pem)
    both = papers.write("client-both.pem", issued.private_key_pem, *issued.cert_chain_pems)
    with_ca = to(choosy, tls_ca=papers.ca_file)
    for nats in (evolve(with_ca, tls_cert=cert, tls_key=key), evolve(with_ca, tls_cert=both)):
        async with open_bus(nats) as bus:
            assert bus.connected


async def test_a_server_that_wants_a_certificate_and_gets_none_or_a_strangers_says_so(
    papers: Papers, choosy: NatsServer
) -> None:
    nats = to(choosy, tls_ca=papers.ca_file)
    assert await refusal(nats) == (
        "NATS wants a certificate of its clients: name one, and its key, in nats_tls_cert."
    )
    issued = trustme.CA().issue_cert("stranger@playlist.example")
    stranger = papers.write("stranger.pem", issued.private_key_pem, *issued.cert_chain_pems)
    assert await refusal(evolve(nats, tls_cert=stranger)) == (
        "NATS did not accept the certificate in nats_tls_cert: it must be for clients,"
        " valid today, and of a CA that nats-server knows."
    )


async def test_a_wrong_password_over_tls_is_named_as_the_reason(papers: Papers, secured: NatsServer) -> None:
    nats = to(secured, tls_ca=papers.ca_file, user="kryten", password="hush-hush")
    assert await refusal(nats) == (
        "NATS refused the user and password, the token, or the credentials of this service."
    )


async def test_where_tls_is_asked_for_no_word_of_ours_goes_out_in_the_clear() -> None:
    """Of a server without it, or with somebody in between who hides it, nats-py alone makes no secret."""
    heard: list[bytes] = []

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            await stream.send(b'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576}\r\n')
            async for data in stream:
                heard.append(data)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    nats = NatsSettings(servers=(f"tls://127.0.0.1:{port}",), user="kryten", password="hush-hush")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        assert await refusal(nats) == (
            "NATS offers no TLS, so nothing was sent: switch it on in nats-server, or write nats://."
        )
        tasks.cancel_scope.cancel()
    assert heard == []


async def test_tls_is_used_where_a_server_offers_it_and_does_not_insist(
    papers: Papers, tmp_path: Path
) -> None:
    options = papers.of_server("localhost")
    allowing = tmp_path / "allowing.conf"
    allowing.write_text(
        f'tls {{ cert_file: "{options[2]}", key_file: "{options[4]}" }}\nallow_non_tls: true\n'
    )
    with running("-c", str(allowing)) as server:
        async with open_bus(to(server, tls_ca=papers.ca_file)) as bus:
            assert bus.server.tls
        async with open_bus(server.config()) as bus:
            assert not bus.server.tls


@pytest.mark.filterwarnings("ignore:parameter 'timeout' of type 'float' is deprecated")  # nats-py to aiohttp
async def test_a_websocket_may_be_secured_as_well(papers: Papers, tmp_path: Path) -> None:
    options = papers.of_server("localhost")
    with running() as spare:
        port = spare.port
    conf = tmp_path / "websocket.conf"
    tls = f'cert_file: "{options[2]}", key_file: "{options[4]}"'
    conf.write_text(f"websocket {{ port: {port}, tls {{ {tls} }} }}\n")
    with running("-c", str(conf)) as server:
        nats = server.config(servers=(f"wss://localhost:{port}",), tls_ca=papers.ca_file)
        async with open_bus(nats) as bus:
            await bus.jetstream().create_key_value(bucket="secured")
            assert bus.server.tls


async def test_a_peer_that_takes_nothing_more_is_left_within_seconds() -> None:
    """nats-py alone waits up to a quarter of an hour for what was written to be taken."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transport = PromptTransport()
        address = urlparse(f"nats://127.0.0.1:{silent.getsockname()[1]}")
        await transport.connect(address, buffer_size=1024, connect_timeout=5)
        transport.write(b"x" * 32 * 1024 * 1024)
        transport.close()
        with anyio.fail_after(PATIENCE):
            await transport.wait_closed()


@pytest.mark.parametrize(
    ("nats", "told"),
    [
        ({"tls_ca": "none.pem"}, "nats_tls_ca: cannot be read: No such file or directory"),
        ({"tls_ca": "."}, "nats_tls_ca: cannot be read: Is a directory"),
        ({"tls_ca": "key.pem"}, "nats_tls_ca: holds no certificate of a CA in PEM"),
        ({"tls_cert": "none.pem"}, "nats_tls_cert: cannot be read: No such file or directory"),
        ({"tls_cert": "cert.pem"}, "nats_tls_cert: is no certificate in PEM with its key, unencrypted, "),
        ({"tls_cert": "cert.pem", "tls_key": "other.pem"}, "nats_tls_cert: is no certificate in PEM with "),
        ({"tls_cert": "cert.pem", "tls_key": "locked.pem"}, "nats_tls_cert: is no certificate in PEM with "),
    ],
)
async def test_files_that_cannot_be_used_are_told_before_anything_is_tried(
    papers: Papers, nats: dict[str, str], told: str
) -> None:
    issued = papers.ca.issue_cert("kryten@playlist.example")
    papers.write("cert.pem", *issued.cert_chain_pems)
    papers.write("key.pem", issued.private_key_pem)
    papers.write("other.pem", papers.ca.issue_cert("other@playlist.example").private_key_pem)
    key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    (papers.directory / "locked.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"locked"),
        )
    )
    files: dict[str, Any] = {name: papers.directory / file for name, file in nats.items()}
    with pytest.raises(InvalidInput) as refused:
        async with open_bus(NatsSettings(servers=("tls://localhost:1",), **files)):
            pass
    assert refused.value.message.startswith(told)


# Credentials

OPERATOR, ACCOUNT, USER = 14, 0, 20


@frozen
class Nkey:
    """A key as NATS names it: `kind` is its first letter in the alphabet of base32."""

    kind: int
    key: Ed25519PrivateKey

    @classmethod
    def new(cls, kind: int) -> "Nkey":
        return cls(kind, Ed25519PrivateKey.generate())

    @property
    def public(self) -> str:
        return _encoded(bytes([self.kind << 3]) + self.key.public_key().public_bytes_raw())

    @property
    def seed(self) -> str:
        kind = self.kind << 3
        return _encoded(bytes([18 << 3 | kind >> 5, (kind & 31) << 3]) + self.key.private_bytes_raw())

    def signed(self, name: str, subject: str, nats: dict[str, object]) -> str:
        """A JWT of NATS about `subject`."""
        claims = {"jti": name, "iat": 1, "iss": self.public, "name": name, "sub": subject}
        parts = ({"typ": "JWT", "alg": "ed25519-nkey"}, {**claims, "nats": {"version": 2, **nats}})
        text = ".".join(_url_safe(json.dumps(part).encode()) for part in parts)
        return f"{text}.{_url_safe(self.key.sign(text.encode()))}"


def _encoded(raw: bytes) -> str:
    checked = raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(checked).decode().rstrip("=")


def _url_safe(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def creds(jwt: str, seed: str) -> str:
    return (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        "************************* IMPORTANT *************************\nKeep it secret.\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    )


async def test_a_user_with_a_credentials_file_is_let_in(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    operator, system, account = Nkey.new(OPERATOR), Nkey.new(ACCOUNT), Nkey.new(ACCOUNT)
    user, stranger = Nkey.new(USER), Nkey.new(USER)
    limits = {"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1}
    accounts = (
        f"{each.public}: {operator.signed('any', each.public, {'type': 'account', 'limits': limits})}"
        for each in (system, account)
    )
    conf = tmp_path / "operator.conf"
    conf.write_text(
        f"operator: {operator.signed('home', operator.public, {'type': 'operator'})}\n"
        f"system_account: {system.public}\n"
        f"resolver: MEMORY\nresolver_preload: {{ {', '.join(accounts)} }}\n"
    )
    jwt = account.signed("playlist", user.public, {"type": "user", "subs": -1, "data": -1, "payload": -1})
    good, bad = tmp_path / "good.creds", tmp_path / "bad.creds"
    good.write_text(creds(jwt, user.seed))
    bad.write_text(creds(jwt, stranger.seed))
    with running("-c", str(conf)) as server, caplog.at_level(logging.DEBUG):
        async with open_bus(server.config(credentials=good)) as bus:
            assert bus.connected
        assert "refused" in await refusal(server.config(credentials=bad))
        assert "refused" in await refusal(server.config())
    assert all(secret not in caplog.text for secret in (jwt, user.seed, stranger.seed))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "nats_credentials: cannot be read: No such file or directory"),
        ("", "nats_credentials: is no credentials file of a NATS user"),
        (creds("a.b.c", "SUAX"), "nats_credentials: is no credentials file of a NATS user"),
        (creds("a.b.c", "?"), "nats_credentials: is no credentials file of a NATS user"),
        (creds("a.b.c", Nkey.new(ACCOUNT).seed), "nats_credentials: is no credentials file of a NATS user"),
        (Nkey.new(USER).seed, "nats_credentials: is no credentials file of a NATS user"),
    ],
    ids=["missing", "empty", "short seed", "no seed", "of an account", "a seed alone"],
)
async def test_a_file_that_holds_no_credentials_is_told_and_not_repeated(
    tmp_path: Path, content: str | None, told: str
) -> None:
    file = tmp_path / "user.creds"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InvalidInput) as refused:
        async with open_bus(NatsSettings(servers=("nats://127.0.0.1:1",), credentials=file)):
            pass
    assert refused.value.message.startswith(told)


async def test_a_token_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    with running("--auth", "sesame") as server, caplog.at_level(logging.DEBUG):
        async with open_bus(server.config(token="sesame")) as bus:
            assert bus.connected
        assert "refused" in await refusal(server.config(token="hush-hush"))
    assert "sesame" not in caplog.text and "hush-hush" not in caplog.text


async def test_the_settings_of_nats_server_in_the_documentation_are_enough(
    papers: Papers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TLS, a certificate of the client, and permissions for no more than is needed."""
    page = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()
    [conf] = re.findall(r"```\n(tls .*?)```", page, re.DOTALL)
    *_, cert, _, key = papers.of_server("localhost")
    files = {
        "/etc/nats/server.pem": cert,
        "/etc/nats/server.key": key,
        "/etc/nats/ca.pem": str(papers.ca_file),
        "/var/lib/nats": str(tmp_path / "data"),
        "…": "sesame",
    }
    for documented, ours in files.items():
        assert documented in conf
        conf = conf.replace(documented, ours)
    other = '{ user: other, password: "other" },'
    (tmp_path / "nats.conf").write_text(conf.replace("users = [", f"users = [ {other}"))
    issued = papers.ca.issue_cert("kryten@playlist.example")
    client = papers.write("ours.pem", issued.private_key_pem, *issued.cert_chain_pems)

    with running("-c", str(tmp_path / "nats.conf"), jetstream=False) as server:
        tls = to(server, tls_ca=papers.ca_file, tls_cert=client)
        ours = evolve(tls, user="playlist", password="sesame")
        announced = Announced(name="playlist", version="1")
        async with (
            open_bus(evolve(tls, user="other", password="other")) as others,
            open_bus(ours, announced=announced) as bus,
            robot_on(others),
            anyio.create_task_group() as tasks,
        ):
            kv = await bind_bucket(bus, "kryten_playlist_auth", copied=True)
            tasks.start_soon(kv.follow)
            revision = await kv.create("a", b"one")
            async with kv.watch() as changes:
                assert await anext(changes) == Changed("a", b"one", revision)
            await kv.delete("a", revision=await kv.update("a", b"two", revision=revision))
            assert await bus.ask("kryten.robot.command", {}, timeout=PATIENCE) == {"success": True}

            async def answer(message: Msg) -> None:
                await bus.publish(message.reply, b'{"status":"ok"}')

            async with bus.listening("kryten.playlist.cmd.status", answer, queue="playlist"):
                assert await others.ask("kryten.playlist.cmd.status", {}, timeout=PATIENCE) == {
                    "status": "ok"
                }
                # The command line, with the settings of the service, asks as the same user.
                async with open_bus(ours) as asking:
                    assert await asking.ask("kryten.playlist.cmd.status", {}, timeout=PATIENCE) == {
                        "status": "ok"
                    }
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def robot_on(bus: Bus) -> AsyncGenerator[None, None]:
    async def answer(message: Msg) -> None:
        await bus.publish(message.reply, b'{"success":true}')

    async with bus.listening("kryten.robot.command", answer):
        yield
