"""All commands over wired services, and the subjects that they are served on."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial

import anyio
from anyio.abc import TaskStatus
from attrs import define

from playlist_app.commands.access import access_commands
from playlist_app.commands.catalog import catalog_commands
from playlist_app.commands.desk import Desk
from playlist_app.commands.forms import EnvelopeForm, Form, SubjectForm
from playlist_app.commands.orders import Command
from playlist_app.commands.playlists import playlist_commands
from playlist_app.commands.port import Answer, CommandBus
from playlist_app.commands.queue import queue_commands
from playlist_app.commands.status import About, Overview, status_command
from playlist_app.commands.system import schema_command, system_commands
from playlist_app.metrics import Metrics
from playlist_app.services import Services
from playlist_app.tasks import background
from playlist_app.version import version
from playlist_core.ports import Randomness


@define(eq=False)
class CommandDoor:
    """The third door: `open` serves until it is left."""

    desk: Desk
    prefix: str
    service: str

    @asynccontextmanager
    async def open(self, bus: CommandBus) -> AsyncGenerator[None, None]:
        """Serve both forms; all replicas share a queue, so that one of them acts. Raises Unavailable."""
        forms: dict[str, Form] = {
            f"{self.prefix}.{self.service}.cmd.*": SubjectForm(),
            f"{self.prefix}.{self.service}.command": EnvelopeForm(self.service),
        }
        leaving = anyio.Event()
        async with background() as tasks:
            served = [
                await tasks.start(self._serve, bus, subject, partial(self.desk.answer, form), leaving)
                for subject, form in forms.items()
            ]
            try:
                yield
            finally:
                # Both at once: while one waits for its answers under way the other must hear nothing new.
                self.desk.close_soon()
                leaving.set()
                with anyio.CancelScope(shield=True):
                    for over in served:
                        await over.wait()

    async def _serve(
        self,
        bus: CommandBus,
        subject: str,
        answer: Answer,
        leaving: anyio.Event,
        *,
        task_status: TaskStatus[anyio.Event],
    ) -> None:
        over = anyio.Event()
        try:
            async with bus.serve(subject, answer, queue=self.service):
                task_status.started(over)
                await leaving.wait()
        finally:
            over.set()


def command_door(
    services: Services,
    metrics: Metrics,
    *,
    randomness: Randomness,
    channel_name: Callable[[], str | None] | None = None,
) -> CommandDoor:
    """The door of these services; `channel_name` tells the channel, else the settings do."""
    settings = services.settings
    # Lower case as kryten-py announces it, so that who finds us in the robot's list also finds our subjects.
    service = settings.service_name.lower()
    overview = Overview(
        about=About(
            service=service,
            version=version(),
            namespace=settings.namespace,
            clock=services.clock,
            began=services.clock.monotonic(),
        ),
        queue=services.queue,
        playlists=services.library.playlists,
        catalog=services.library.catalog,
        manifests=settings.manifest_url_template,
        channel_name=channel_name or (lambda: settings.cytube_channel),
    )
    desk = Desk(
        {command.name: command for command in _commands(services, metrics, overview)},
        access=services.access,
        namespace=settings.namespace,
        allow_blessed_hard_replace=settings.allow_blessed_hard_replace,
        randomness=randomness,
        metrics=metrics,
    )
    return CommandDoor(desk, settings.nats_subject_prefix, service)


def _commands(services: Services, metrics: Metrics, overview: Overview) -> list[Command]:
    library = services.library
    found = [
        *catalog_commands(library.refreshing),
        *queue_commands(services.queue, library.playlists),
        *access_commands(services.access),
        *playlist_commands(library.playlists, library.catalog),
        status_command(overview),
        *system_commands(overview, services.health, metrics),
    ]
    found.append(schema_command(found))
    return found
