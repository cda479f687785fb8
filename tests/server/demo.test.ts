import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "@jest/globals";
import { root } from "../repository/source-tree.ts";
import { eventually, within } from "../support/within.ts";

const buildAndRunMs = 120_000;

/** Of an agent, or of a stream. */
interface Item {
  id: string;
  status?: string;
  name?: string;
  progress?: { completedTasks: number };
}

describe("the demonstration", () => {
  it(
    "DEMO-1 has agents that answer people's questions, and ends without leaving anything behind",
    async () => {
      const port = await freePort();
      const demo = spawn("npm", ["run", "demo"], {
        cwd: root,
        env: { ...process.env, PORT: String(port), NODE_ENV: "development" },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true,
      });
      const ended = once(demo, "close");
      let output = "";
      for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (text) => (output += text));
      const isReady = () => output.includes("Ctrl-C stops everything") || demo.exitCode !== null;
      // It is built first.
      while (!isReady()) await Promise.race([ended, once(demo.stdout, "data")]);
      const token = output.split("#token=").at(-1)?.split("\n")[0] ?? "";
      const list = async (path: string): Promise<Item[]> => {
        const answer = await fetch(`http://localhost:${port}${path}`, {
          headers: { authorization: `Bearer ${token}` },
        });
        return ((await answer.json()) as { items: Item[] }).items;
      };

      const agents = await list("/api/agents");
      await eventually(async () => {
        const streams = await list("/api/streams");
        return streams.some(({ name, progress }) => name?.startsWith("Question") && progress?.completedTasks === 2);
      }, "an answered question");
      process.kill(-(demo.pid ?? 0), "SIGINT");
      await within(ended, () => `the end of the demo:\n${output}`);

      expect(agents.map(({ id, status }) => [id, status]).toSorted()).toEqual([
        ["reviewer", "connected"],
        ["searcher", "connected"],
      ]);
      await expect(fetch(`http://localhost:${port}/healthz`)).rejects.toThrow();
      expect(output).not.toMatch(/error/i);
    },
    buildAndRunMs,
  );
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
