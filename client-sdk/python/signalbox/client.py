"""The client: connecting, reconnecting, subscriptions and commands."""
from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from .conversation import Conversation
from .link import ConnectionLost, HttpLink, Refused, WebSocketLink
from .subscription import Callback, GapCallback, Position, Subscription

__all__ = ["Client", "Refused"]


class Client:
    """
    Delivers events to callbacks once and in order, over a WebSocket or, where WebSockets are blocked, over HTTP. It
    reconnects by itself, for as long as it takes, and resumes at the last position. Callbacks run in one thread of the
    client.

    States: disconnected, connecting, active, reconnecting, unauthorized, closed.
    """

    def __init__(
        self,
        url: str,
        token: Union[str, Callable[[], str]],
        *,
        fallback: bool = True,
        base_delay: float = 1.0,
        max_delay: float = 30.0,
        max_attempts: Optional[int] = None,
        timeout: float = 10.0,
        on_state: Optional[Callable[[str], None]] = None,
    ) -> None:
        """
        `token`: a fixed token, or a function that is called before every attempt. Delays between attempts double from
        `base_delay` to `max_delay` and are randomly shortened. `max_attempts`: failed attempts in a row after which the
        client closes; by default it never gives up. Times are in seconds.
        """
        self.state = "disconnected"
        #: The current transport, or the last one: websocket or http.
        self.transport: Optional[str] = None
        #: The error of the states unauthorized and closed.
        self.error: Optional[Exception] = None
        #: Since when the client has been trying to connect, as `time.time()`; None while active or closed.
        self.offline_since: Optional[float] = None
        #: Time of the next attempt, as `time.time()`; None while there is none to wait for.
        self.next_attempt_at: Optional[float] = None
        self._url = url.rstrip("/")
        self._token = token
        self._fallback = fallback
        self._delays = (base_delay, max_delay)
        self._max_attempts = max_attempts
        self._timeout = timeout
        self._on_state = on_state
        self._subscriptions: dict[str, Subscription] = {}
        self._ids = itertools.count(1)
        self._probes = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread: Optional[threading.Thread] = None
        self._link: Optional[WebSocketLink] = None

    def start(self) -> None:
        """Connects in the background."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="signalbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Closes the connection and waits for the client's thread, except when called from a callback."""
        self._stop.set()
        self._wake.set()
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(self._timeout)

    def reconnect_now(self) -> None:
        """Ends the wait for the next attempt, for example when the network is back."""
        self._wake.set()

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
        Subscribes to topics: rooms, or prefixes with a star (`task:*`, `stream:build-*`, `*`), from now on or after a
        position. `wait`: seconds to wait until it is live. Returns a function that unsubscribes.
        """
        given = [topics] if isinstance(topics, str) else topics
        return self.follow(Subscription(f"python-{next(self._ids)}", given, types, after, callback, on_gap), wait)

    def conversation(self, id: str) -> Conversation:
        """A conversation by id."""
        return Conversation(self, id)

    def follow(self, subscription: Subscription, wait: float = 0) -> Callable[[], None]:
        """Adds a subscription. `wait`: seconds to wait until it is live. Returns a function that ends it."""
        with self._lock:
            self._subscriptions[subscription.id] = subscription
        if wait and not subscription.became_live.wait(wait):
            raise TimeoutError(f"The subscription was not live within {wait} s.")

        def unsubscribe() -> None:
            with self._lock:
                self._subscriptions.pop(subscription.id, None)

        return unsubscribe

    def publish(self, room: str, type: str, data: Mapping[str, Any], *, id: Optional[str] = None) -> Mapping[str, Any]:
        """Publishes an event, once: retried under the same id for a minute. For the role `service`."""
        event = {"room": room, "type": type, "data": data, "id": id or uuid.uuid4().hex}
        answer: Mapping[str, Any] = self.post("/api/events", event)[0]
        return answer

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Posts an idempotent request, such as an event with an id. Retried for a minute. Raises `Refused`."""

        def attempt() -> Any:
            link = HttpLink(self._url, self._get_token(), self._timeout)
            try:
                return link.request("POST", path, json=body)
            finally:
                link.close()

        return self._retry(attempt)

    def command(self, name: str, payload: Mapping[str, Any]) -> Any:
        """
        Sends an idempotent command over the WebSocket. Waits for a connection and retries for a minute. Raises
        `Refused`. Not for callbacks: they run in the thread that receives the reply.
        """
        if threading.current_thread() is self._thread:
            raise RuntimeError("A callback cannot wait for a reply. Send the command from another thread.")

        def attempt() -> Any:
            link = self._link
            if link is None:
                raise ConnectionLost("There is no WebSocket at the moment.")
            return link.command(name, payload, self._timeout)

        return self._retry(attempt)

    def _retry(self, attempt: Callable[[], Any]) -> Any:
        until = time.monotonic() + 60
        while True:
            try:
                return attempt()
            except (ConnectionLost, Refused) as error:
                retryable = isinstance(error, ConnectionLost) or error.retryable
                if not retryable or time.monotonic() > until or self._stop.is_set():
                    raise
                time.sleep(getattr(error, "retry_after", None) or min(self._delays[0], 1.0))

    def _run(self) -> None:
        try:
            self._connect_until_stopped()
        except Refused as refusal:
            self.error = refusal
            self._set_state("unauthorized" if refusal.is_token_error else "closed")
        else:
            self._set_state("closed")

    def _connect_until_stopped(self) -> None:
        """Reconnects until the client is stopped. Raises `Refused` when another attempt would be refused again."""
        attempt = blocked = 0
        while not self._stop.is_set():
            self._set_state("connecting")
            is_open = False
            retry_after: Optional[float] = None
            try:
                link = WebSocketLink(self._url, self._get_token(), self._timeout)
                is_open = True
                attempt = blocked = self._probes = 0
                self._run_link(link, "websocket", lambda: not self._stop.is_set())
            except ConnectionLost as lost:
                retry_after = lost.retry_after
            blocked += not is_open
            attempt += 1
            # After a while on HTTP nothing has failed: try a WebSocket without a delay.
            if self._fallback and blocked >= 2 and self._run_http():
                continue
            if self._max_attempts is not None and attempt > self._max_attempts:
                raise Refused({"code": "unavailable", "message": f"No connection in {self._max_attempts} attempts."})
            self._back_off(attempt, retry_after)

    def _run_link(self, link: Union[WebSocketLink, HttpLink], transport: str, is_wanted: Callable[[], bool]) -> None:
        self.transport = transport
        self._link = link if isinstance(link, WebSocketLink) else None
        self._set_state("active")
        try:
            link.run(self._active_subscriptions, is_wanted)
        finally:
            self._link = None
            link.close()
            for subscription in self._active_subscriptions():
                subscription.is_live = False

    def _run_http(self) -> bool:
        """Runs on HTTP until it is time to probe for a WebSocket, longer every time. False: HTTP failed as well."""
        self._probes += 1
        until = time.monotonic() + min(60.0, self._delays[0] * 2 ** min(self._probes, 6))
        try:
            link = HttpLink(self._url, self._get_token(), self._timeout)
            self._run_link(link, "http", lambda: not self._stop.is_set() and time.monotonic() < until)
            return True
        except ConnectionLost:
            return False

    def _back_off(self, attempt: int, retry_after: Optional[float]) -> None:
        if self._stop.is_set():
            return
        base, longest = self._delays
        delay = min(longest, base * 2 ** min(attempt - 1, 20)) * (1 - 0.1 * random.random())
        if retry_after is not None:
            delay = retry_after
        self._wake.clear()
        self.next_attempt_at = time.time() + delay
        self._set_state("reconnecting")
        # `stop` may have come before the wake-up was cleared.
        if not self._stop.is_set():
            self._wake.wait(delay)
        self.next_attempt_at = None

    def _active_subscriptions(self) -> list[Subscription]:
        with self._lock:
            return list(self._subscriptions.values())

    def _get_token(self) -> str:
        if isinstance(self._token, str):
            return self._token
        try:
            return self._token()
        except Refused:
            raise
        except Exception as error:
            raise ConnectionLost(f"Getting a token failed: {error}") from error

    def _set_state(self, state: str) -> None:
        if state == self.state:
            return
        if state in ("connecting", "reconnecting"):
            self.offline_since = self.offline_since or time.time()
        else:
            self.offline_since = None
        self.state = state
        if self._on_state:
            self._on_state(state)
