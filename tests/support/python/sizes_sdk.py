"""Sends messages of the largest size, and of one more, and prints what it is answered as lines of JSON."""
import json
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "client-sdk" / "python"))
sys.dont_write_bytecode = True

from signalbox import Client, Refused  # noqa: E402

url, token, length, free = sys.argv[1:]
client = Client(url, token, base_delay=0.05)
conversation = client.conversation("42")
client.start()
conversation.follow(lambda event: None, wait=20)

for more in (0, 1):
    try:
        conversation.send("漢" * (int(length) + more), metadata={"text": "é" * int(free)})
        print(json.dumps({"sent": more, "live": client.transport}), flush=True)
    except Refused as error:
        print(json.dumps({"refused": error.code, "message": str(error)}), flush=True)
threading.Event().wait(600)
