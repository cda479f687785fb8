"""A client of Signalbox's event log."""
from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from .conversation import Conversation
from .link import HttpLink, Lost, Refused, WebSocketLink
from .subscription import Callback, GapCallback, Position, Subscription

__all__ = ["Client", "Refused"]


class Client:
    """
    Tells callbacks what happens, once and in order, by a WebSocket or, where none is to be had, by HTTP; it comes back by
    itself, and goes on where it was. Callbacks are called by one thread of the client's own.

    states: disconnected, connecting, active, reconnecting, unauthorized, closed
    """

    def __init__(
        self,
        url: str,
        token: Union[str, Callable[[], str]],
        *,
        fallback: bool = True,
        base_delay: float = 1.0,
        max_delay: float = 30.0,
        timeout: float = 10.0,
        on_state: Optional[Callable[[str], None]] = None,
    ) -> None:
        """`token`: one that lasts, or a function that is asked before every attempt. Delays are in seconds."""
        self.state = "disconnected"
        #: How the server is reached, or was last: websocket or http.
        self.transport: Optional[str] = None
        #: Why the client is unauthorized or closed.
        self.error: Optional[Exception] = None
        self._url = url.rstrip("/")
        self._token = token
        self._fallback = fallback
        self._delays = (base_delay, max_delay)
        self._timeout = timeout
        self._on_state = on_state
        self._subscriptions: dict[str, Subscription] = {}
        self._ids = itertools.count(1)
        self._probes = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._link: Optional[WebSocketLink] = None

    def start(self) -> None:
        """Connects, in the background."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="signalbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the connection. Called by a callback it does not wait for the end."""
        self._stop.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(self._timeout)

    def subscribe(
        self,
        topics: Union[str, Sequence[str]],
        callback: Callback,
        *,
        types: Optional[Sequence[str]] = None,
        after: Optional[Position] = None,
        on_gap: Optional[GapCallback] = None,
        wait: float = 0,
    ) -> Callable[[], None]:
        """
        `topics` are rooms, or beginnings with a star: `task:*`, `stream:build-*`, `*`. It begins now, or after a
        position. Waits so many seconds until it is live. What is returned ends it.
        """
        given = [topics] if isinstance(topics, str) else topics
        return self.follow(Subscription(f"python-{next(self._ids)}", given, types, after, callback, on_gap), wait)

    def conversation(self, id: str) -> Conversation:
        """A conversation, to be followed and written to."""
        return Conversation(self, id)

    def follow(self, subscription: Subscription, wait: float = 0) -> Callable[[], None]:
        """Follows whatever it is. Waits so many seconds until it is live. What is returned ends it."""
        with self._lock:
            self._subscriptions[subscription.id] = subscription
        if wait and not subscription.became_live.wait(wait):
            raise TimeoutError(f"The subscription was not live within {wait} s.")

        def unsubscribe() -> None:
            with self._lock:
                self._subscriptions.pop(subscription.id, None)

        return unsubscribe

    def publish(self, room: str, type: str, data: Mapping[str, Any], *, id: Optional[str] = None) -> Mapping[str, Any]:
        """For the role `service`. Tried again under the same id for a minute, so that it is published once."""
        event = {"room": room, "type": type, "data": data, "id": id or uuid.uuid4().hex}
        answer: Mapping[str, Any] = self.post("/api/events", event)[0]
        return answer

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What may be sent twice, such as events with ids. Tried again for a minute. Raises `Refused`."""

        def attempt() -> Any:
            link = HttpLink(self._url, self._ask(), self._timeout)
            try:
                return link.request("POST", path, json=body)
            finally:
                link.close()

        return self._insist(attempt)

    def command(self, name: str, payload: Mapping[str, Any]) -> Any:
        """
        A command that may be carried out twice, over the WebSocket, which is waited for. Tried again for a minute. Raises
        `Refused`. Not for callbacks, whose thread is the one that brings the answer.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("A callback cannot wait for an answer. Ask from another thread.")

        def attempt() -> Any:
            link = self._link
            if link is None:
                raise Lost("There is no WebSocket at the moment.")
            return link.command(name, payload, self._timeout)

        return self._insist(attempt)

    def _insist(self, attempt: Callable[[], Any]) -> Any:
        until = time.monotonic() + 60
        while True:
            try:
                return attempt()
            except (Lost, Refused) as error:
                retryable = isinstance(error, Lost) or error.retryable
                if not retryable or time.monotonic() > until or self._stop.is_set():
                    raise
                time.sleep(getattr(error, "retry_after", None) or min(self._delays[0], 1.0))

    def _run(self) -> None:
        try:
            self._come_and_go()
        except Refused as refusal:
            self.error = refusal
            self._become("unauthorized" if refusal.is_of_token else "closed")
        else:
            self._become("closed")

    def _come_and_go(self) -> None:
        """Until it is stopped; raises `Refused` when it makes no sense to come back."""
        attempt = blocked = 0
        while not self._stop.is_set():
            self._become("connecting")
            is_open = False
            retry_after: Optional[float] = None
            try:
                link = WebSocketLink(self._url, self._ask(), self._timeout)
                is_open = True
                attempt = blocked = self._probes = 0
                self._live(link, "websocket", lambda: not self._stop.is_set())
            except Lost as loss:
                retry_after = loss.retry_after
            blocked += not is_open
            attempt += 1
            # Where HTTP has lived for a while nothing has failed: the WebSocket is looked for at once.
            if self._fallback and blocked >= 2 and self._lived_on_http():
                continue
            self._rest(attempt, retry_after)

    def _live(self, link: Union[WebSocketLink, HttpLink], transport: str, is_wanted: Callable[[], bool]) -> None:
        self.transport = transport
        self._link = link if isinstance(link, WebSocketLink) else None
        self._become("active")
        try:
            link.run(self._current, is_wanted)
        finally:
            self._link = None
            link.close()
            for subscription in self._current():
                subscription.is_live = False

    def _lived_on_http(self) -> bool:
        """For a while, after which it is time to look for a WebSocket again; longer every time."""
        self._probes += 1
        until = time.monotonic() + min(60.0, self._delays[0] * 2 ** min(self._probes, 6))
        try:
            link = HttpLink(self._url, self._ask(), self._timeout)
            self._live(link, "http", lambda: not self._stop.is_set() and time.monotonic() < until)
            return True
        except Lost:
            return False

    def _rest(self, attempt: int, retry_after: Optional[float]) -> None:
        if self._stop.is_set():
            return
        self._become("reconnecting")
        base, longest = self._delays
        delay = min(longest, base * 2 ** min(attempt - 1, 20)) * (1 - 0.1 * random.random())
        self._stop.wait(delay if retry_after is None else retry_after)

    def _current(self) -> list[Subscription]:
        with self._lock:
            return list(self._subscriptions.values())

    def _ask(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            return self._token()
        except Refused:
            raise
        except Exception as error:
            raise Lost(f"There is no token: {error}") from error

    def _become(self, state: str) -> None:
        if state == self.state:
            return
        self.state = state
        if self._on_state:
            self._on_state(state)
