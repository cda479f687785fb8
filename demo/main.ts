import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import type { Role } from "../shared/role.ts";
import { createApi } from "./api.ts";
import { startProgram } from "./program.ts";
import { openTalk } from "./talk.ts";
import { runWork } from "./work.ts";

// A server with everything that a screen of it may show, really happening: two agents that search and review the files
// of the working directory, tasks that come of it, and people who ask. Ends with Ctrl-C.

const port = Number(process.env.PORT ?? 8000);
const secret = randomBytes(32).toString("base64");
const url = `http://localhost:${port}`;

const tokenOf = (sub: string, name: string, ...roles: Role[]) =>
  jwt.sign({ sub, name, roles }, secret, { expiresIn: "24h" });

const visitors = [
  { token: tokenOf("ada", "Ada", "user"), what: "Ada: chat" },
  { token: tokenOf("mona", "Mona", "user", "monitor"), what: "Mona: chat and monitoring" },
  { token: tokenOf("root", "Root", "user", "monitor", "admin"), what: "Root: everything" },
];

/** What is to be stopped, the newest first. */
const running: { stop(): Promise<void> }[] = [];
let isStopping = false;

async function main(): Promise<void> {
  const environment = { PORT: String(port), JWT_SECRET: secret, LOG_LEVEL: "warn" };
  running.push(await startProgram(["dist/server/main.js"], environment, { isReady: () => isUp(url) }));
  for (const [agentId, name] of [
    ["searcher", "Searcher"],
    ["reviewer", "Reviewer"],
  ] as const) {
    const script = `client-sdk/examples/${agentId === "searcher" ? "search" : "review"}-agent.js`;
    const token = tokenOf(`${agentId}-bot`, name, "agent");
    const agent = { SIGNALBOX_URL: url, SIGNALBOX_TOKEN: token, AGENT_ID: agentId };
    running.push(await startProgram([script, "."], agent, { says: "registered" }));
  }

  const api = createApi(url, tokenOf("factory", "Factory", "service"));
  const talk = await openTalk(url, {
    ada: tokenOf("ada", "Ada", "user"),
    bob: tokenOf("bob", "Bob", "user"),
    factory: tokenOf("factory", "Factory", "service"),
  });
  running.push(talk, runWork(api, talk));
  console.log(welcome());
}

async function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );
}

function welcome(): string {
  const lines = visitors.map(({ token, what }) => `  ${what}\n    ${url}/#token=${token}`);
  return `
The demo is at ${url}. Open one of these, each in a window of its own; the token follows the #:

${lines.join("\n")}

In the conversation “Ask the agents”, write “search”, a space, and a word.
Ctrl-C stops everything.
`;
}

async function stop(exitCode: number): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  for (const part of running.reverse()) await part.stop();
  process.exit(exitCode);
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(0));

main().catch((error: unknown) => {
  // What was going on when it was stopped has failed, and that is no news.
  if (!isStopping) console.error(error);
  void stop(1);
});
