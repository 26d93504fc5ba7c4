"""Which channel on which CyTube, spelled as the robot spells it."""

from attrs import field, frozen

# What kryten-robot leaves out of a subject's word, the wildcards of NATS among it (its subject_builder).
_LEFT_OUT = frozenset("!@#$%^&*()+=[]{|}\\:;\"'<>,?/.")
_LONGEST_WORD = 100


@frozen
class Place:
    """A channel of a CyTube site. The robot compares the domain to the letter (docs/kryten.md 2)."""

    domain: str
    channel: str

    @property
    def events(self) -> str:
        """The subject of everything that happens in the channel; the domain is not in it."""
        word = "".join(c for c in self.channel.lower().replace(" ", "-") if c not in _LEFT_OUT)
        return f"kryten.events.cytube.{word[:_LONGEST_WORD]}.>"

    @property
    def bucket(self) -> str:
        """Where the robot keeps what plays; the case of the channel counts."""
        return f"kryten_{self.channel}_playlist"

    def is_of(self, domain: object, channel: object) -> bool:
        """Whether an event or a robot that names these is of this place."""
        return domain == self.domain and str(channel).lower() == self.channel.lower()


@frozen
class Wish:
    """What is configured of the place; None is for whatever the robot says."""

    domain: str | None = field(default=None)
    channel: str | None = field(default=None)

    def admits(self, place: Place) -> bool:
        """Whether a robot's place is the one that is meant, whatever its spelling."""
        return all(
            wished is None or wished.lower() == found.lower()
            for wished, found in ((self.domain, place.domain), (self.channel, place.channel))
        )

    def __str__(self) -> str:
        return f"{self.channel or 'any channel'} on {self.domain or 'any site'}"
