import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import type { Role } from "../shared/role.ts";
import { createApi } from "./api.ts";
import { startProcess } from "./child-process.ts";
import { openConversation } from "./conversation.ts";
import { runWorkload } from "./workload.ts";

// A server with sample users, two agents that search and review the files of the working directory, and the tasks that
// result from it, so that every screen of the dashboard has content. Stop it with Ctrl-C.

const port = Number(process.env.PORT ?? 8000);
const secret = randomBytes(32).toString("base64");
const url = `http://localhost:${port}`;

const tokenOf = (sub: string, name: string, ...roles: Role[]) =>
  jwt.sign({ sub, name, roles }, secret, { expiresIn: "24h" });

const sampleUsers = [
  { token: tokenOf("ada", "Ada", "user"), screens: "Ada: chat" },
  { token: tokenOf("mona", "Mona", "user", "monitor"), screens: "Mona: chat and monitoring" },
  { token: tokenOf("root", "Root", "user", "monitor", "admin"), screens: "Root: everything" },
];

/** Running parts, in the order in which they were started. */
const running: { stop(): Promise<void> }[] = [];
let isStopping = false;

async function main(): Promise<void> {
  const environment = { PORT: String(port), JWT_SECRET: secret, LOG_LEVEL: "warn" };
  running.push(await startProcess(["dist/server/main.js"], environment, { isReady: () => isUp(url) }));
  for (const [agentId, name] of [
    ["searcher", "Searcher"],
    ["reviewer", "Reviewer"],
  ] as const) {
    const script = `client-sdk/examples/${agentId === "searcher" ? "search" : "review"}-agent.js`;
    const token = tokenOf(`${agentId}-bot`, name, "agent");
    const agent = { SIGNALBOX_URL: url, SIGNALBOX_TOKEN: token, AGENT_ID: agentId };
    running.push(await startProcess([script, "."], agent, { output: "registered" }));
  }

  const api = createApi(url, tokenOf("factory", "Factory", "service"));
  const conversation = await openConversation(url, {
    ada: tokenOf("ada", "Ada", "user"),
    bob: tokenOf("bob", "Bob", "user"),
    factory: tokenOf("factory", "Factory", "service"),
  });
  running.push(conversation, runWorkload(api, conversation));
  console.log(welcome());
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function welcome(): string {
  const lines = sampleUsers.map(({ token, screens }) => `  ${screens}\n    ${url}/#token=${token}`);
  return `
The demo is running at ${url}. Open one of these links (for several users, in separate browser profiles):

${lines.join("\n")}

In the conversation “Ask the agents”, write “search” and a word.
Ctrl-C stops everything.
`;
}

async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  // Last started, first stopped.
  for (const part of running.reverse()) await part.stop();
  process.exit(exitCode);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(0));

main().catch((error: unknown) => {
  // Requests in flight fail when the demo is stopped.
  if (!isStopping) console.error(error);
  void stop(1);
});
