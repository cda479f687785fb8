"""A minimal agent for the agent bridge; it needs only python3-websocket.

    SIGNALBOX_URL=ws://localhost:8000 SIGNALBOX_TOKEN=... AGENT_ID=counter python3 bridge_agent.py
"""
import json, os, threading, time
import websocket

url, agent_id = os.environ.get("SIGNALBOX_URL", "ws://localhost:8000"), os.environ.get("AGENT_ID", "counter")
socket = websocket.create_connection(url + "/ws/agent-bridge", enable_multithread=True)
send = lambda type, **fields: socket.send(json.dumps({"type": type, "agent_id": agent_id, **fields}))

send("register", auth_token=os.environ["SIGNALBOX_TOKEN"], capabilities=["count"], workdir=os.getcwd(), metadata={}, in_flight=[])
registered = json.loads(socket.recv())
print(registered["type"], flush=True)


def beat():
    while True:
        time.sleep(registered["heartbeat_interval_ms"] / 1000)
        send("heartbeat")


threading.Thread(target=beat, daemon=True).start()
while True:
    frame = json.loads(socket.recv())
    if frame["type"] == "dispatch":
        words = frame["content"].split()
        send("progress", message_id=frame["message_id"], status="counting", progress_text="%d words" % len(words), percent=50)
        send("response", message_id=frame["message_id"], content=str(len(words)), usage={"words": len(words)})
