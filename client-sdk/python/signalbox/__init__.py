"""Watches and publishes events of a Signalbox server."""
from .client import Client, Refused
from .subscription import Event, Gap, Position

__all__ = ["Client", "Event", "Gap", "Position", "Refused"]
