"""Watches over a plain WebSocket: prints each event as a line of JSON, until it has seen so many."""
import json
import sys

import websocket

url, token, topics, types, count = sys.argv[1:]
left = int(count)


def say(what):
    print(json.dumps(what), flush=True)


link = websocket.create_connection(f"{url.replace('http', 'ws')}/ws?token={token}", timeout=600)
subscription = {"id": "python", "topics": topics.split(","), "types": types.split(",")}
link.send(json.dumps({"type": "subscribe", "id": "1", "payload": subscription}))
while left > 0:
    frame = json.loads(link.recv())
    if frame["type"] == "reply":
        say({"joined": frame["payload"]["data"]["joined"]})
    elif frame["type"] == "event":
        event = frame["payload"]
        say({"type": event["eventType"], "room": event["topic"], "offset": event["position"]["offset"]})
        left -= 1
link.close()
