import { readFileSync } from "node:fs";
import { describe, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { healthUpdate } from "../../shared/events/health-events.ts";
import { healthRoom } from "../../shared/room.ts";
import { asService, dispatch, result } from "../support/dispatching.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { installationMs } from "../support/programs.ts";
import { RedisServer } from "../support/redis-server.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { type StoreName, stores } from "../support/stores.ts";
import { startAgent } from "../support/test-agent.ts";
import { upgrade } from "../support/upgrade.ts";
import { eventually } from "../support/within.ts";

const token = "a-token-for-prometheus";

async function read(server: TestServer): Promise<string> {
  const { status, body } = await server.request("GET", "/metrics", { as: null });
  expect(status).toBe(200);
  return String(body.text);
}

/** The sum of the samples of a metric that have all these labels. */
function sumOf(text: string, name: string, ...labels: string[]): number {
  const samples = text.split("\n").filter((line) => new RegExp(`^${name}[{ ]`).test(line));
  return samples
    .filter((sample) => labels.every((label) => sample.includes(label)))
    .reduce((sum, sample) => sum + Number(sample.split(" ").at(-1)), 0);
}

/** A server on which something of everything has happened. */
async function busyServer(store: StoreName): Promise<TestServer> {
  const server = await startServer({ store });
  const [ada, bob] = await server.conversation("42", "ada", "bob");
  const { position } = await ada.ok("chat_message", { conversationId: "42", message: "one" });
  await ada.ok("chat_message", { conversationId: "42", message: "two" });
  await bob.ok("join_room", { room: "conversation:42", after: position });
  await bob.ok("join_room", { room: "conversation:42", after: { ...position, epoch: "other" } });
  await ada.refused("chat_message", {});
  await ada.refused("made-up-by-a-client", {});
  for (const client of [ada, bob]) await client.next(EventType.ChatMessage, 2);
  bob.close();
  return server;
}

describe.each(stores)("metrics (%s)", (store) => {
  it("METRICS-1 they count what happens on the server", async () => {
    const server = await busyServer(store);

    const text = await read(server);

    const value = (name: string, ...labels: string[]) => sumOf(text, `signalbox_${name}`, ...labels);
    expect(value("connections", 'namespace="chat"')).toBeLessThanOrEqual(2);
    expect(value("connections_opened_total", 'door="/chat"')).toBe(2);
    expect(value("commands_total", 'command="chat_message"', 'code="ok"')).toBe(2);
    expect(value("commands_total", 'command="chat_message"', 'code="invalid_payload"')).toBe(1);
    expect(value("command_duration_seconds_count", 'command="chat_message"')).toBe(3);
    expect(value("events_published_total", 'type="chat_message"')).toBe(2);
    expect(value("deliveries_total")).toBeGreaterThanOrEqual(4);
    expect(value("replays_total", 'result="recovered"')).toBe(1);
    expect(value("replays_total", 'result="epoch_changed"')).toBe(1);
    expect(value("replayed_events_total")).toBeGreaterThanOrEqual(1);
    expect(value("rooms")).toBeGreaterThanOrEqual(3);
    expect(value("memory_bytes", 'kind="rss"')).toBeGreaterThan(10_000_000);
    expect(value("event_loop_delay_seconds", 'percentile="100"')).toBeGreaterThan(0);
    expect(value("redis_up")).toBe(store === "redis" ? 1 : 0);
    expect(value("dispatches_open")).toBe(0);
    // What a client makes up is no label.
    expect(text).not.toContain("made-up-by-a-client");
    expect(value("commands_total", 'command="unknown"', 'code="unknown_command"')).toBe(1);
  });

  it("METRICS-6 they count updates that were dropped in favour of newer ones", async () => {
    const server = await startServer({ store });
    const update = (load: number) => ({
      room: "health",
      type: "performance_update",
      data: { component: "search", metrics: { load } },
    });

    await server.request("POST", "/api/events", { ...asService, body: [update(1), update(2), update(3)] });

    const text = await read(server);
    expect(sumOf(text, "signalbox_ephemeral_dropped_total", 'class="superseded"')).toBe(1);
  });

  it("METRICS-6 they count refused connections, by reason", async () => {
    const env = { LIMIT_CONNECTIONS_PER_IP: "2", LIMIT_NEW_CONNECTIONS_PER_SECOND: "3", TRUST_PROXY: "1" };
    const server = await startServer({ store, env, overrides: { clock: new ManualClock() } });
    const come = (address: string) => upgrade(server.url, "/ws", { "x-forwarded-for": address });

    for (const address of ["1.1.1.1", "1.1.1.1", "1.1.1.1", "2.2.2.2", "3.3.3.3"]) await come(address);

    const text = await read(server);
    const refused = (reason: string) => sumOf(text, "signalbox_connections_refused_total", `reason="${reason}"`);
    expect([refused("address"), refused("rate")]).toEqual([1, 1]);
  });

  it("METRICS-2 they include every metric that the Grafana dashboard uses", async () => {
    const server = await busyServer(store);
    const dashboard = readFileSync(new URL("../../docs/grafana-dashboard.json", import.meta.url), "utf8");
    const { panels } = JSON.parse(dashboard) as { panels: { targets: { expr: string }[] }[] };

    const text = await read(server);

    const asked = panels.flatMap(({ targets }) => targets.flatMap(({ expr }) => expr.match(/signalbox_\w+/g) ?? []));
    const described = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
    const lost = asked.filter((name) => !described.includes(name.replace(/_bucket$/, "")));
    const ofRedis = ["signalbox_redis_ping_seconds", "signalbox_redis_up"];
    expect(asked.length).toBeGreaterThan(15);
    expect(lost).toEqual(store === "redis" ? [] : ofRedis);
    // And the other way round: what is measured is shown.
    expect(described.filter((name) => !asked.some((other) => other.replace(/_bucket$/, "") === name))).toEqual([]);
  });
});

describe("metrics while the store fails", () => {
  it(
    "METRICS-6 they count messages that Redis did not accept, and followed logs that lost history",
    async () => {
      const redis = await RedisServer.start();
      try {
        const server = await startServer({ store: "memory", env: { REDIS_URL: redis.url } });
        const mona = await server.connect("mona", { namespace: "/monitoring", roles: ["monitor"] });
        await mona.ok("subscribe", { id: "a", topics: ["alerts"] });
        const alert = { room: "alerts", type: "alert_created", data: { alertId: "1", severity: "info", title: "one" } };
        const publish = (event: object) => server.request("POST", "/api/events", { ...asService, body: event });
        await publish(alert);
        await mona.one(EventType.AlertCreated);

        await redis.command("FLUSHALL");
        await publish(alert);
        await mona.inbox.one("system.room.reset");
        await redis.kill();
        const ready = async () => (await server.request("GET", "/readyz", { as: null })).status === 200;
        await eventually(async () => !(await ready()), "unreadiness");
        // By whoever runs the server in a program: a request would ask the store about its token first.
        const update = { component: "search", status: "ok" } as const;
        server.server.publisher.signal(healthUpdate, { room: healthRoom, sender: null, data: update });

        const lost = async (name: string, label: string) => sumOf(await read(server), name, label);
        expect(await lost("signalbox_resets_total", 'reason="epoch_changed"')).toBe(1);
        await eventually(
          async () => (await lost("signalbox_ephemeral_dropped_total", 'class="unsent"')) > 0,
          "what was not sent to be counted",
        );
        // Nobody can say how many there are, and that is not zero.
        expect(await read(server)).not.toMatch(/^signalbox_dispatches_open \d/m);
      } finally {
        await redis.close();
      }
    },
    installationMs,
  );
});

describe("access to the metrics", () => {
  it.each([
    ["production", undefined, undefined, 403],
    ["production", token, undefined, 401],
    ["production", token, "another token", 401],
    ["production", token, token, 200],
    ["test", token, undefined, 401],
    ["test", token, token, 200],
    ["test", undefined, undefined, 200],
  ])("METRICS-3 in %s, METRICS_TOKEN %s, given %s: %d", async (NODE_ENV, set, given, expected) => {
    const env = { NODE_ENV, HOST: "127.0.0.1", ...(set && { METRICS_TOKEN: set }) };
    const server = await startServer({ store: "memory", env });

    const headers = given === undefined ? {} : { authorization: `Bearer ${given}` };
    const { status, body } = await server.request("GET", "/metrics", { as: null, headers });

    expect(status).toBe(expected);
    if (expected !== 200) expect(JSON.stringify(body)).not.toContain("signalbox_");
  });

  it("METRICS-4 they have agents by verdict, and dispatches by state", async () => {
    const server = await startServer({ store: "memory" });
    const agent = await startAgent(server, "coder");
    const { messageId } = await dispatch(server, { agentId: "coder" });
    await agent.respond(await agent.nextDispatch());
    await result(server, messageId);
    const failing = await dispatch(server, { agentId: "coder" });
    await agent.respond(await agent.nextDispatch(), { error: "no" });
    await result(server, failing.messageId);

    // Agents are judged once a second.
    await eventually(async () => sumOf(await read(server), "signalbox_agents") === 1, "the agent to be counted");

    const text = await read(server);
    const dispatches = (state: string) => sumOf(text, "signalbox_dispatches_total", `state="${state}"`);
    expect(["dispatched", "completed", "failed"].map(dispatches)).toEqual([2, 1, 1]);
  });

  it("METRICS-4 waiting dispatches are those that are open and not in flight", async () => {
    const server = await startServer({ store: "memory" });
    const agent = await startAgent(server, "coder");
    for (const agentId of ["coder", "coder", "away"]) await dispatch(server, { agentId, queue: true });
    await agent.nextDispatch();

    const counted = async () => {
      const text = await read(server);
      return [sumOf(text, "signalbox_dispatches_open"), sumOf(text, "signalbox_dispatches_in_flight")];
    };

    await eventually(async () => (await counted())[1] === 1, "the work of the agent to be counted");
    expect(await counted()).toEqual([3, 1]);
  });

  it("METRICS-7 failures are counted from 0, so that the first one has a rate", async () => {
    const server = await startServer({ store: "memory" });

    const text = await read(server);

    for (const sample of [
      'signalbox_connections_closed_total{reason="slow_consumer"} 0',
      'signalbox_connections_refused_total{reason="address"} 0',
      'signalbox_resets_total{reason="trimmed"} 0',
      'signalbox_dispatches_total{state="lost"} 0',
      "signalbox_log_lines_lost_total 0",
    ]) {
      expect(text).toContain(sample);
    }
  });
});
