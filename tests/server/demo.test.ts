import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "@jest/globals";
import { root } from "../repository/source-tree.ts";
import { freePort } from "../support/free-port.ts";
import { within } from "../support/within.ts";

const testMs = 60_000;

/** Of the agents, or of what has happened. */
interface Answer {
  items: { agentId: string; status: string }[];
  events: { data: { streamName: string } }[];
  position: { epoch: string; offset: number };
}

/** Also where a test has failed: what it began ends with it. */
let stop = () => {};
afterEach(() => stop());

describe("the demo", () => {
  it(
    "DEMO-1 its agents answer users' questions, and it ends without leaving anything behind",
    async () => {
      const port = await freePort();
      // As somebody at a terminal starts it, who has no environment of tests.
      const { NODE_ENV: _, ...environment } = process.env;
      // Without what builds it, which has been done.
      const demo = spawn("npm", ["run", "--ignore-scripts", "demo"], {
        cwd: root,
        env: { ...environment, PORT: String(port) },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      const ended = once(demo, "close");
      stop = () => {
        stop = () => {};
        process.kill(-(demo.pid ?? 0), "SIGINT");
      };
      let output = "";
      for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (text) => (output += text));
      const isReady = () => output.includes("Ctrl-C stops everything") || demo.exitCode !== null;
      while (!isReady()) await Promise.race([ended, once(demo.stdout, "data")]);
      const token = output.split("#token=").at(-1)?.split("\n")[0] ?? "";
      const ask = async (path: string): Promise<Answer> => {
        const headers = { authorization: `Bearer ${token}` };
        return (await (await fetch(`http://localhost:${port}${path}`, { headers })).json()) as Answer;
      };

      const agents = await ask("/api/agents");
      const completed: string[] = [];
      for (let after = ""; !completed.some((name) => name.startsWith("Question")); ) {
        const { events, position } = await ask(`/api/events?topics=stream:*&types=stream.completed&wait=20${after}`);
        completed.push(...events.map(({ data }) => data.streamName));
        after = `&after=${position.epoch}:${position.offset}`;
      }
      stop();
      await within(ended, () => `the end of the demo:\n${output}`);

      expect(agents.items.map(({ agentId, status }) => [agentId, status]).toSorted()).toEqual([
        ["reviewer", "connected"],
        ["searcher", "connected"],
      ]);
      await expect(fetch(`http://localhost:${port}/healthz`)).rejects.toThrow();
      expect(output).not.toMatch(/error/i);
    },
    testMs,
  );
});
