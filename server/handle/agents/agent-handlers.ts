import { EventType } from "../../../shared/event-type.ts";
import { agentCompleted, agentHandoff, agentStarted, toolExecuted } from "../../../shared/events/agent-events.ts";
import { agentRoom } from "../../../shared/room.ts";
import type { AgentCommands } from "../../dispatch/agent-commands.ts";
import type { Registration } from "../../dispatch/registration.ts";
import type { Publisher } from "../../publish/publisher.ts";
import type { Handlers } from "../handler.ts";

interface AgentHandlersDeps {
  registration: Registration;
  agentCommands: AgentCommands;
  publisher: Publisher;
}

/** Every command of `/agents`. SPEC AGENT-1 to AGENT-12. */
export function createAgentHandlers({ registration, agentCommands, publisher }: AgentHandlersDeps) {
  return {
    register: (payload, session) => registration.register(session, payload),
    heartbeat: (payload, session) => agentCommands.heartbeat(session, payload),
    progress: (payload, session) => agentCommands.progress(session, payload),
    response: (payload, session) => agentCommands.response(session, payload),

    activity: async (activity, session) => {
      const local = agentCommands.agentOf(session);
      const header = { room: agentRoom(local.agentId), sender: agentCommands.senderOf(local) };
      switch (activity.type) {
        case EventType.AgentStarted:
          await publisher.publish(agentStarted, { ...header, data: activity.data });
          break;
        case EventType.AgentCompleted:
          await publisher.publish(agentCompleted, { ...header, data: activity.data });
          break;
        case EventType.ToolExecuted:
          await publisher.publish(toolExecuted, { ...header, data: activity.data });
          break;
        case EventType.AgentHandoff:
          await publisher.publish(agentHandoff, { ...header, data: activity.data });
      }
      return {};
    },
  } satisfies Partial<Handlers<"/agents">>;
}
