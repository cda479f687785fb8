"""Rooms over FastAPI's WebSockets, as its manual's manager of connections has them, in the texts of Socket.IO's packets."""

import json
import os
from collections import defaultdict

import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect

app = FastAPI()
rooms: defaultdict[str, set[WebSocket]] = defaultdict(set)


@app.websocket("/")
async def serve(socket: WebSocket) -> None:
    await socket.accept()
    joined: list[str] = []
    try:
        while True:
            text = await socket.receive_text()
            start = text.index("[")
            name, payload = json.loads(text[start:])
            if name == "join_room":
                rooms[payload].add(socket)
                joined.append(payload)
            else:
                frame = "42" + json.dumps([name, payload], separators=(",", ":"))
                for member in list(rooms[payload["room"]]):
                    await member.send_text(frame)
            await socket.send_text(f'43{text[2:start]}[{{"ok":true}}]')
    except WebSocketDisconnect:
        for room in joined:
            rooms[room].discard(socket)


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", ws_per_message_deflate=False)
