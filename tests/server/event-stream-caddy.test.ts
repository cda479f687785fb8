import { beforeAll, expect, it } from "@jest/globals";
import { EventType } from "../../shared/event-type.ts";
import { Caddy } from "../support/caddy.ts";
import { findProgram, installationMs } from "../support/programs.ts";
import { startServer } from "../support/server.ts";
import { TestEventStream } from "../support/test-event-stream.ts";
import { tokenOf } from "../support/tokens.ts";

beforeAll(async () => void (await findProgram("caddy")), installationMs);

it("SSE-9 behind Caddy with compression every event arrives when it is published", async () => {
  const server = await startServer();
  const [ada] = await server.conversation("42", "ada");
  const caddy = await Caddy.start(server.url);
  const stream = await TestEventStream.open(`${caddy.url}/api/events?topics=conversation:42`, {
    authorization: `Bearer ${tokenOf("ada")}`,
  });

  await stream.inbox.one("system.connection.established");
  for (const message of ["one", "two"]) {
    await ada.ok("chat_message", { conversationId: "42", message });
    expect(await stream.next(EventType.ChatMessage, 1)).toMatchObject([{ data: { message } }]);
  }
  stream.close();
});
