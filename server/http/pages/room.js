import { request, socket } from "./connection.js";

const retryMs = 2_000;

/** How many events come at once. */
export const pageSize = 100;

/** Those that are followed, by name. */
export const rooms = new Map();

/** Followed over all connections: each event is taken once and in order, and where history is gone `lost` is called. */
export class Room {
  live = false;
  position = undefined;
  #joining = false;

  constructor(name) {
    this.name = name;
  }

  take(_event) {}
  /** The latest events, to begin with; or once more after `lost`. */
  latest(_events, _isLost) {}
  lost() {}
  joined(_reply) {}
  refused(_error) {}

  follow() {
    rooms.set(this.name, this);
    if (!this.live) this.#join();
  }

  async #join() {
    if (this.#joining) return;
    this.#joining = true;
    this.live = false;
    try {
      while (!this.live) {
        const after = this.position && { after: this.position };
        await request("join_room", { room: this.name, limit: pageSize, ...after }, (reply) => this.#resume(reply));
      }
    } catch (error) {
      if (!error.retryable) this.refused(error);
      else if (socket.connected) setTimeout(() => this.follow(), retryMs);
    } finally {
      this.#joining = false;
    }
  }

  #resume(reply) {
    this.position = reply.position;
    this.live = reply.joined;
    if (reply.recovered === false) this.lost();
    if (reply.recovered) for (const event of reply.events) this.take(event);
    else this.latest(reply.events, reply.recovered === false);
    if (reply.joined) this.joined(reply);
  }

  receive(event) {
    // What comes while it joins is in the reply, too.
    if (!this.live) return;
    if (event.position) {
      const { epoch, offset } = event.position;
      if (epoch === this.position.epoch && offset <= this.position.offset) return;
      if (epoch !== this.position.epoch || offset > this.position.offset + 1) return this.#join();
      this.position = event.position;
    }
    this.take(event);
  }

  /** The server has lost history under us, and goes on from there. */
  reset(position) {
    this.position = position;
    this.lost();
  }
}

socket.on("disconnect", () => {
  for (const room of rooms.values()) room.live = false;
});
socket.on("system.room.reset", ({ room, position }) => rooms.get(room)?.reset(position));
socket.on("system.room.left", ({ room }) => rooms.get(room)?.refused({ message: "You are no longer in this room." }));
socket.onAny((type, event) => {
  if (!type.startsWith("system.")) rooms.get(event?.room)?.receive(event);
});
