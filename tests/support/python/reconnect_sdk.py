"""
Connects with the package `signalbox` and long delays, and asks it to reconnect as soon as the server is there again. Prints
each state as a line of JSON, until it is killed. Arguments: URL, token, base delay, maximum of attempts (0: none).
"""
import json
import socket
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[3] / "client-sdk" / "python"))
sys.dont_write_bytecode = True

from signalbox import Client  # noqa: E402

url, token, base_delay, max_attempts = sys.argv[1:]


def say(state):
    now = time.time()
    offline = None if client.offline_since is None else now - client.offline_since
    next_in = None if client.next_attempt_at is None else client.next_attempt_at - now
    print(json.dumps({"state": state, "offline": offline, "nextIn": next_in}), flush=True)
    if state == "reconnecting" and float(base_delay) > 10:
        threading.Thread(target=reconnect_when_up, daemon=True).start()


def reconnect_when_up():
    address = urlsplit(url)
    while True:
        try:
            socket.create_connection((address.hostname, address.port)).close()
            return client.reconnect_now()
        except OSError:
            time.sleep(0.05)


client = Client(
    url,
    token,
    fallback=False,
    base_delay=float(base_delay),
    max_delay=60,
    max_attempts=int(max_attempts) or None,
    on_state=say,
)
client.start()
threading.Event().wait(600)
