import type { Dispatch } from "../../shared/entities/dispatch.ts";
import { Dispatch as DispatchSchema } from "../../shared/entities/dispatch.ts";
import type { Envelope, LoggedEnvelope } from "../../shared/envelope.ts";
import type { EventType } from "../../shared/event-type.ts";
import { DispatchCreated } from "../../shared/http/dispatches.ts";
import { monitoringLog } from "../../shared/room.ts";
import { startServer, type TestServer } from "./server.ts";
import { openStore, type StoreName, type TestStore } from "./stores.ts";

export const asService = { as: "backend", roles: ["service"] as const };

/** An agent that is silent for so long is gone, where a test waits for that. */
export const shortLease = { AGENT_LEASE_MS: "2000", AGENT_HEARTBEAT_INTERVAL_MS: "500" };

/** A server whose store the test looks into. */
export async function startWithStore(name: StoreName, env: Record<string, string> = {}) {
  const store = await openStore(name);
  const { close: _close, broadcast: _broadcast, ...overrides } = store;
  return { server: await startServer({ store: name, env, overrides }), store };
}

/** Gives work, which has to be taken on. */
export async function dispatch(server: TestServer, body: object) {
  const reply = await server.request("POST", "/api/dispatches", { ...asService, body: { content: "do it", ...body } });
  if (reply.status !== 202) throw new Error(`The dispatch was refused: ${JSON.stringify(reply.body)}`);
  return DispatchCreated.parse(reply.body);
}

/** The dispatch when it has ended, or after so many seconds. */
export async function result(server: TestServer, messageId: string, waitSeconds = 15): Promise<Dispatch> {
  const { body } = await server.request("GET", `/api/dispatches/${messageId}?wait=${waitSeconds}`, asService);
  return DispatchSchema.parse(body);
}

export const look = (server: TestServer, messageId: string) => result(server, messageId, 0);

/** What the log of `/monitoring` says, as `type` and the fields of its data that a test names. */
export async function told(store: TestStore, ...fields: string[]): Promise<string[]> {
  const { events } = await store.log.read(monitoringLog, 0, 1_000);
  return events.map((event) => line(event, fields));
}

export const eventsOf = async <Type extends EventType>(store: TestStore, type: Type) =>
  (await store.log.read(monitoringLog, 0, 1_000)).events.filter(
    (event): event is LoggedEnvelope<Type> => event.type === type,
  );

function line({ type, data }: Envelope, fields: string[]): string {
  const known = data as Record<string, unknown>;
  return [type, ...fields.flatMap((field) => (known[field] === undefined ? [] : String(known[field])))].join(" ");
}
