"""Single connections over a WebSocket and over HTTP. They raise when they end; the client reconnects."""
from __future__ import annotations

import itertools
import json
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, Callable, Iterable, Mapping, Optional

import requests
import websocket

from .subscription import Event, Gap, Position, Subscription


class Refused(Exception):
    """The server refused a request or the connection."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(f"{error.get('code')}: {error.get('message') or error.get('detail')}")
        self.code: str = str(error.get("code"))
        self.retryable: bool = bool(error.get("retryable"))
        self.details: Any = error.get("details")

    @property
    def is_token_error(self) -> bool:
        return self.code in ("unauthenticated", "token_expired", "forbidden")


class ConnectionLost(Exception):
    """The connection has ended or could not be opened."""

    def __init__(self, why: str, retry_after: Optional[float] = None) -> None:
        super().__init__(why)
        self.retry_after = retry_after


def _error_of(value: Mapping[str, Any]) -> Exception:
    """A refusal, or the loss of a connection that may be opened later."""
    error = Refused(value)
    if not error.retryable:
        return error
    details = error.details if isinstance(error.details, dict) else {}
    return ConnectionLost(str(error), (details.get("retryAfterMs") or 0) / 1000 or None)


def _refuse(subscription: Subscription, error: Refused) -> None:
    if not subscription.refused(error):
        raise error


Subscriptions = Callable[[], Iterable[Subscription]]

#: Errors that another token may resolve.
TOKEN_ERRORS = ("unauthenticated", "token_expired")
#: Close reasons after which the client must not reconnect by itself.
FINAL_REASONS = ("kicked", "revoked", "replaced", "rate_limited", "protocol_error")
TICK_SECONDS = 0.2


class WebSocketLink:
    """The plain WebSocket `/ws`. It is read by one thread, which keeps the order of events."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        address = url.replace("http", "ws", 1) + "/ws"
        try:
            self._socket = websocket.create_connection(
                address, timeout=timeout, header=[f"Authorization: Bearer {token}"]
            )
            self._ids = itertools.count(1)
            self._waiting: dict[str, Subscription] = {}
            self._joined: dict[str, Subscription] = {}
            self._commands: dict[str, "Future[Any]"] = {}
            first = self._read(timeout)
            if first is not None and first["type"] == "system.error":
                raise _error_of(first["payload"]["error"])
        except (OSError, websocket.WebSocketException) as error:
            raise ConnectionLost(str(error)) from error

    def run(self, subscriptions: Subscriptions, is_wanted: Callable[[], bool]) -> None:
        """Runs until the connection ends or `is_wanted` returns false."""
        try:
            while is_wanted():
                self._sync_subscriptions(list(subscriptions()))
                frame = self._read(TICK_SECONDS)
                if frame is not None:
                    self._handle(frame)
        except (OSError, websocket.WebSocketException) as error:
            raise ConnectionLost(str(error)) from error

    def close(self) -> None:
        try:
            self._socket.close(timeout=1)
        except (OSError, websocket.WebSocketException):
            pass
        for answer in list(self._commands.values()):
            if not answer.done():
                answer.set_exception(ConnectionLost("the connection has ended"))

    def command(self, type: str, payload: Mapping[str, Any], timeout: float) -> Any:
        """
        Sends a command from a thread other than the one in `run`. Returns the data of the reply; raises `Refused` or
        `ConnectionLost`.
        """
        id = f"c{next(self._ids)}"
        answer: "Future[Any]" = Future()
        self._commands[id] = answer
        try:
            self._socket.send(json.dumps({"type": type, "id": id, "payload": payload}))
            return answer.result(timeout)
        except (OSError, websocket.WebSocketException, TimeoutError, FutureTimeout) as error:
            raise ConnectionLost(str(error) or "no reply arrived in time") from error
        finally:
            del self._commands[id]

    def _sync_subscriptions(self, wanted: list[Subscription]) -> None:
        ids = {subscription.id for subscription in wanted}
        for subscription in wanted:
            if subscription.id not in self._joined:
                self._joined[subscription.id] = subscription
                self._join(subscription)
        for id in [id for id in self._joined if id not in ids]:
            subscription = self._joined.pop(id)
            # Another subscription may follow the same room.
            if not any(other.leave() == subscription.leave() for other in self._joined.values()):
                self._send(subscription.commands[1], subscription.leave())

    def _join(self, subscription: Subscription) -> None:
        subscription.is_live = False
        self._waiting[self._send(subscription.commands[0], subscription.join())] = subscription

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
            raise ConnectionLost("the server has closed the connection")
        frame: dict[str, Any] = json.loads(text)
        return frame

    def _handle(self, frame: Mapping[str, Any]) -> None:
        type, payload = frame["type"], frame["payload"]
        if type == "event":
            event = Event.of({**payload, "timestamp": frame.get("timestamp")})
            for subscription in list(self._joined.values()):
                subscription.live(event)
        elif type == "reply":
            self._on_reply(frame.get("id"), payload)
        elif type == "system.ping":
            self._send("system.pong", {"timestamp": payload["timestamp"]})
        elif type == "system.room.reset":
            for subscription in [one for one in self._joined.values() if one.log == payload["room"]]:
                subscription.position = Position.of(payload["position"])
                subscription.gap(Gap(payload["reason"], subscription.position))
        elif type == "system.room.left":
            error = Refused({"code": "forbidden", "message": f"{payload['room']}: {payload['reason']}"})
            for subscription in [one for one in self._joined.values() if payload["room"] in one.topics]:
                _refuse(subscription, error)
        elif type == "system.connection.close":
            if payload["reason"] in FINAL_REASONS:
                raise Refused({"code": payload["reason"], "message": "The server has ended the connection."})
            retry_after_ms = payload.get("retryAfterMs")
            raise ConnectionLost(payload["reason"], None if retry_after_ms is None else retry_after_ms / 1000)

    def _on_reply(self, id: Optional[str], reply: Mapping[str, Any]) -> None:
        command = self._commands.get(id or "")
        if command is not None:
            if reply["ok"]:
                command.set_result(reply["data"])
            else:
                command.set_exception(Refused(reply["error"]))
            return
        subscription = self._waiting.pop(id or "", None)
        if subscription is None:
            return
        if not reply["ok"]:
            error = Refused(reply["error"])
            if not error.retryable:
                return _refuse(subscription, error)
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
    """Long polls, which any instance of the server can answer."""

    def __init__(self, url: str, token: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._refused: set[str] = set()
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def run(self, subscriptions: Subscriptions, is_wanted: Callable[[], bool]) -> None:
        while is_wanted():
            wanted = [one for one in subscriptions() if one.id not in self._refused]
            if not wanted:
                time.sleep(TICK_SECONDS)
            for subscription in wanted:
                # Short, because new subscriptions and the next WebSocket probe wait for it.
                self._poll(subscription, wait=2 if len(wanted) == 1 else 1)

    def close(self) -> None:
        self._session.close()

    def _poll(self, subscription: Subscription, wait: int) -> None:
        query = subscription.query()
        if subscription.position is not None:
            query["wait"] = str(wait)
        try:
            page = self.request("GET", "/api/events", params=query, timeout=self._timeout + wait)
        except Refused as error:
            if error.code in TOKEN_ERRORS:
                raise
            self._refused.add(subscription.id)
            return _refuse(subscription, error)
        subscription.page(page)
        subscription.went_live()

    def request(self, method: str, path: str, **options: Any) -> Any:
        """Sends a request. Raises `Refused` or `ConnectionLost`."""
        try:
            answer = self._session.request(method, self._url + path, **{"timeout": self._timeout, **options})
            body = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise ConnectionLost(str(error)) from error
        if answer.ok:
            return body
        raise _error_of(body if isinstance(body, dict) else {})
