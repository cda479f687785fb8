"""Conversations: following, sending and reading history."""
from __future__ import annotations

import uuid
from typing import Any, Callable, Mapping, Optional, Protocol, Sequence
from urllib.parse import quote

from .subscription import Callback, Event, GapCallback, Position, RefusedCallback, Subscription

__all__ = ["Conversation"]


class ConversationClient(Protocol):
    """What a conversation needs of its client."""

    def follow(self, subscription: Subscription, wait: float = 0) -> Callable[[], None]: ...

    def post(self, path: str, body: Mapping[str, Any]) -> Any: ...

    def command(self, name: str, payload: Mapping[str, Any]) -> Any: ...


class Conversation:
    """One conversation. Created by `Client.conversation`."""

    def __init__(self, client: ConversationClient, id: str) -> None:
        self.id = id
        self.room = f"conversation:{id}"
        self._client = client

    def follow(
        self,
        callback: Callback,
        *,
        types: Optional[Sequence[str]] = None,
        after: Optional[Position] = None,
        recent: int = 50,
        on_gap: Optional[GapCallback] = None,
        on_refused: Optional[RefusedCallback] = None,
        wait: float = 0,
    ) -> Callable[[], None]:
        """
        Calls `callback` for the latest events, or those after a position, and then for live events: once and in order,
        across reconnects. `types`: only events of these types. `wait`: seconds to wait until it is live. Returns a
        function that ends it. Without `on_refused` the client closes when the server refuses access.
        """
        subscription = RoomSubscription(self.room, types, after, recent, callback, on_gap, on_refused)
        return self._client.follow(subscription, wait)

    def send(
        self,
        message: str,
        *,
        id: Optional[str] = None,
        reply_to: Optional[str] = None,
        metadata: Optional[Mapping[str, Any]] = None,
    ) -> Mapping[str, Any]:
        """
        Sends a message, once: retried under the same id for a minute. Returns its `id`, `position` and `timestamp`.
        """
        body: dict[str, Any] = {"message": message, "id": id or uuid.uuid4().hex}
        if reply_to is not None:
            body["replyTo"] = reply_to
        if metadata is not None:
            body["metadata"] = dict(metadata)
        answer: Mapping[str, Any] = self._client.post(f"/api/conversations/{quote(self.id, safe='')}/messages", body)
        return answer

    def history(self, *, before: Optional[Position] = None, limit: int = 50) -> "tuple[list[Event], bool]":
        """
        A page of events, oldest first, and whether there are older ones. Without `before` the latest. Needs a WebSocket.
        """
        payload: dict[str, Any] = {"room": self.room, "limit": limit}
        if before is not None:
            payload["before"] = before.as_json()
        data = self._client.command("history", payload)
        return [Event.of(event) for event in data["events"]], bool(data["hasMore"])


class RoomSubscription(Subscription):
    """Subscription to the log of a room."""

    commands = ("join_room", "leave_room")

    def __init__(
        self,
        room: str,
        types: Optional[Sequence[str]],
        after: Optional[Position],
        recent: int,
        callback: Callback,
        on_gap: Optional[GapCallback],
        on_refused: Optional[RefusedCallback],
    ) -> None:
        super().__init__(f"{room} {uuid.uuid4().hex}", [room], None, after, callback, on_gap, on_refused)
        self.log = room
        self._wanted = None if types is None else frozenset(types)
        self._recent = recent

    def join(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"room": self.log, "limit": 1000 if self.position else max(1, self._recent)}
        if self.position is not None:
            payload["after"] = self.position.as_json()
        return payload

    def leave(self) -> dict[str, Any]:
        return {"room": self.log}

    def query(self) -> dict[str, str]:
        query = super().query()
        if self.position is None:
            query["limit"] = str(max(1, self._recent))
        return query

    def delivers_first_page(self) -> bool:
        return self._recent > 0

    def is_wanted(self, event: Event) -> bool:
        return self._wanted is None or event.type in self._wanted
