"""A channel that signs people in: an inbox and a room under a test's control, and replicas over one store."""

import hashlib
import re

import anyio
from anyio.lowlevel import checkpoint
from attrs import Factory, define, field

from playlist_adapters.testing.time import ManualClock, SeededRandomness
from playlist_core.domain.identity import ClientAddress, Username
from playlist_core.domain.limits import LimitRules
from playlist_core.domain.login import Invalid, LoginRules, SignedIn, Verified
from playlist_core.errors import PlaylistError
from playlist_core.ports import ChannelUser, KVStore
from playlist_core.services.hashing import CodeHasher
from playlist_core.services.login import Login

HOME = ClientAddress.parse("192.0.2.1")
STRANGER = ClientAddress.parse("198.51.100.9")
WRONG = "22222222"
GENEROUS = LimitRules(
    otp_requests_per_name=10**6,
    otp_requests_per_source=10**6,
    otp_verifications_per_name=10**6,
    otp_verifications_per_source=10**6,
    pms_per_minute=10**6,
)


@define(eq=False)
class Inbox:
    """A `PMSender` that keeps what it sent; the failures of `fail_with` come first, each once."""

    sent: list[tuple[Username, str]] = Factory(list)
    fail_with: list[PlaylistError] = Factory(list)

    async def send(self, to: Username, text: str) -> None:
        await checkpoint()
        if self.fail_with:
            raise self.fail_with.pop(0)
        self.sent.append((to, text))

    def codes(self) -> list[str]:
        """The codes that were sent, as they were shown."""
        return [re.findall(r"\b[2-9A-Z]{8}\b", text)[0] for _, text in self.sent]


@define(eq=False)
class Room:
    """A `UserDirectory` with the names it was given, as CyTube spells them."""

    names: list[str]
    fail_with: PlaylistError | None = None

    async def present(self, name: Username) -> ChannelUser | None:
        await checkpoint()
        if self.fail_with is not None:
            raise self.fail_with
        found = [Username(each) for each in self.names if each.lower() == name.key]
        return ChannelUser(found[0], 1.0) if found else None


@define(eq=False)
class CountingHasher:
    """A cheap hasher that remembers what it was asked to hash, in whatever thread."""

    hashed: list[str] = Factory(list)

    def __call__(self, code: str, salt: str) -> str:
        self.hashed.append(code)
        return hashlib.sha256(f"{salt}/{code}".encode("utf-8", "surrogatepass")).hexdigest()


@define(eq=False)
class StillClock(ManualClock):
    """A clock that pausing does not move.

    The pauses of a contended write are real, a few milliseconds: replicas that race for a key would otherwise
    stay in step for ever.
    """

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


@define(eq=False)
class World:
    """What replicas of the service have in common."""

    auth: KVStore
    clock: StillClock = Factory(StillClock)
    randomness: SeededRandomness = Factory(SeededRandomness)
    inbox: Inbox = Factory(Inbox)
    room: Room = field(factory=lambda: Room(["Bob", "carol", "alice"]))
    hasher: CountingHasher = Factory(CountingHasher)

    def login(
        self,
        *,
        rules: LoginRules | None = None,
        limits: LimitRules | None = None,
        hasher: CodeHasher | None = None,
    ) -> Login:
        """One more replica."""
        return Login.over(
            self.auth,
            namespace="default",
            pms=self.inbox,
            users=self.room,
            clock=self.clock,
            randomness=self.randomness,
            rules=rules,
            limit_rules=limits,
            hasher=hasher or self.hasher,
        )

    async def ask(
        self, login: Login, *, address: ClientAddress = HOME, token: str | None = None, name: str = "bob"
    ) -> str:
        """Ask for a code; the browser's challenge token."""
        return (await login.request(name, address, challenge_token=token)).challenge_token

    async def enter(
        self,
        login: Login,
        code: str | None = None,
        *,
        address: ClientAddress = HOME,
        token: str | None = None,
        name: str = "bob",
    ) -> Verified:
        """Type a code, the one sent last unless told."""
        typed = self.inbox.codes()[-1] if code is None else code
        return await login.verify(name, typed, address, challenge_token=token)

    async def sign_in(self, login: Login, *, address: ClientAddress = HOME, name: str = "bob") -> SignedIn:
        token = await self.ask(login, address=address, name=name)
        answer = await self.enter(login, address=address, token=token, name=name)
        assert isinstance(answer, SignedIn)
        return answer

    async def burn(self, login: Login, *, address: ClientAddress = HOME) -> None:
        """Use up the attempts of a fresh code."""
        token = await self.ask(login, address=address)
        answers = [await self.enter(login, WRONG, address=address, token=token) for _ in range(3)]
        assert answers == [Invalid(attempts_remaining=left) for left in (2, 1, 0)]

    async def stored(self) -> str:
        """Everything the bucket holds, keys and values."""
        return "\n".join(f"{each.key} {each.value.decode()}" for each in await self.auth.entries())
