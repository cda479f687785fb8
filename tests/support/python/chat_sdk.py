"""Talks with the package `signalbox`: prints what it is told and answered as lines of JSON, until it is killed."""
import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "client-sdk" / "python"))
sys.dont_write_bytecode = True

from signalbox import Client  # noqa: E402

url, token, wants_history = sys.argv[1:]
lock = threading.Lock()


def say(**what):
    with lock:
        print(json.dumps(what), flush=True)


client = Client(url, token, base_delay=0.05, max_delay=0.5, on_state=lambda state: say(state=state))
conversation = client.conversation("42")
client.start()
client.conversation("none").follow(lambda event: None, on_refused=lambda error: say(refused=error.code))
conversation.follow(
    lambda event: say(message=event.data["message"], by=event.sender and event.sender["userId"]),
    types=["chat_message"],
    on_gap=lambda gap: say(gap=gap.reason),
    on_refused=lambda error: say(left=error.code),
    wait=20,
)
say(live=client.transport)
answers = [conversation.send("from Python", id="once", metadata={"n": 1}) for _ in range(2)]
say(duplicates=[answer["duplicate"] for answer in answers], same=answers[0]["position"] == answers[1]["position"])
if wants_history == "history":
    events, has_more = conversation.history(limit=2)
    say(history=[event.data["message"] for event in events], more=has_more)
    older, _ = conversation.history(before=events[0].position)
    say(older=[event.data["message"] for event in older])
threading.Event().wait(600)
