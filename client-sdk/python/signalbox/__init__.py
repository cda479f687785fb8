"""Client of Signalbox: subscriptions, conversations and publishing."""
from .client import Client, Refused
from .conversation import Conversation
from .subscription import Event, Gap, Position

__all__ = ["Client", "Conversation", "Event", "Gap", "Position", "Refused"]
