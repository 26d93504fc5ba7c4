"""`config check` against a living installation: nats-server, over TLS too, and the real robot."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from anyio import fail_after, to_thread

from playlist_app.cli.main import run
from tests.peers.nats_server import running
from tests.peers.stack import Stack
from tests.unit.config_world import write

pytest_plugins = ["tests.peers.kryten"]
pytestmark = pytest.mark.anyio

TITLES = Path(__file__).parents[1] / "data" / "titles-4000.csv"


Found = dict[str, tuple[str, str]]
Checked = Callable[..., Awaitable[tuple[int, Found]]]


@pytest.fixture
def checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Checked:
    """The exit code, and the verdict and sentence of each thing looked at."""

    async def call(**settings: Any) -> tuple[int, Found]:
        path = write(tmp_path, {"data_dir": str(tmp_path / "data"), "http_port": 0, **settings})
        # It has an event loop of its own.
        code = await to_thread.run_sync(run, ["config", "check", "--config", str(path), "--json"])
        told = json.loads(capsys.readouterr().out)["checks"]
        return code, {each["name"]: (each["verdict"], each["sentence"]) for each in told}

    return call


async def test_a_living_installation_is_seen_and_nothing_is_made_in_it(
    stack: Stack, checked: Checked
) -> None:
    settings = {"nats_url": stack.nats.url, "nats_bucket_prefix": "no_", "catalog": {"source": str(TITLES)}}
    for _ in range(2):
        code, told = await checked(**settings)
        assert code == 0
        assert {told[name][0] for name in ("NATS", "JetStream", "CyTube", "catalogue source")} == {"ok"}
        assert told["no_kryten_playlist_auth"] == ("ok", "is missing and will be made.")
        verdict, robot = told["robot"]
        assert (verdict, robot.partition(" in ")[2]) == (
            "ok",
            f"{stack.cytube.channel} on {stack.cytube.domain}, takes commands.",
        )
        may = "by CyTube's defaults it may add, move and delete."
        assert told["bot"] == ("ok", f"KrytenBot has rank 3: {may}")


async def test_another_channel_than_the_robots_is_told(stack: Stack, checked: Checked) -> None:
    code, told = await checked(nats_url=stack.nats.url, cytube_channel="elsewhere")
    assert (code, told["robot"][0]) == (1, "failed")


async def test_over_tls_and_with_a_wrong_password(tmp_path: Path, checked: Checked) -> None:
    ca = trustme.CA()
    issued = ca.issue_cert("localhost")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    tls = ("--tls", "--tlscert", str(tmp_path / "cert.pem"), "--tlskey", str(tmp_path / "key.pem"))
    with running(*tls, "--user", "playlist", "--pass", "right") as server:
        nats = {"nats_url": f"tls://localhost:{server.port}", "nats_user": "playlist"}
        trusted = {**nats, "nats_tls_ca": str(tmp_path / "ca.pem")}
        _, told = await checked(**trusted, nats_password="right")
        assert told["NATS"][0] == "ok" and told["NATS"][1].endswith("over TLS.")
        assert told["robot"] == ("failed", "The robot of the channel does not answer: is it running?")
        code, told = await checked(**trusted, nats_password="wrong")
        assert (code, told["NATS"]) == (
            1,
            ("failed", "NATS refused the user and password, the token, or the credentials of this service."),
        )
        _, told = await checked(**nats, nats_password="right")
        assert told["NATS"] == (
            "failed",
            "The certificate of NATS is of a CA that nobody here trusts: name that CA in nats_tls_ca.",
        )


async def test_what_has_gone_is_told_within_seconds(checked: Checked) -> None:
    with running() as server:
        pass
    with fail_after(12):
        code, told = await checked(nats_url=server.url, catalog={"source": "http://127.0.0.1:1"})
    assert code == 1
    assert told["NATS"] == ("failed", "NATS cannot be reached: look whether it runs, and at nats_url.")
    assert told["catalogue source"][1].startswith("The site could not be connected to")
