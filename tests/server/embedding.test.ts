import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { alertCreated, healthUpdate } from "../../shared/events/health-events.ts";
import { alertsRoom, healthRoom } from "../../shared/room.ts";
import { startServer } from "../support/server.ts";
import { stores } from "../support/stores.ts";

describe.each(stores)("a program that embeds the server (%s)", (store) => {
  it("PUBLISH-6 it publishes events and signals in code", async () => {
    const server = await startServer({ store });
    const { publisher } = server.server;
    const mona = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
    await mona.ok("subscribe", { id: "a", topics: ["alerts", "health"] });

    const data = { alertId: "a1", severity: "warning", title: "Disk full" } as const;
    const { position } = await publisher.publish(alertCreated, { room: alertsRoom, sender: null, data });
    publisher.signal(healthUpdate, { room: healthRoom, sender: null, data: { component: "disk", status: "degraded" } });

    expect(await mona.one(EventType.AlertCreated)).toMatchObject({ position, sender: null, data });
    expect((await mona.one(EventType.HealthUpdate)).data).toMatchObject({ component: "disk" });
  });
});
