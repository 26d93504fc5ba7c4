"""A double of CyTube: the simulated room of the package, on real sockets and in the robot's dialect."""

from tests.peers.cytube.server import CyTube, running
from tests.peers.cytube.stage import Heard, Stage
from tests.peers.cytube.website import Website

__all__ = ["CyTube", "Heard", "Stage", "Website", "running"]
