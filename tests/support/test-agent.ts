import { type CancelMessage, DispatchMessage } from "../../shared/agent-messages.ts";
import type { CommandData, CommandInput } from "../../shared/commands/catalogue.ts";
import type { Inbox } from "./inbox.ts";
import type { TestServer } from "./server.ts";
import type { TestClient } from "./test-client.ts";

type Acknowledge = (answer?: unknown) => void;

/** What the agent answers to a dispatch; `silent`: nothing. */
type AgentHabit = "accepts" | "declines" | "garbles" | "silent";

interface AgentOptions extends Partial<CommandInput<"/agents", "register">> {
  sub?: string;
  habit?: AgentHabit;
  /** Sends a heartbeat so often, in milliseconds. Default: never. */
  beatMs?: number;
  /** Options of the stock client. */
  io?: Record<string, unknown>;
}

/** An agent over a stock Socket.IO client, which does what a test tells it to. */
class TestAgent {
  readonly agentId: string;
  readonly client: TestClient<"/agents">;
  readonly dispatches: DispatchMessage[] = [];
  habit: AgentHabit;

  constructor(agentId: string, client: TestClient<"/agents">, habit: AgentHabit) {
    this.agentId = agentId;
    this.client = client;
    this.habit = habit;
    client.socket.on("dispatch", (message: unknown, acknowledge: Acknowledge) => {
      this.dispatches.push(DispatchMessage.parse(message));
      if (this.habit === "accepts") acknowledge({ accepted: true });
      if (this.habit === "declines") acknowledge({ accepted: false });
      if (this.habit === "garbles") acknowledge("yes");
    });
  }

  get inbox(): Inbox {
    return this.client.inbox;
  }

  /** The next dispatch that was not taken yet. */
  nextDispatch(): Promise<DispatchMessage> {
    return this.inbox.one<DispatchMessage>("dispatch");
  }

  /** Sends heartbeats until the connection ends. */
  beat(everyMs: number): void {
    const { socket } = this.client;
    const timer = setInterval(() => socket.emit("heartbeat", { agentId: this.agentId }), everyMs);
    socket.on("disconnect", () => clearInterval(timer));
  }

  nextCancel(): Promise<CancelMessage> {
    return this.inbox.one<CancelMessage>("cancel");
  }

  register(more: Partial<CommandInput<"/agents", "register">> = {}): Promise<CommandData<"/agents", "register">> {
    return this.client.ok("register", { agentId: this.agentId, capabilities: [], ...more });
  }

  progress({ messageId, attempt }: Pick<DispatchMessage, "messageId" | "attempt">, more: object = {}) {
    return this.client.ok("progress", { messageId, attempt, status: "working", ...more });
  }

  respond({ messageId, attempt }: Pick<DispatchMessage, "messageId" | "attempt">, outcome: object = { content: "ok" }) {
    return this.client.ok("response", { messageId, attempt, ...outcome });
  }
}

/** An agent that is connected, and has not registered. */
export async function connectAgent(
  server: TestServer,
  agentId: string,
  options: AgentOptions = {},
): Promise<TestAgent> {
  const { sub = `user-of-${agentId}`, habit = "accepts", io = {} } = options;
  const client = await server.connect(sub, {
    namespace: "/agents",
    roles: ["agent"],
    io: { reconnection: false, ...io },
  });
  return new TestAgent(agentId, client, habit);
}

/** An agent that has registered. */
export async function startAgent(server: TestServer, agentId: string, options: AgentOptions = {}): Promise<TestAgent> {
  const { sub: _sub, habit: _habit, io: _io, beatMs, ...registration } = options;
  const agent = await connectAgent(server, agentId, options);
  await agent.register(registration);
  if (beatMs) agent.beat(beatMs);
  return agent;
}
