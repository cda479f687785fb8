import type { Position } from "../../shared/position.ts";
import type { TestServer } from "./server.ts";

/** An event as a backend publishes it. */
export interface Told {
  room: string;
  type: string;
  data: Record<string, unknown>;
  id?: string;
}

/** So far a stream is: `done` of `total` tasks. */
export function progressOf(streamId: string, done = 0, total = 10): Told {
  const data = {
    streamId,
    streamName: streamId.toUpperCase(),
    totalTasks: total,
    completedTasks: Math.min(done, total),
    progressPercentage: Math.min(100, Math.round((100 * done) / total)),
    lastUpdated: new Date().toISOString(),
  };
  return { room: `stream:${streamId}`, type: "stream.progress", data };
}

/** The stream is done. */
export function completionOf(streamId: string): Told {
  return { ...progressOf(streamId, 10), type: "stream.completed" };
}

export function taskCreation(id: string): Told {
  return { room: `task:${id}`, type: "task.created", data: { id, title: id, status: "pending" } };
}

export function healthOf(component: string, status = "ok"): Told {
  return { room: "health", type: "health_update", data: { component, status } };
}

export function alertOf(alertId: string): Told {
  return { room: "alerts", type: "alert_created", data: { alertId, severity: "info", title: alertId } };
}

type Published = { id: string; position: Position; duplicate: boolean }[];

/** Publishes as a backend does, and expects it to be accepted. */
export async function tell(server: TestServer, ...told: Told[]): Promise<Published> {
  const body = told.length === 1 ? told[0] : told;
  const answer = await server.request("POST", "/api/events", { as: "backend", roles: ["service"], body });
  if (answer.status !== 201) throw new Error(`Not published: ${JSON.stringify(answer.body)}`);
  return answer.body as unknown as Published;
}
