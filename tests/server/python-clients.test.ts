import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { alertOf, completionOf, progressOf, taskCreation, tell } from "../support/monitoring.ts";
import { runPython } from "../support/python-script.ts";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";

describe("clients in Python", () => {
  it("MONITOR-1 Socket.IO and plain WebSocket clients in Python get the same events as a JavaScript client", async () => {
    const server = await startServer();
    const types = [EventType.StreamProgress, EventType.StreamCompleted, EventType.AlertCreated];
    const args = [server.url, tokenOf("mona", ["monitor"]), "stream:*,alerts", types.join(","), "5"];
    const watchers = [runPython("watch_socketio.py", ...args), runPython("watch_websocket.py", ...args)];
    const mona = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
    await mona.ok("subscribe", { id: "a", topics: ["stream:*", "alerts"], types });
    for (const watcher of watchers) expect(await watcher.one("line")).toEqual({ joined: true });

    await tell(server, progressOf("s1", 1), taskCreation("t1"), progressOf("s2", 1), alertOf("a1"));
    await tell(server, progressOf("s1", 10), completionOf("s1"));
    await mona.one(EventType.StreamCompleted);

    const expected = mona.inbox.all.flatMap(({ data }) => {
      const { type, room, position } = data as { type?: string; room?: string; position?: { offset: number } };
      return position ? [{ type, room, offset: position.offset }] : [];
    });
    expect(expected).toHaveLength(5);
    for (const watcher of watchers) expect(await watcher.next("line", 5)).toEqual(expected);
  });
});
