import type { Agent } from "../../shared/entities/agent.ts";
import type { Client } from "../client.ts";
import type { Cancel } from "../connection/environment.ts";
import type { LiveListView } from "./live-list.ts";
import { storesOf, useClient, useStore } from "./provider.ts";
import { createStore } from "./store.ts";

/** What changes an agent, or what the server makes of it. Its progress does so by the verdict, which is told in `health`. */
const types = [
  "agent_connected",
  "agent_disconnected",
  "agent_heartbeat_lost",
  "task_dispatched",
  "agent_response",
  "agent_error",
  "health_update",
] as const;

/** So often the list is read again while much happens, and while nothing does: reasons have times in them. */
const pauseMs = { least: 1_000, most: 10_000 };

/** What an agent is worth is for the server to say, so an event is a reason to ask again, and no more. */
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
        if (isWatched) readIn(isDue ? pauseMs.least : pauseMs.most);
      }

      function readSoon(): void {
        if (isDue) return;
        isDue = true;
        readIn(Math.max(0, readAt + pauseMs.least - Date.now()));
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

/** Agents that are connected or lately gone, in flight work and verdict included. For clients of `/monitoring`. */
export function useAgents(): LiveListView<Agent> {
  return useStore(agentStore(useClient(), ""));
}
