"""The two ways to the server. Each raises when it ends, and leaves it to the client to come back."""
from __future__ import annotations

import itertools
import json
import time
from typing import Any, Callable, Iterable, Mapping, Optional

import requests
import websocket

from .subscription import Event, Gap, Position, Subscription


class Refused(Exception):
    """The server said no."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message') or error.get('detail')}")
        self.code: str = str(error.get("code"))
        self.retryable: bool = bool(error.get("retryable"))
        self.details: Any = error.get("details")

    @property
    def is_of_token(self) -> bool:
        return self.code in ("unauthenticated", "token_expired", "forbidden")


class Lost(Exception):
    """The connection has ended, or could not be made."""

    def __init__(self, why: str, retry_after: Optional[float] = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


Subscriptions = Callable[[], Iterable[Subscription]]

#: After these it makes no sense to come back by oneself.
FINAL = ("kicked", "revoked", "replaced", "rate_limited", "protocol_error")
TICK_SECONDS = 0.2


class WebSocketLink:
    """The plain WebSocket `/ws`: frames come in their order, which callbacks of their own threads would not keep."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        address = url.replace("http", "ws", 1) + "/ws"
        try:
            self._socket = websocket.create_connection(
                address, timeout=timeout, header=[f"Authorization: Bearer {token}"]
            )
            self._ids = itertools.count(1)
            self._waiting: dict[str, Subscription] = {}
            self._joined: dict[str, Subscription] = {}
            first = self._read(timeout)
            if first is not None and first["type"] == "system.error":
                raise Refused(first["payload"]["error"])
        except (OSError, websocket.WebSocketException) as error:
            raise Lost(str(error)) from error

    def run(self, subscriptions: Subscriptions, is_wanted: Callable[[], bool]) -> None:
        """Until it ends, or is not wanted any more."""
        try:
            while is_wanted():
                self._follow(list(subscriptions()))
                frame = self._read(TICK_SECONDS)
                if frame is not None:
                    self._handle(frame)
        except (OSError, websocket.WebSocketException) as error:
            raise Lost(str(error)) from error

    def close(self) -> None:
        try:
            self._socket.close(timeout=1)
        except (OSError, websocket.WebSocketException):
            pass

    def _follow(self, wanted: list[Subscription]) -> None:
        ids = {subscription.id for subscription in wanted}
        for subscription in wanted:
            if subscription.id not in self._joined:
                self._joined[subscription.id] = subscription
                self._join(subscription)
        for id in [id for id in self._joined if id not in ids]:
            del self._joined[id]
            self._send("unsubscribe", {"id": id})

    def _join(self, subscription: Subscription) -> None:
        subscription.is_live = False
        self._waiting[self._send("subscribe", subscription.join())] = subscription

    def _send(self, type: str, payload: Mapping[str, Any]) -> str:
        id = str(next(self._ids))
        self._socket.send(json.dumps({"type": type, "id": id, "payload": payload}))
        return id

    def _read(self, timeout: float) -> Optional[dict[str, Any]]:
        self._socket.settimeout(timeout)
        try:
            text = self._socket.recv()
        except websocket.WebSocketTimeoutException:
            return None
        if not text:
            raise Lost("the server has closed the connection")
        frame: dict[str, Any] = json.loads(text)
        return frame

    def _handle(self, frame: Mapping[str, Any]) -> None:
        type, payload = frame["type"], frame["payload"]
        if type == "event":
            event = Event.of({**payload, "timestamp": frame.get("timestamp")})
            for subscription in list(self._joined.values()):
                subscription.live(event)
        elif type == "reply":
            self._replied(frame.get("id"), payload)
        elif type == "system.ping":
            self._send("system.pong", {"timestamp": payload["timestamp"]})
        elif type == "system.room.reset" and payload["room"] == "monitoring":
            for subscription in list(self._joined.values()):
                subscription.position = Position.of(payload["position"])
                subscription.gap(Gap(payload["reason"], subscription.position))
        elif type == "system.connection.close":
            if payload["reason"] in FINAL:
                raise Refused({"code": payload["reason"], "message": "The server has ended the connection."})
            retry_after_ms = payload.get("retryAfterMs")
            raise Lost(payload["reason"], None if retry_after_ms is None else retry_after_ms / 1000)

    def _replied(self, id: Optional[str], reply: Mapping[str, Any]) -> None:
        subscription = self._waiting.pop(id or "", None)
        if subscription is None:
            return
        if not reply["ok"]:
            error = Refused(reply["error"])
            if not error.retryable:
                raise error
            time.sleep(0.5)
            self._join(subscription)
            return
        data = reply["data"]
        subscription.page(data)
        if data["joined"]:
            subscription.went_live()
        else:
            self._join(subscription)


class HttpLink:
    """Long polls from positions, which any instance of the server can answer."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def run(self, subscriptions: Subscriptions, is_wanted: Callable[[], bool]) -> None:
        while is_wanted():
            wanted = list(subscriptions())
            if not wanted:
                time.sleep(TICK_SECONDS)
            for subscription in wanted:
                # A new subscription waits for its turn, and the way up to a WebSocket, too.
                self._poll(subscription, wait=2 if len(wanted) == 1 else 1)

    def close(self) -> None:
        self._session.close()

    def _poll(self, subscription: Subscription, wait: int) -> None:
        position = subscription.position
        query = {"topics": ",".join(subscription.topics), "limit": "1000" if position else "1"}
        if subscription.types is not None:
            query["types"] = ",".join(subscription.types)
        if position is not None:
            query["after"] = str(position)
            query["wait"] = str(wait)
        subscription.page(self.request("GET", "/api/events", params=query, timeout=self._timeout + wait))
        subscription.went_live()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Raises `Refused` or `Lost`."""
        try:
            answer = self._session.request(method, self._url + path, **{"timeout": self._timeout, **options})
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Lost(str(error)) from error
        if answer.ok:
            return body
        error = Refused(body if isinstance(body, dict) else {})
        if error.retryable:
            raise Lost(str(error), ((error.details or {}).get("retryAfterMs") or 0) / 1000 or None)
        raise error
