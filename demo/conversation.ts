import { createClient } from "../client-sdk/index.ts";

const conversationId = "ask-the-agents";

/** A conversation between sample users and the agents. */
export interface DemoConversation {
  readonly conversationId: string;
  say(who: "ada" | "bob", text: string): Promise<void>;
  /** Called with the search words when a member writes `search …`. */
  onQuestion(listener: (words: string) => void): void;
  stop(): Promise<void>;
}

/** Connects the sample users and creates their conversations. */
export async function openConversation(
  url: string,
  tokens: Record<"ada" | "bob" | "factory", string>,
): Promise<DemoConversation> {
  const people = {
    ada: createClient({ url, token: tokens.ada }),
    bob: createClient({ url, token: tokens.bob }),
  };
  const factory = createClient({ url, token: tokens.factory });
  await Promise.all([people.ada, people.bob, factory].map((client) => client.connect()));

  const users = ["ada", "bob", "mona", "root"];
  const members = [...users, "searcher-bot", "reviewer-bot"];
  await factory.chat.create({ id: conversationId, title: "Ask the agents", members });
  await people.ada.chat.create({ id: "release", title: "Release", members: users });
  const release = (who: "ada" | "bob", text: string) => people[who].chat.conversation("release").send(text);
  await release("ada", "The release is **tomorrow**. What is left?");
  await release("bob", "Two things:\n\n- [x] figures in `docs/PERFORMANCE.md`\n- [ ] pictures in the README");
  await release("ada", "```ts\nawait client.chat.conversation(id).send(message);\n```\nholds now, over restarts too.");

  const listeners: ((words: string) => void)[] = [];
  const conversation = factory.chat.conversation(conversationId, { recent: 1 });
  conversation.on("chat_message", ({ data }) => {
    const [, words] = /^search\s+(.{1,200})/i.exec(data.message) ?? [];
    if (words !== undefined) for (const listener of listeners) listener(words);
  });
  for (const client of Object.values(people)) client.chat.conversation(conversationId).on("members", () => {});

  return {
    conversationId,
    async say(who, text) {
      const conversation = people[who].chat.conversation(conversationId);
      conversation.typing();
      await conversation.send(text);
      conversation.typing(false);
    },
    onQuestion: (listener) => void listeners.push(listener),
    async stop() {
      for (const client of [people.ada, people.bob, factory]) client.disconnect();
    },
  };
}
