import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { type StartOptions, startServer, type TestServer } from "../support/server.ts";
import { type TestClient, texts } from "../support/test-client.ts";

/** What is attacked, and two people in a conversation of theirs who must not notice. */
interface Target {
  server: TestServer;
  ada: TestClient;
  bob: TestClient;
  /** They go on talking, nobody of them was disconnected, nothing failed in a way that nobody expected. */
  unharmed(): Promise<void>;
}

/** Limits that are far away, for attacks of another kind. */
export const unlimited = {
  LIMIT_COMMANDS_PER_SECOND: "1000000",
  LIMIT_COMMANDS_BURST: "1000000",
  LIMIT_NEW_CONNECTIONS_PER_SECOND: "1000000",
  LIMIT_CONNECTIONS_PER_IP: "1000000",
  LIMIT_CONNECTIONS_PER_USER: "1000000",
};

export const secretConversation = "adas-and-bobs";

export async function startTarget(options: Partial<StartOptions> = {}): Promise<Target> {
  const server = await startServer({ store: "memory", ...options });
  const [ada, bob] = await server.conversation(secretConversation, "ada", "bob");
  let said = 0;
  return {
    server,
    ada,
    bob,
    async unharmed() {
      const message = `still here ${++said}`;
      await ada.ok("chat_message", { conversationId: secretConversation, message });
      await bob.inbox.until(() => texts(bob.seen(EventType.ChatMessage)).includes(message), message);
      expect([...ada.inbox.of("disconnect"), ...bob.inbox.of("disconnect")]).toEqual([]);
      expect(texts(bob.seen(EventType.ChatMessage))).toEqual(
        Array.from({ length: said }, (_, i) => `still here ${i + 1}`),
      );
      expect(server.lines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
      // Nothing that anybody brought along is written down, either.
      expect(server.lines.filter((line) => /eyJ[\w-]{5,}\.eyJ/.test(line))).toEqual([]);
      expect((await server.request("GET", "/healthz", { as: null })).status).toBe(200);
    },
  };
}

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

/** What is in use when everything that is not has been given back, in MiB. */
export function heapInUse(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}
