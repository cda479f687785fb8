"""Watches with the stock Python client: prints each event as a line of JSON when it has seen so many."""
import json
import sys
import threading

import socketio

url, token, topics, types, count = sys.argv[1:]
done = threading.Event()
events = []
client = socketio.Client()


def say(what):
    print(json.dumps(what), flush=True)


@client.on("*", namespace="/monitoring")
def heard(name, *args):
    if name.startswith("system."):
        return
    events.append({"type": name, "room": args[0]["room"], "offset": args[0]["position"]["offset"]})
    if len(events) >= int(count):
        done.set()


client.connect(url, namespaces=["/monitoring"], auth={"token": token}, transports=["websocket"])
subscription = {"id": "python", "topics": topics.split(","), "types": types.split(",")}
reply = client.call("subscribe", subscription, namespace="/monitoring")
say({"joined": reply["data"]["joined"]})
done.wait(600)
# This client calls the handler of each message in a thread of its own: the order is that of the positions.
for event in sorted(events, key=lambda event: event["offset"]):
    say(event)
client.disconnect()
