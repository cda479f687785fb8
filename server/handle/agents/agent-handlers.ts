import { EventType } from "../../../shared/event-type.ts";
import { agentCompleted, agentHandoff, agentStarted, toolExecuted } from "../../../shared/events/agent-events.ts";
import { agentRoom } from "../../../shared/room.ts";
import type { AgentDesk } from "../../dispatch/agent-commands.ts";
import type { Registration } from "../../dispatch/registration.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { Handlers } from "../handler.ts";

export interface AgentHandlersDeps {
  registration: Registration;
  desk: AgentDesk;
  publisher: Publisher;
}

/** Every command of `/agents`. SPEC AGENT-1 to AGENT-12. */
export function createAgentHandlers({ registration, desk, publisher }: AgentHandlersDeps) {
  return {
    register: (payload, session) => registration.register(session, payload),
    heartbeat: (payload, session) => desk.heartbeat(session, payload),
    progress: (payload, session) => desk.progress(session, payload),
    response: (payload, session) => desk.response(session, payload),

    activity: async (activity, session) => {
      const local = desk.agentOf(session);
      const told = { room: agentRoom(local.agentId), sender: desk.senderOf(local) };
      switch (activity.type) {
        case EventType.AgentStarted:
          await publisher.publish(agentStarted, { ...told, data: activity.data });
          break;
        case EventType.AgentCompleted:
          await publisher.publish(agentCompleted, { ...told, data: activity.data });
          break;
        case EventType.ToolExecuted:
          await publisher.publish(toolExecuted, { ...told, data: activity.data });
          break;
        case EventType.AgentHandoff:
          await publisher.publish(agentHandoff, { ...told, data: activity.data });
      }
      return {};
    },
  } satisfies Partial<Handlers<"/agents">>;
}
