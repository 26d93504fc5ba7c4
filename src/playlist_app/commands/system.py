"""What every Kryten service answers: `system.ping`, `system.health`, `system.stats`, and a little more."""

from collections.abc import Sequence
from typing import Any

from attrs import define

from playlist_app.commands.orders import Command, Order
from playlist_app.commands.schemas import schemas_of
from playlist_app.commands.status import Overview
from playlist_app.metrics import Metrics
from playlist_app.shapes.commands import NoFields, SchemaCommand
from playlist_app.shapes.replies import HealthReply, PingReply, SchemaReply, StatsReply, VersionReply
from playlist_core.errors import NotFound
from playlist_core.services.health import Health


@define(eq=False)
class SystemCommands:
    overview: Overview
    health_of: Health
    metrics: Metrics

    async def ping(self, order: Order[NoFields]) -> PingReply:
        about = self.overview.about
        return PingReply(
            pong=True,
            service=about.service,
            version=about.version,
            uptime_seconds=about.uptime_seconds,
            timestamp=about.now,
        )

    async def version(self, order: Order[NoFields]) -> VersionReply:
        return VersionReply(self.overview.about.version)

    async def health(self, order: Order[NoFields]) -> HealthReply:
        about, condition = self.overview.about, await self.health_of.condition()
        return HealthReply(
            status="degraded" if condition.degraded else "healthy",
            service=about.service,
            version=about.version,
            uptime_seconds=about.uptime_seconds,
            nats_connected=True,  # this answer goes over it
            cytube_connected=condition.channel.ok,
            store=condition.store.message,
            catalog=condition.catalog.message,
            channel=condition.channel.message,
        )

    async def stats(self, order: Order[NoFields]) -> StatsReply:
        about, commands = self.overview.about, self.metrics.commands_so_far()
        failed = sum(each["error"] for each in commands.values())
        return StatsReply(
            service=about.service,
            version=about.version,
            uptime_seconds=about.uptime_seconds,
            commands_processed=failed + sum(each["ok"] for each in commands.values()),
            commands_failed=failed,
            commands=commands,
            counts=await self.overview.counts(),
        )


@define(eq=False)
class Description:
    every: Sequence[Command]

    async def schema(self, order: Order[SchemaCommand]) -> SchemaReply:
        schemas, name = schemas_of(self.every), order.fields.name
        if name is None:
            return SchemaReply(schemas)
        if name not in schemas:
            raise NotFound("There is no such command; without a name all are told.", code="unknown_command")
        return SchemaReply({name: schemas[name]})


def _system(name: str, summary: str, reply: type[Any], carry_out: Any, **more: Any) -> Command:
    return Command(
        name=f"system.{name}", summary=summary, needs=None, reply=reply, carry_out=carry_out, **more
    )


def system_commands(overview: Overview, health: Health, metrics: Metrics) -> list[Command]:
    """How the service is, in the words of the other Kryten services."""
    does = SystemCommands(overview, health, metrics)
    return [
        _system("ping", "Whether the service answers", PingReply, does.ping),
        _system("version", "The version that runs", VersionReply, does.version),
        _system("health", "Each dependency, and what is wrong with it", HealthReply, does.health),
        _system("stats", "What was done since the process began", StatsReply, does.stats),
    ]


def schema_command(every: Sequence[Command]) -> Command:
    """`system.schema` of all these commands."""
    return _system(
        "schema",
        "What each command takes and answers, as JSON schema",
        SchemaReply,
        Description(every).schema,
        takes=SchemaCommand,
        errors=("unknown_command",),
    )
