import type { Agent } from "../../shared/entities/agent.ts";
import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import type { LiveListView } from "./live-list.ts";
import { storesOf, useClient, useStore } from "./provider.ts";
import { createStore } from "./store.ts";

/** Events that change an agent or its verdict. Progress changes the verdict, which is published in `health`. */
const types = [
  "agent_connected",
  "agent_disconnected",
  "agent_heartbeat_lost",
  "task_dispatched",
  "agent_response",
  "agent_error",
  "health_update",
] as const;

/** How often the list is read again during activity and without any: the reasons of verdicts contain times. */
const intervalMs = { busy: 1_000, idle: 10_000 };

/** The server computes verdicts, so an event only triggers another read of the list. */
const agentStore = storesOf((client: Client) => {
  let view: LiveListView<Agent> = { items: [], isLive: false, error: null };

  return createStore<LiveListView<Agent>>({
    read: () => view,
    watch(changed) {
      let isWatched = true;
      let readAt = 0;
      let cancelNext: Cancel = () => {};
      let isDue = false;

      function show(next: Partial<LiveListView<Agent>>): void {
        view = { ...view, ...next };
        changed();
      }

      function readIn(ms: number): void {
        cancelNext();
        const timer = setTimeout(() => void read(), ms);
        cancelNext = () => clearTimeout(timer);
      }

      async function read(): Promise<void> {
        isDue = false;
        readAt = Date.now();
        try {
          const { items } = await client.monitoring.agents();
          if (isWatched) show({ items, isLive: client.state === "active", error: null });
        } catch (error) {
          if (isWatched) show({ isLive: false, error });
        }
        if (isWatched) readIn(isDue ? intervalMs.busy : intervalMs.idle);
      }

      function readSoon(): void {
        if (isDue) return;
        isDue = true;
        readIn(Math.max(0, readAt + intervalMs.busy - Date.now()));
      }

      const options = { types };
      const cancel = client.monitoring.subscribe(["agent:*", "health"], options, readSoon, {
        live: readSoon,
        gap: readSoon,
      });
      const cancelLoss = client.on("disconnected", () => show({ isLive: false }));
      void read();
      return () => {
        isWatched = false;
        cancelNext();
        cancel();
        cancelLoss();
        view = { ...view, isLive: false };
      };
    },
  });
});

/** Live list of agents that are connected or were recently, with work in flight and verdict. For clients of `/monitoring`. */
export function useAgents(): LiveListView<Agent> {
  return useStore(agentStore(useClient(), ""));
}
