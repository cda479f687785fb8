"""Flask-SocketIO as its manual shows it, with eventlet."""

import os

import eventlet

eventlet.monkey_patch()

from flask import Flask  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

app = Flask(__name__)
socketio = SocketIO(app, async_mode="eventlet", transports=["websocket"])


@socketio.on("join_room")
def join(room):
    join_room(room)
    return {"ok": True}


@socketio.on("chat_message")
def publish(message):
    emit("chat_message", message, to=message["room"])
    return {"ok": True}


socketio.run(app, host="127.0.0.1", port=int(os.environ["PORT"]))
