"""What is watched, and how far it was told."""
from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Callable, Mapping, Optional, Sequence


@dataclass(frozen=True)
class Position:
    """A place in the server's log. Offsets of different epochs cannot be compared."""

    epoch: str
    offset: int

    @staticmethod
    def of(value: Mapping[str, Any]) -> "Position":
        return Position(value["epoch"], value["offset"])

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"

    def as_json(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "offset": self.offset}


@dataclass(frozen=True)
class Event:
    type: str
    room: str
    data: Mapping[str, Any]
    id: str
    timestamp: Optional[str]
    sender: Optional[Mapping[str, Any]]
    #: None for events that are not kept.
    position: Optional[Position]

    @staticmethod
    def of(value: Mapping[str, Any]) -> "Event":
        """From an envelope, or from an event frame of the plain WebSocket, which names two things otherwise."""
        position = value.get("position")
        return Event(
            type=value.get("type") or value["eventType"],
            room=value.get("room") or value["topic"],
            data=value["data"],
            id=value["id"],
            timestamp=value.get("timestamp"),
            sender=value.get("sender"),
            position=Position.of(position) if position else None,
        )


@dataclass(frozen=True)
class Gap:
    """Events were lost for good: what was built from them has to be made anew."""

    reason: str
    position: Position


Callback = Callable[[Event], None]
GapCallback = Callable[[Gap], None]
RefusedCallback = Callable[[Exception], None]


class Subscription:
    """
    Something that is followed over any number of connections: here topics. Its callbacks are called by one thread.
    """

    #: The log that its positions are of.
    log = "monitoring"
    #: The commands that begin and end it.
    commands = ("subscribe", "unsubscribe")

    def __init__(
        self,
        id: str,
        topics: Sequence[str],
        types: Optional[Sequence[str]],
        after: Optional[Position],
        callback: Callback,
        on_gap: Optional[GapCallback],
        on_refused: Optional[RefusedCallback] = None,
    ) -> None:
        self.id = id
        self.topics = list(topics)
        self.types = list(types) if types is not None else None
        self.position = after
        self.is_live = False
        self.became_live = threading.Event()
        self._callback = callback
        self._on_gap = on_gap
        self._on_refused = on_refused

    def join(self) -> dict[str, Any]:
        """The payload that joins, or goes on where it was."""
        payload: dict[str, Any] = {"id": self.id, "topics": self.topics, "limit": 1000 if self.position else 1}
        if self.types is not None:
            payload["types"] = self.types
        if self.position is not None:
            payload["after"] = self.position.as_json()
        return payload

    def leave(self) -> dict[str, Any]:
        """The payload that ends it."""
        return {"id": self.id}

    def query(self) -> dict[str, str]:
        """What is asked for over HTTP."""
        query = {"topics": ",".join(self.topics), "limit": "1000" if self.position else "1"}
        if self.types is not None:
            query["types"] = ",".join(self.types)
        if self.position is not None:
            query["after"] = str(self.position)
        return query

    def tells_first_page(self) -> bool:
        """Whether it begins with what was there."""
        return False

    def refused(self, error: Exception) -> bool:
        """The server does not let us in. False: nobody wants to be told."""
        self.is_live = False
        if self._on_refused is None:
            return False
        self._on_refused(error)
        return True

    def page(self, answer: Mapping[str, Any]) -> None:
        """What a join or a poll was answered. Without a position nothing is told: it begins now."""
        position = Position.of(answer["position"])
        is_first = self.position is None
        if answer.get("recovered") is False:
            self.position = None
            self.gap(Gap(answer.get("lostReason") or "trimmed", position))
        if not is_first or self.tells_first_page():
            for event in answer["events"]:
                self.take(Event.of(event))
        for event in answer.get("latest") or []:
            self.take(Event.of(event))
        self.position = position

    def live(self, event: Event) -> None:
        if self.is_live and self.matches(event):
            self.take(event)

    def take(self, event: Event) -> None:
        at = event.position
        if at and self.position and at.epoch == self.position.epoch and at.offset <= self.position.offset:
            return
        if self.is_wanted(event):
            self._call(self._callback, event)
        if at:
            self.position = at

    def is_wanted(self, event: Event) -> bool:
        """Of what the server sends, what is told. It has left out what a subscription did not ask for."""
        return True

    def gap(self, gap: Gap) -> None:
        if self._on_gap:
            self._call(self._on_gap, gap)

    def _call(self, callback: Callable[[Any], None], value: Any) -> None:
        # What a callback raises is its own trouble: the others, and what comes next, are told all the same.
        try:
            callback(value)
        except Exception:
            logging.getLogger("signalbox").exception("a callback has failed")

    def went_live(self) -> None:
        self.is_live = True
        self.became_live.set()

    def matches(self, event: Event) -> bool:
        is_of_topic = any(fnmatchcase(event.room, topic) for topic in self.topics)
        return is_of_topic and (self.types is None or event.type in self.types)
