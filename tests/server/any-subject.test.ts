import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { eventually } from "../support/within.ts";

/** As issuers give them: Keycloak's federated users, random ids, Kubernetes, LDAP, somebody's own. */
const subjects = {
  "f:5f3b:jdoe": "~f=3A5f3b=3Ajdoe",
  "-Xk3": "~-Xk3",
  _9a: "~_9a",
  "system:serviceaccount:a:b": "~system=3Aserviceaccount=3Aa=3Ab",
  "uid=zoë,ou=People, dc=example": "~uid=3Dzo=C3=AB=2Cou=3DPeople=2C=20dc=3Dexample",
  "user:bob": "~user=3Abob",
  "~bob": "~=7Ebob",
};

describe.each(stores)("users whose subject is not a valid id (%s)", (store) => {
  it.each(Object.entries(subjects))("CONN-12 the subject %s works like any other, as %s", async (sub, userId) => {
    const server = await startServer({ store });
    const bob = await server.connect("bob");
    const own = `user:${userId}`;

    const ada = server.client(sub);
    const established = await ada.inbox.one("system.connection.established");
    await ada.ok("conversation.create", { id: "42", members: ["bob"] });
    await ada.ok("join_room", { room: own });
    const joined = await bob.ok("join_room", { room: "conversation:42" });
    await ada.ok("join_room", { room: "conversation:42" });
    await ada.ok("chat_message", { conversationId: "42", message: "hello" });
    const heard = await bob.one(EventType.ChatMessage);
    const isThere = () => bob.seen(EventType.UserJoined).some(({ data }) => data.userId === userId);
    await bob.inbox.until(isThere, "the user to be there");
    const notified = await server.request("POST", `/api/users/${userId}/notifications`, {
      as: "backend",
      roles: ["service"],
      body: { title: "Tea", level: "info" },
    });
    const notification = await ada.one(EventType.Notification);
    const polled = await server.request("GET", `/api/events?topics=${encodeURIComponent(own)}`, { as: sub });
    const bobs = await bob.refused("join_room", { room: own });
    const agent = await startAgent(server, "worker", { sub });

    expect(established).toMatchObject({ userId });
    expect(joined).toMatchObject({ room: "conversation:42" });
    expect(heard).toMatchObject({ sender: { userId } });
    expect([notified.status, notification.room]).toEqual([201, own]);
    expect(polled.body.events).toContainEqual(expect.objectContaining({ type: EventType.Notification, room: own }));
    expect(bobs.code).toBe("forbidden");
    expect(agent.agentId).toBe("worker");
  });

  it("CONN-12 such users can be added to a conversation, removed and revoked by their id", async () => {
    const server = await startServer({ store });
    const [bob] = await server.conversation("42", "bob");
    const members = [...Object.values(subjects)];
    const admin = await server.connect("root", { namespace: "/admin", roles: ["admin"] });
    const ada = await server.connect("f:5f3b:jdoe");

    await bob.ok("conversation.add_members", { conversationId: "42", userIds: members });
    await ada.ok("join_room", { room: "conversation:42" });
    for (const userId of members.slice(1)) await bob.ok("conversation.remove_member", { conversationId: "42", userId });
    const isListed = async () =>
      (await admin.ok("admin.connections", {})).connections.some(({ userId }) => userId === members[0]);
    await eventually(isListed, "the connection to be listed");
    await server.request("POST", "/api/revocations", {
      as: "root",
      roles: ["admin"],
      body: { userId: members[0] },
    });
    const { reason } = await ada.inbox.one<{ reason: string }>("system.connection.close");

    expect(reason).toBe("revoked");
  });
});
