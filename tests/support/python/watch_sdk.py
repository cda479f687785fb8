"""Watches with the package `signalbox`: prints each event, gap and state as a line of JSON, until it is killed."""
import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "client-sdk" / "python"))
sys.dont_write_bytecode = True

from signalbox import Client  # noqa: E402

url, token, *topics = sys.argv[1:]
lock = threading.Lock()


def say(**what):
    with lock:
        print(json.dumps(what), flush=True)


def fails(_event):
    raise ValueError("a callback's own")


client = Client(url, lambda: token, base_delay=0.05, max_delay=0.5, on_state=lambda state: say(state=state))
for topic in topics:
    client.subscribe(topic, fails)
    client.subscribe(
        topic,
        lambda event, topic=topic: say(topic=topic, type=event.type, room=event.room),
        on_gap=lambda gap: say(gap=gap.reason),
    )
client.start()
client.subscribe("alerts", lambda event: None, wait=20)
say(live=client.transport)
threading.Event().wait(600)
