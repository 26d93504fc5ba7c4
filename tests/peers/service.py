"""The started service in an installation: `serve` in a process of its own, and people who sign in by PM."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define

from tests.peers.stack import Stack
from tests.process.child import Browser, Child, serving, until

TITLES = Path(__file__).parents[1] / "data" / "titles-4000.csv"
# What the double of CyTube answers for such an address: a manifest of ten minutes.
MANIFESTS = "https://media.example/{video_id}.json?dur=600"
_CODE = re.compile(r"\b[2-9A-Z]{8}\b")


@define(eq=False)
class Member(Browser):
    """Somebody in the channel, with a browser open at one of the replicas."""

    stack: Stack | None = None

    def code(self, name: str) -> str:
        """Ask for a code and read it in the channel."""
        assert self.stack is not None
        sent = self.call("POST", "auth/otp/request", {"username": name})
        assert sent.status == 200, sent.body
        whispered = self.stack.cytube.do(lambda channel: channel.inbox(name))
        found = _CODE.search(whispered[-1].text)
        assert found is not None
        return found[0]


@contextmanager
def service(stack: Stack, directory: Path, **settings: Any) -> Iterator[Child]:
    """A replica with its index in that directory, once it answers."""
    directory.mkdir(exist_ok=True)
    config = directory / "config.json"
    config.write_text(json.dumps(_settings(stack, directory, settings)))
    with serving(directory, "serve", "--config", str(config)) as child:
        yield child


def _settings(stack: Stack, directory: Path, changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "nats_url": stack.nats.url,
        "http_port": 0,
        "data_dir": str(directory / "data"),
        "admins": ["alice"],
        "manifest_url_template": MANIFESTS,
        "catalog": {"source": str(TITLES)},
        **changes,
    }


def signed_in(stack: Stack, child: Child, name: str) -> Member:
    """Somebody who has joined the channel and signed in with the code that came."""
    stack.cytube.do(lambda channel: channel.join(name, 1))
    member = Member(child.url, stack=stack)
    member.sign_in(name)
    return member


def with_catalogue(admin: Browser, seconds: float = 20) -> None:
    """Have the catalogue read, and return when it can be searched."""
    assert admin.call("POST", "catalog/refresh", {}).status == 202
    until(
        lambda: admin.call("GET", "catalog/refresh").body["state"] == "idle", "the catalogue", seconds=seconds
    )
