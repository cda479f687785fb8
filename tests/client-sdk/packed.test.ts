import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { startServer } from "../support/server.ts";
import { tokenOf } from "../support/tokens.ts";
import { PackedSdk, readmeExamples } from "./packed-sdk.ts";

const inNode = readmeExamples().filter(({ isOfPage }) => !isOfPage);

/** Runs one program after the other in one process, and says what went wrong, or `done`. */
const runner = (programs: readonly string[]) => `
process.on("unhandledRejection", (error) => { console.log("failed:", error); process.exit(1); });
for (const program of ${JSON.stringify(programs)}) await import(program);
console.log("done");
process.exit(0);
`;

describe("the package, installed in an empty Node project", () => {
  let project: PackedSdk;
  beforeAll(() => {
    project = new PackedSdk("@types/node");
  }, 180_000);
  afterAll(() => project?.remove());

  it("SDK-26 the examples of the README have the right types, and run", async () => {
    const server = await startServer({ store: "memory" });
    const token = tokenOf("ada", ["user", "agent", "monitor", "service"]);
    const ada = await server.connect("ada");
    await ada.ok("conversation.create", { id: "42" });
    const stream = { id: "build-7", name: "Build" };
    await server.request("POST", "/api/streams", { as: "backend", roles: ["service"], body: stream });
    for (const { name, code } of inNode) project.write(`node/${name}`, `${code}\nexport {};\n`);

    const faults = project.compile("node", { module: "nodenext", lib: ["es2023"], types: ["node"] });
    const programs = inNode.map(({ name }) => `./out/${name.replace(/\.ts$/, ".js")}`);
    for (const program of programs) {
      const code = project.read(`node/${program}`);
      const filled = code.replaceAll("http://localhost:8000", server.url).replaceAll('"…"', JSON.stringify(token));
      project.write(`node/${program}`, filled);
    }
    project.write("node/run.js", runner(programs));
    const child = spawn(process.execPath, [join(project.folder, "node/run.js")], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
    const code = await new Promise((resolve) => child.once("close", resolve));

    expect(faults).toBe("");
    expect(inNode.length).toBeGreaterThan(4);
    expect(said).toMatch(/\ndone\n$/);
    expect(code).toBe(0);
  }, 180_000);
});
