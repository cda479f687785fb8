import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";

const backend = { as: "backend", roles: ["service"] as const };

const notify = (server: TestServer, userId: string, body: unknown) =>
  server.request("POST", `/api/users/${userId}/notifications`, { ...backend, body });

describe("notifications", () => {
  it("NOTE-1 only backends may send them", async () => {
    const server = await startServer();
    const ada = await server.connect("ada");

    const refused = [];
    for (const roles of [["user"], ["admin"], ["agent"], ["monitor"]] as const) {
      const reply = await server.request("POST", "/api/users/ada/notifications", {
        as: "eve",
        roles,
        body: { title: "Not from the backend", level: "info" },
      });
      refused.push(reply.status);
    }
    await notify(server, "ada", { title: "marker", level: "info" });

    expect(refused).toEqual([403, 403, 403, 403]);
    expect((await ada.one(EventType.Notification)).data.title).toBe("marker");
  });
});

describe.each(stores)("notifications (%s)", (store) => {
  it("NOTE-1 they reach all connections of their user, at every door, and no others", async () => {
    const server = await startServer({ store });
    const laptop = await server.connect("ada");
    const phone = await server.connect("ada");
    const script = await server.connectWebSocket("ada");
    const bob = await server.connect("bob");
    const data = { title: "Tea is ready", body: "In the kitchen", level: "success", link: "https://example.com/tea" };

    const reply = await notify(server, "ada", data);
    await notify(server, "bob", { title: "marker", level: "info" });

    expect(reply).toMatchObject({ status: 201, body: { position: { offset: 1 }, duplicate: false } });
    const seen = await laptop.one(EventType.Notification);
    expect(seen).toMatchObject({
      id: reply.body.id,
      room: "user:ada",
      position: reply.body.position,
      timestamp: reply.body.timestamp,
      sender: { userId: "backend" },
      data,
    });
    expect(await phone.one(EventType.Notification)).toEqual(seen);
    expect(await script.inbox.one(EventType.Notification)).toMatchObject({ id: seen.id, topic: "user:ada", data });
    expect((await bob.one(EventType.Notification)).data.title).toBe("marker");
  });

  it("NOTE-1 they are stored for a user who is offline, and found from the user's position", async () => {
    const server = await startServer({ store });
    const before = await server.connect("ada");
    await notify(server, "ada", { title: "seen", level: "info" });
    const { position: after } = await before.one(EventType.Notification);
    before.close();

    await notify(server, "ada", { title: "missed 1", level: "info" });
    await notify(server, "ada", { title: "missed 2", level: "error" });
    const ada = await server.connect("ada", { auth: { autoJoin: false } });
    const resumed = await ada.ok("join_room", { room: "user:ada", ...(after && { after }) });
    await notify(server, "ada", { title: "live", level: "info" });

    expect(resumed).toMatchObject({ recovered: true, joined: true });
    expect(resumed.events.map(({ data }) => data.title)).toEqual(["missed 1", "missed 2"]);
    expect((await ada.one(EventType.Notification)).data.title).toBe("live");
  });

  it("NOTE-1 a notification that is sent again with the same id is published once", async () => {
    const server = await startServer({ store });
    const ada = await server.connect("ada");
    const body = { id: "n-1", title: "once", level: "info" };

    const first = await notify(server, "ada", body);
    const again = await notify(server, "ada", body);
    await notify(server, "ada", { title: "marker", level: "info" });

    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const seen = await ada.next(EventType.Notification, 2);
    expect(seen.map(({ data }) => data.title)).toEqual(["once", "marker"]);
  });
});

describe("announcements", () => {
  it("NOTE-2 they cannot be made in /chat, even by an admin", async () => {
    const server = await startServer();
    const root = await server.connect("root", { roles: ["admin", "user"] });

    const refused = await root.refused("admin.announce", { message: "hello", level: "info" });

    expect(refused.code).toBe("unknown_command");
  });
});

describe.each(stores)("announcements (%s)", (store) => {
  it("NOTE-2 they reach everyone in /chat, at every door", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ada = await server.connect("ada");
    const bob = await server.connect("bob");
    const script = await server.connectWebSocket("carol");

    const reply = await admin.ok("admin.announce", { message: "Tea at five", level: "info" });

    const seen = await ada.one(EventType.Announcement);
    expect(seen).toMatchObject({
      id: reply.id,
      room: "broadcast",
      position: reply.position,
      sender: { userId: "root" },
      data: { message: "Tea at five", level: "info" },
    });
    expect(await bob.one(EventType.Announcement)).toEqual(seen);
    expect(await script.inbox.one(EventType.Announcement)).toMatchObject({ id: seen.id, data: seen.data });
  });

  it("NOTE-2 they are stored, and found in the history of broadcast and from a position in it", async () => {
    const server = await startServer({ store });
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const first = await admin.ok("admin.announce", { message: "first", level: "info" });
    await admin.ok("admin.announce", { message: "second", level: "warning" });
    const ada = await server.connect("ada", { auth: { autoJoin: false } });

    const history = await ada.ok("history", { room: "broadcast" });
    const resumed = await ada.ok("join_room", { room: "broadcast", after: first.position });
    await admin.ok("admin.announce", { message: "third", level: "info" });

    expect(history.events.map(({ data }) => data.message)).toEqual(["first", "second"]);
    expect(resumed).toMatchObject({ recovered: true, joined: true });
    expect(resumed.events.map(({ data }) => data.message)).toEqual(["second"]);
    expect((await ada.one(EventType.Announcement)).data.message).toBe("third");
  });
});
