import type { Dispatch } from "../../../shared/entities/dispatch.ts";
import { conversationRoom } from "../../../shared/room.ts";
import type { Access } from "../../access/access.ts";
import type { AgentDirectory } from "../../dispatch/agents/agent-directory.ts";
import type { DispatchLifecycle } from "../../dispatch/dispatch-lifecycle.ts";
import type { DispatchRecord } from "../../dispatch/dispatch-record.ts";
import type { Handlers } from "../handler.ts";

interface DispatchHandlersDeps {
  access: Access;
  lifecycle: DispatchLifecycle;
  directory: AgentDirectory;
  toDispatch(record: DispatchRecord): Dispatch;
}

/** The commands of backends about agents and dispatches. SPEC DISPATCH-1 to DISPATCH-12, AGENT-9. */
export function createDispatchHandlers({ access, lifecycle, directory, toDispatch }: DispatchHandlersDeps) {
  return {
    list_agents: ({ limit, cursor }) => directory.list(limit, cursor),
    get_agent: ({ agentId }) => directory.get(agentId),

    create_dispatch: async (body, { principal }) => {
      if (body.sessionId) await access.assertCanWrite(principal, conversationRoom(body.sessionId));
      const { work, state } = await lifecycle.create(body, principal.userId);
      return { messageId: work.messageId, status: state.status };
    },

    get_dispatch: async ({ messageId, wait }) => toDispatch(await lifecycle.get(messageId, wait * 1_000)),

    cancel_dispatch: async ({ messageId }, { principal }) => {
      const reason = `cancelled by ${principal.name ?? principal.userId}`;
      return toDispatch(await lifecycle.cancel(messageId, reason));
    },
  } satisfies Partial<Handlers<"http">>;
}
