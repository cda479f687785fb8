import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { healthOf, tell } from "../support/monitoring.ts";
import { sharedRedis } from "../support/stores.ts";
import { tokenOf } from "../support/tokens.ts";
import { conversationId, heard, resets, room, say, sharedEnv, startInstances, textsOf } from "./cluster.ts";

/** Issued in an earlier second than a revocation. */
const token = tokenOf("cy", ["user"], { iat: Math.floor(Date.now() / 1000) - 60 });

/** Ada, and Bob, Cy and Mona at another instance, of a deployment with this database. */
async function deploy(env: Record<string, string>, database: number) {
  const [here, there] = await startInstances({ ...env, REDIS_URL: `${env.REDIS_URL}/${database}` }, ["A", "B"]);
  const ada = await here.connect("ada");
  const bob = await there.connect("bob");
  await ada.ok("conversation.create", { id: conversationId, members: ["bob"] });
  for (const client of [ada, bob]) await client.ok("join_room", { room });
  const cy = there.client("cy", { auth: { token } });
  await cy.inbox.one("system.connection.established");
  const mona = await there.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
  await mona.ok("subscribe", { id: "s", topics: ["health"] });

  /** Everything that Redis announces, each of which has arrived at the other instance. */
  const act = async (text: string, status: string) => {
    await say(ada, text);
    await heard(bob, text);
    await ada.ok("typing_indicator", { conversationId, isTyping: true });
    await bob.one(EventType.TypingIndicator);
    await tell(here, healthOf("search", status));
    await mona.one(EventType.HealthUpdate);
  };
  return { here, ada, bob, cy, mona, act };
}

describe("two deployments on two databases of one Redis", () => {
  it("CLUSTER-17 neither receives events, typing, health updates or revocations of the other", async () => {
    const env = await sharedEnv(await sharedRedis());
    const one = await deploy(env, 0);
    const two = await deploy(env, 1);

    await one.act("of one", "degraded");
    const body = { userId: "cy" };
    await one.here.request("POST", "/api/revocations", { as: "root", roles: ["admin"], body });
    await one.cy.inbox.one("system.connection.close");
    // What was heard of the first would be heard before this.
    await two.act("of two", "ok");

    expect(textsOf(two.bob)).toEqual(["of two"]);
    expect([two.ada, two.bob].flatMap(resets)).toEqual([]);
    expect(two.bob.seen(EventType.TypingIndicator)).toHaveLength(1);
    expect(two.mona.seen(EventType.HealthUpdate).map(({ data }) => data.status)).toEqual(["ok"]);
    expect(two.cy.inbox.of("system.connection.close")).toEqual([]);
  });
});
