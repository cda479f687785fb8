"""Subscriptions and their positions."""
from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Callable, Mapping, Optional, Sequence


@dataclass(frozen=True)
class Position:
    """A position in the server's log. Offsets of different epochs cannot be compared."""

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
    #: None for events that are not logged.
    position: Optional[Position]

    @staticmethod
    def of(value: Mapping[str, Any]) -> "Event":
        """From an envelope, or from an event frame of the plain WebSocket, which names two fields differently."""
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
    """Events were lost: state that was built from them must be loaded again."""

    reason: str
    position: Position


Callback = Callable[[Event], None]
GapCallback = Callable[[Gap], None]
RefusedCallback = Callable[[Exception], None]


class Subscription:
    """
    Subscription to topics, across reconnects. Its callbacks run in one thread.
    """

    #: The log that its positions belong to.
    log = "monitoring"
    #: The commands that start and end it.
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
        """Payload of the command that starts or resumes it."""
        payload: dict[str, Any] = {"id": self.id, "topics": self.topics, "limit": 1000 if self.position else 1}
        if self.types is not None:
            payload["types"] = self.types
        if self.position is not None:
            payload["after"] = self.position.as_json()
        return payload

    def leave(self) -> dict[str, Any]:
        """Payload of the command that ends it."""
        return {"id": self.id}

    def query(self) -> dict[str, str]:
        """Query of a long poll."""
        query = {"topics": ",".join(self.topics), "limit": "1000" if self.position else "1"}
        if self.types is not None:
            query["types"] = ",".join(self.types)
        if self.position is not None:
            query["after"] = str(self.position)
        return query

    def delivers_first_page(self) -> bool:
        """Whether it starts with earlier events."""
        return False

    def refused(self, error: Exception) -> bool:
        """Handles a refusal by the server. False: there is no callback for it."""
        self.is_live = False
        if self._on_refused is None:
            return False
        self._on_refused(error)
        return True

    def page(self, answer: Mapping[str, Any]) -> None:
        """Takes the reply to a join or a poll. Without a position its events are skipped: the subscription starts now."""
        position = Position.of(answer["position"])
        is_first = self.position is None
        if answer.get("recovered") is False:
            self.position = None
            self.gap(Gap(answer.get("lostReason") or "trimmed", position))
        if not is_first or self.delivers_first_page():
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
        """Filters events that the server cannot filter."""
        return True

    def gap(self, gap: Gap) -> None:
        if self._on_gap:
            self._call(self._on_gap, gap)

    def _call(self, callback: Callable[[Any], None], value: Any) -> None:
        # An error in one callback must not affect the other callbacks and later events.
        try:
            callback(value)
        except Exception:
            logging.getLogger("signalbox").exception("a callback failed")

    def went_live(self) -> None:
        self.is_live = True
        self.became_live.set()

    def matches(self, event: Event) -> bool:
        is_of_topic = any(fnmatchcase(event.room, topic) for topic in self.topics)
        return is_of_topic and (self.types is None or event.type in self.types)
